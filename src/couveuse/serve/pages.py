"""Django's pages as one more application, in threads. If they cannot be had, the front door and the probes go on."""

from typing import Any, Final

import structlog

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

        _load_urls()
    except Exception:  # noqa: BLE001 - whatever it is, events must still be taken
        _log.exception("pages failed to load")
        return _broken
    found: Any = WSGIMiddleware(application, workers=THREADS)
    return found  # type: ignore[no-any-return]  # the package has no types


def _load_urls() -> None:
    """All pages, now: the first reader does not wait for them, and what is broken is told at the start."""
    from django.urls import get_resolver

    get_resolver().check()


async def _broken(scope: Message, receive: Receive, send: Send) -> None:
    await answer(send, 503, b"The pages could not be loaded; the log says why. Events are still taken.\n")
