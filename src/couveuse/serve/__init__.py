"""One ASGI application over the front door and the pages, its probes, and the server that runs it."""
