"""The areas of the application, each of which knows nothing of the others."""
