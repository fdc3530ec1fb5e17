"""Migrations of the people who sign in."""
