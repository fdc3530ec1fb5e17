"""Every part that pages are made of, on one page."""
