"""Measurements: what the product is said to do in a second, measured side by side in one run. Never tests."""
