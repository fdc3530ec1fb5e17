"""The points table: its lines, bands and versions, publishing and going back."""
