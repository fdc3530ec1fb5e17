"""Django's pages as one more application, in threads. If they cannot be had, the front door and the probes go on."""

from typing import Any, Final

import structlog

from couveuse.serve.access import logged, words_of
from couveuse.serve.messages import Application, Message, Receive, Send, answer

_log = structlog.get_logger("couveuse.serve")
# So many pages are made at a time in one process, each with a connection of its own to the database.
THREADS: Final = 8


def pages(url: str) -> Application:
    """The pages on a database; where they fail to load, an answer that says so."""
    try:
        from a2wsgi import WSGIMiddleware

        from couveuse.store import migrating

        migrating.setup(url)
        from couveuse.web.wsgi import application

        words = words_of(_paths())
    except Exception:  # noqa: BLE001 - whatever it is, events must still be taken
        _log.exception("pages failed to load")
        return logged(_broken, ())
    return logged(_heard(WSGIMiddleware(application, workers=THREADS)), words)


def _heard(found: Any) -> Application:
    """The same, told of bodies by coroutines: a2wsgi wants those, and what granian gives can only be awaited."""

    async def serve(scope: Message, receive: Receive, send: Send) -> None:
        async def hear() -> Message:
            return await receive()

        await found(scope, hear, send)

    return serve


def _paths() -> list[str]:
    """The patterns of all pages, loaded now: no reader waits for them, and what is broken is told at the start."""
    from django.urls import get_resolver

    found, within = [], list(get_resolver().url_patterns)
    while within:
        each = within.pop()
        found.append(str(each.pattern))
        within += getattr(each, "url_patterns", [])
    return found


async def _broken(scope: Message, receive: Receive, send: Send) -> None:
    await answer(send, 503, b"The pages could not be loaded; the log says why. Events are still taken.\n")
