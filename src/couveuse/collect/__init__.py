"""The front door: bare ASGI and msgspec. It knows the store and the core, and nothing of pages."""
