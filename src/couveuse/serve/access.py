"""The log of requests: method, path, status and time taken. No query string, no address, no secret of a path."""

import re
import time
from typing import Any

import structlog

from couveuse.serve.messages import Application, Message, Receive, Send

_log = structlog.get_logger("couveuse.access")
# What a segment of our own paths looks like: a word, a version, a number, a file. All else may be a secret or a person.
_PLAIN = re.compile(r"[a-z][a-z_-]{0,23}(?:\.[a-z]{1,5})?|v\d{1,2}|\d{1,19}", re.IGNORECASE)
MOST_SEGMENTS = 8


def shown(path: str) -> str:
    """A path as it may be logged.

    >>> shown("/api/v1/leads/42"), shown("/l/eyJhbGciOi.x"), shown("/leads/alice@example.com/")
    ('/api/v1/leads/42', '/l/…', '/leads/…/')
    """
    segments = path.split("/")
    kept = [segment if not segment or _PLAIN.fullmatch(segment) else "…" for segment in segments[: MOST_SEGMENTS + 1]]
    return "/".join(kept if len(segments) <= MOST_SEGMENTS + 1 else [*kept, "…"])


def logged(application: Application) -> Application:
    """The application, each of its requests logged once it is answered."""

    async def serve(scope: Message, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await application(scope, receive, watched)
        finally:
            say: Any = _log.warning if status >= 500 or not status else _log.info
            took = round((time.perf_counter() - began) * 1000, 1)
            say("request", method=scope["method"], path=shown(scope["path"]), status=status, ms=took)

    return serve
