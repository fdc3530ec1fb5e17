"""Whole histories: files in, leads scored out. DuckDB or Spark read, deduplicate and sort; the core folds.

No points are made here, and nothing here knows what a rule is worth.
"""
