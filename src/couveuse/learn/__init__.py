"""What the past says of the model: rates per band, ranking, calibration.

Here are statistics on observations, as pure functions of columns. Reading files, folding facts and
choosing landmarks are not done here, nor is anything drawn.
"""
