"""What both pages and API look with: the published models of this process, and each thread's own looker."""

import threading
from typing import Any, Final

from psycopg import Connection

from couveuse.engine.live import LiveModel
from couveuse.engine.looking import Looker
from couveuse.engine.versions import Versions

_versions: Final = Versions()


class _Thread(threading.local):
    """What reads payloads may not be in two threads at once; the numbers that it remembers are of one database."""

    connection: Connection[Any] | None = None
    looker: Looker


_thread: Final = _Thread()


def looker(connection: Connection[Any]) -> Looker:
    """What looks on this connection, which is this thread's own."""
    if _thread.connection is not connection:
        _thread.connection, _thread.looker = connection, Looker()
    return _thread.looker


def acting(connection: Connection[Any]) -> LiveModel:
    """The model that acts; raises NothingPublished."""
    return _versions.acting(connection)


def version(connection: Connection[Any], number: int) -> LiveModel | None:
    """The published version of that number."""
    return _versions.version(connection, number)
