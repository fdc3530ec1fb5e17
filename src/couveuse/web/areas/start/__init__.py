"""The first five minutes, and files brought in."""
