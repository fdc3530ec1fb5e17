"""Feeds an engine: keeps enough waiting for it, cheaply, and counts what it took."""

import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import Any, Self

from psycopg import Connection

from bench.live import people
from couveuse.store import connections, inbox
from couveuse.store.packets import Accepted, lane_of, pack

# The front door's commits hold about so many when batches come.
COMMIT = 100
LEAST, MOST = 10_000, 20_000  # events that wait


class Feeder:
    """Lays facts of so many people into the inbox, as the front door would."""

    def __init__(self, url: str, leads: int) -> None:
        self._connection: Connection[Any] = connections.connect(url, "bench", autocommit=True)
        self._connection.execute("truncate inbox")
        self._facts = people.arriving(leads, Random(time.time_ns()), _clock())
        self.fed = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.execute("truncate inbox")
        self._connection.close()

    def top_up(self) -> int:
        """See to it that enough waits; returns how many facts have been taken since the beginning."""
        waiting, _ = inbox.backlog(self._connection)
        taken = self.fed - waiting
        if waiting < LEAST:
            self.lay(MOST - waiting)
        return taken

    def lay(self, count: int) -> None:
        """Lay so many facts, about, in packets as they come of commits."""
        into = "copy inbox (lane, events, received_at, packet) from stdin (format binary)"
        with self._connection.cursor() as cursor, cursor.copy(into) as copy:
            copy.set_types(("int2", "int4", "int8", "bytea"))
            for _ in range(max(count // COMMIT, 1)):
                for lane, facts in self._commit().items():
                    copy.write_row((lane, len(facts), facts[0].received_at, pack(facts)))
                    self.fed += len(facts)

    def _commit(self) -> dict[int, list[Accepted]]:
        lanes: dict[int, list[Accepted]] = defaultdict(list)
        for fact in islice(self._facts, COMMIT):
            lanes[lane_of(fact.email, fact.user_id, fact.anonymous_id)].append(fact)
        return lanes


def _clock() -> Iterator[int]:
    """Instants that never stand still."""
    last = 0
    while True:
        last = max(time.time_ns() // 1000, last + 1)
        yield last
