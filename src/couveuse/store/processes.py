"""The processes that run: each writes a row of its own every few seconds, with what it has counted since it began.

What a process counts only grows. When it ends, its counts are added to those of the ended ones of its kind, so that the
sum over all rows never falls.
"""

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import psycopg
import structlog
from psycopg import Connection
from psycopg.types.json import Jsonb

from couveuse.store import connections
from couveuse.store.statements import statement

log = structlog.get_logger("couveuse.life")

Counts = Mapping[str, Any]
"""Numbers by name, or by reason within a name."""

# What processes of ours call themselves.
WEB, ENGINE, DELIVERER, WORKSHOP = "web", "engine", "deliverer", "workshop"

BEAT_SECONDS: Final = 5.0
# For so long an answer is waited for, which the server has to give within five seconds.
SILENT_SECONDS: Final = 15.0
# Whoever was silent for so long does not count as alive; after this long the row goes.
SILENT_US: Final = 20_000_000
FORGOTTEN_US: Final = 120_000_000

_UPDATE = statement("processes", "update")
_INSERT = statement("processes", "insert")
_REMOVE = statement("processes", "remove")
_LOCK_ENDED = statement("processes", "lock_ended")
_REPLACE_COUNTS = statement("processes", "replace_counts")
_ALIVE = statement("processes", "alive")
_COUNTS = statement("processes", "counts")
_LIVING = statement("processes", "living")
_APPLIED = statement("health", "applied")


@dataclass(frozen=True, slots=True)
class Process:
    """A process that lives, and its last sign of life."""

    kind: str
    host: str
    pid: int
    started_at: int
    seen_at: int
    counts: Counts


def alive(connection: Connection[Any]) -> list[Process]:
    """The processes that live, the oldest first."""
    return [Process(*row) for row in connection.execute(_ALIVE, {"silent": SILENT_US}).fetchall()]


class Living(NamedTuple):
    """A process that gives signs of life, and its last one."""

    id: uuid.UUID
    kind: str
    host: str
    pid: int
    seen_at: int


def living(connection: Connection[Any]) -> list[Living]:
    """The same for whoever must not work beside them, in a database of any version of ours."""
    return [Living(*row) for row in connection.execute(_LIVING, {"silent": SILENT_US}).fetchall()]


def total(rows: list[tuple[str, Counts]]) -> dict[str, Counts]:
    """Counts by kind of process, summed."""
    found: dict[str, Counts] = {}
    for kind, counts in rows:
        found[kind] = added(found.get(kind, {}), counts)
    return found


def counts(connection: Connection[Any]) -> dict[str, Counts]:
    """What all processes have counted, by kind, those that ended included."""
    return total(connection.execute(_COUNTS).fetchall())


def added(one: Counts, other: Counts, sign: int = 1) -> dict[str, Any]:
    """The sum of two counts, name by name; what is no number is left out.

    >>> added({"facts": 2, "rejects": {"no_event": 1}}, {"facts": 3, "rejects": {"too_old": 1}})
    {'facts': 5, 'rejects': {'no_event': 1, 'too_old': 1}}
    """
    found: dict[str, Any] = {}
    for name in (*one, *(name for name in other if name not in one)):
        values = [value for value in (one.get(name), other.get(name)) if value is not None]
        if any(isinstance(value, Mapping) for value in values):
            inner = [value if isinstance(value, Mapping) else {} for value in (one.get(name), other.get(name))]
            found[name] = added(inner[0], inner[1], sign)
        elif all(isinstance(value, int | float) for value in values):
            found[name] = one.get(name, 0) + sign * other.get(name, 0)
    return found


def remove(connection: Connection[Any], *, id: uuid.UUID | None = None) -> None:
    """Forget who was silent for long, and the process that says so itself; their counts stay."""
    with connection.transaction():
        ended = total(connection.execute(_REMOVE, {"id": id, "silent": FORGOTTEN_US}).fetchall())
        for kind in sorted(ended):  # in one order, lest two wait for each other
            number = uuid.uuid5(uuid.NAMESPACE_OID, kind)
            row = connection.execute(_LOCK_ENDED, {"id": number, "kind": kind}).fetchone()
            assert row is not None  # inserted, or found
            connection.execute(_REPLACE_COUNTS, {"id": number, "counts": Jsonb(added(row[0], ended[kind]))})


class SignsOfLife:
    """Tells every few seconds that this process lives, from a thread of its own; as a context manager.

    `counts` is called from that thread, and `newer` where the database has become a newer version's: whoever then goes
    on would write what that version does not expect. PostgreSQL may go away and come back.
    """

    def __init__(
        self, url: str, kind: str, counts: Callable[[], Counts] = dict, newer: Callable[[], None] | None = None
    ) -> None:
        self._url, self._kind, self._counts, self._newer = url, kind, counts, newer
        self._id = uuid.uuid4()
        self._started_at = time.time_ns() // 1000
        self._taken: Counts = {}  # what was added to the ended ones when this process was taken for dead
        self._told: Counts | None = None
        self._connection: Connection[Any] | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="signs-of-life", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Begin, with a first sign at once."""
        self._thread.start()

    def stop(self) -> None:
        """Say that this process ends."""
        self._stopping.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        rounds = 0
        while not self._stopping.is_set():
            self._try(self.beat)
            if self._newer is not None:
                self._try(self._look_for_newer)
            if rounds % 12 == 0:
                self._try(remove)
            rounds += 1
            self._stopping.wait(BEAT_SECONDS)
        self._try(self._end)
        self._close()

    def _try(self, act: Callable[[Connection[Any]], None]) -> None:
        try:
            if self._connection is None or self._connection.closed:
                self._connection = connections.connect(self._url, "life", autocommit=True, statement_ms=5000)
            with connections.within(self._connection, SILENT_SECONDS):
                act(self._connection)
        except (psycopg.Error, connections.NoDatabase):
            self._close()  # whoever needs the database for more tells of it

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
        self._connection = None

    def beat(self, connection: Connection[Any]) -> None:
        """Give one sign of life."""
        now = added(self._counts(), self._taken, sign=-1)
        if self._told is not None:
            if connection.execute(_UPDATE, {"id": self._id, "counts": Jsonb(now)}).fetchone():
                self._told = now
                return
            # Taken for dead, as after a machine has slept: what was told stands with the ended ones.
            self._taken = added(self._taken, self._told)
            now = added(self._counts(), self._taken, sign=-1)
        values = {"kind": self._kind, "host": socket.gethostname(), "pid": os.getpid(), "started_at": self._started_at}
        connection.execute(_INSERT, {"id": self._id, "counts": Jsonb(now), **values})
        self._told = now

    def _look_for_newer(self, connection: Connection[Any]) -> None:
        from couveuse.store.health import migrations  # which asks here who is alive

        newer = {name for (name,) in connection.execute(_APPLIED).fetchall()} - migrations()
        if newer and self._newer is not None:
            log.error("a newer version has made this database", migrations=sorted(newer))
            self._newer()

    def _end(self, connection: Connection[Any]) -> None:
        self.beat(connection)
        remove(connection, id=self._id)
