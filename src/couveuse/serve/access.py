"""The log of requests: method, path, status and time taken. No query string, no address, no secret of a path."""

import re
import time
from collections.abc import Collection, Iterable
from typing import Any, Final

import structlog

from couveuse.serve.messages import Application, Message, Receive, Send

_log = structlog.get_logger("couveuse.access")
_NUMBER = re.compile(r"\d{1,19}")
MOST_SEGMENTS: Final = 8


def shown(path: str, words: Collection[str]) -> str:
    """A path as it may be logged: our own words and numbers. All else may be a secret or a person.

    >>> shown("/leads/42", {"leads"}), shown("/leads/alice/", {"leads"}), shown("/l/eyJhbGciOi.x", {"l"})
    ('/leads/42', '/leads/…/', '/l/…')
    """
    segments = path.split("/")
    kept = [
        segment if not segment or segment in words or _NUMBER.fullmatch(segment) else "…"
        for segment in segments[: MOST_SEGMENTS + 1]
    ]
    return "/".join(kept if len(segments) <= MOST_SEGMENTS + 1 else [*kept, "…"])


def words_of(paths: Iterable[str]) -> frozenset[str]:
    """The words of patterns of paths, without what stands for something else.

    >>> sorted(words_of(["api/v1/leads/<int:lead_id>", "^l/(?P<token>.+)$"]))
    ['api', 'l', 'leads', 'v1']
    """
    segments = {segment.strip("^$") for path in paths for segment in path.split("/")}
    return frozenset(segment for segment in segments if re.fullmatch(r"[\w.-]+", segment))


def logged(application: Application, words: Collection[str]) -> Application:
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
            say("request", method=scope["method"], path=shown(scope["path"], words), status=status, ms=took)

    return serve
