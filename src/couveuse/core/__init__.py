"""What a score is: events, conditions, the scoring model, the fold, the reading.

Pure and told: standard library only, no clock, no chance, no log, no I/O. Whoever calls says what time it is.
"""
