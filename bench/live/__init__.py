"""Measurements of the live product: each on a private PostgreSQL of its own, in processes of their own."""
