"""Tasks, one at a time."""
