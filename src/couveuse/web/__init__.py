"""Pages and the API, served by Django."""
