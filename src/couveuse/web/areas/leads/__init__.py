"""Leads in lists, one lead, one company."""
