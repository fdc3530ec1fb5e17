"""The shell around the core: claims what was accepted, resolves whose it is, folds, and writes once."""
