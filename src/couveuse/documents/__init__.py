"""Scoring models as documents: YAML to core values and back, with every error's line and cure; schema and presets."""
