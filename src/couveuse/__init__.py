"""Couveuse: lead scoring and lead nurturing for B2B companies, every point explained."""

__version__ = "0.3.0"
