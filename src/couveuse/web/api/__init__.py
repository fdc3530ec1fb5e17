"""The API for programs, version 1: leads, their ledgers and facts, models, rejects, merges by hand."""
