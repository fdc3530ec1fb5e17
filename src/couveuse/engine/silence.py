"""A connection on which nobody will ever answer: the question or the answer was lost, and both sides go on waiting.

TCP finds out by itself where the network is dead. Behind a proxy that lives it does not, and an engine waits for as
long as a batch takes. So the server is asked, on another connection, what it does.
"""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import psycopg
import structlog
from psycopg import Connection
from psycopg.pq import TransactionStatus

from couveuse.store import connections
from couveuse.store.sessions import session_of

log = structlog.get_logger("couveuse.engine")

# How often it is looked, and after how many looks that found the same silence a connection is given up.
EVERY_SECONDS: Final = 5.0
LOOKS: Final = 6


class Waiting(Protocol):
    """Whoever works on a connection, and may wait for it; `turn` is another one at each batch."""

    connection: Connection[Any] | None
    turn: int


class Watchdog:
    """Hangs up on connections that will never answer; whoever waits on them is told that they were lost."""

    def __init__(self, url: str, watched: Sequence[Waiting]) -> None:
        self._url, self._watched = url, watched
        self._silent: list[tuple[object, int]] = [(None, 0)] * len(watched)

    def look(self) -> int:
        """Look at everybody once; returns on how many connections was hung up."""
        ended = 0
        for place, each in enumerate(self._watched):
            silence = self._silence(each)
            before, looks = self._silent[place]
            looks = looks + 1 if silence is not None and silence == before else 0
            self._silent[place] = (silence, looks)
            if looks >= LOOKS and each.connection is not None:
                log.warning("connection without an answer", looks=looks)
                connections.hang_up(each.connection)
                self._silent[place] = (None, 0)
                ended += 1
        return ended

    def _silence(self, each: Waiting) -> object:
        """What shows that it waits in vain, if it does; None where it does not, or the server works for it."""
        connection, turn = each.connection, each.turn
        if connection is None or connection.closed or _is_done(connection):
            return None
        try:
            pid = connection.info.backend_pid
            with connections.connect(self._url, "watchdog", autocommit=True, statement_ms=5000) as other:
                session = session_of(other, pid)
        except (psycopg.Error, connections.NoDatabase):
            return (turn, "no answer")
        if _is_done(connection) or (session is not None and session.works):
            return None
        return (turn, pid, session)


def _is_done(connection: Connection[Any]) -> bool:
    """Whether nobody waits for an answer on it."""
    try:
        return connection.info.transaction_status != TransactionStatus.ACTIVE
    except psycopg.Error:
        return True  # it was closed meanwhile
