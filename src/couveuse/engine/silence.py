"""A connection on which nobody will ever answer: the question or the answer was lost, and both sides go on waiting.

TCP finds out by itself where the network is dead. Behind a proxy that lives it does not, and an engine waits for as
long as a batch takes. So the server is asked, on another connection, what it does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import psycopg
import structlog
from psycopg import Connection
from psycopg.pq import TransactionStatus

from couveuse.store import connections
from couveuse.store.sessions import sessions_of

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
        waiting = {place: asked for place, each in enumerate(self._watched) if (asked := _asked(each)) is not None}
        silences = self._silences(waiting) if waiting else {}
        ended = 0
        for place in range(len(self._watched)):
            silence, (before, looks) = silences.get(place), self._silent[place]
            looks = looks + 1 if silence is not None and silence == before else 0
            self._silent[place] = (silence, looks)
            if looks >= LOOKS:
                log.warning("connection without an answer", looks=looks)
                connections.hang_up(waiting[place].connection)
                self._silent[place] = (None, 0)
                ended += 1
        return ended

    def _silences(self, waiting: Mapping[int, "_Asked"]) -> dict[int, object]:
        """What shows, of each that waits, that it waits in vain: the server does nothing for it, or does not answer."""
        try:
            with connections.connect(self._url, "watchdog", autocommit=True, statement_ms=5000) as other:
                sessions = sessions_of(other, [each.pid for each in waiting.values()])
        except (psycopg.Error, connections.NoDatabase):
            return {place: each.turn for place, each in waiting.items()}
        found: dict[int, object] = {}
        for place, each in waiting.items():
            session = sessions.get(each.pid)
            if not _is_done(each.connection) and not (session is not None and session.works):
                found[place] = (each.turn, session)
        return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question that waits for its answer: in which batch, on which connection, of which of the server's processes."""

    turn: int
    connection: Connection[Any]
    pid: int


def _asked(each: Waiting) -> _Asked | None:
    connection, turn = each.connection, each.turn
    if connection is None or connection.closed or _is_done(connection):
        return None
    try:
        return _Asked(turn, connection, connection.info.backend_pid)
    except psycopg.Error:
        return None  # it was closed meanwhile


def _is_done(connection: Connection[Any]) -> bool:
    """Whether nobody waits for an answer on it."""
    try:
        return connection.info.transaction_status != TransactionStatus.ACTIVE
    except psycopg.Error:
        return True  # it was closed meanwhile
