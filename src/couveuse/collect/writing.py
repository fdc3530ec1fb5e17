"""Group commit: whatever queued during the last commit makes the next one, and each sender hears once it is durable.

No timer: a commit takes as long as it takes, and so much the more queues meanwhile (windows of 2, 5 and 10 ms were
measured, and gained nothing).
"""

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import Enum
from typing import Any, Final

import psycopg

from couveuse.collect.counts import Counts
from couveuse.store import intake
from couveuse.store.connections import first_line, hang_up, options
from couveuse.store.packets import Accepted
from couveuse.store.rejects import Reject

# One commit holds no more than this, so that the engine's batches and the time of a commit stay in bounds.
MOST_EVENTS: Final = 10_000
MOST_BYTES: Final = 8 << 20
# A sender waits no longer for a commit; what was committed later all the same is known when it comes again.
PATIENCE: Final = 5.0
# A connection is given up on which a commit has not ended so long after that: whether it did will never be told.
MORE_PATIENCE: Final = 10.0
# How long it is waited before another connection is tried.
PAUSE: Final = 0.2
# How long an outage is not told again.
QUIET: Final = 10.0

_log = logging.getLogger(__name__)


class Outcome(Enum):
    """What became of a lot."""

    STORED = "stored"
    AWAY = "away"
    FULL = "full"
    NOT_STORED = "not stored"


class Lot:
    """What one request wants stored, all or nothing."""

    __slots__ = ("events", "facts", "outcome", "rejects", "size")

    def __init__(self, facts: Sequence[tuple[int, Accepted]], rejects: Sequence[Reject], size: int) -> None:
        self.facts, self.rejects, self.size = facts, rejects, size
        self.events = len(facts)
        self.outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def end(self, outcome: Outcome) -> None:
        """Tell the sender, unless it was told before or has left."""
        if not self.outcome.done():
            self.outcome.set_result(outcome)


class Writer:
    """The one who commits, with one connection; `is_away` while PostgreSQL does not answer."""

    def __init__(self, url: str, counts: Counts) -> None:
        self._url, self._counts = url, counts
        self._lots: deque[Lot] = deque()
        self._wake = asyncio.Event()
        self._tried = asyncio.Event()
        self._is_closing = False
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._task: asyncio.Task[None] | None = None
        self._silent_until = 0.0
        self.is_away = True
        self.waiting = 0  # events
        self.committed = 0  # events, ever

    async def open(self) -> None:
        """Begin; returns once PostgreSQL has answered, or has been found not to."""
        self._task = asyncio.create_task(self._run())
        await self._tried.wait()

    async def close(self) -> None:
        """Store what has been taken, and end."""
        self._is_closing = True
        self._wake.set()
        if self._task is not None:
            await self._task

    async def store(self, lot: Lot) -> Outcome:
        """Have a lot stored; returns once it is durable, or is not to be."""
        if self.is_away or self._is_closing:
            return Outcome.AWAY
        self._lots.append(lot)
        self.waiting += lot.events
        self._wake.set()
        return await lot.outcome

    async def _run(self) -> None:
        try:
            while not self._is_closing or self._lots:
                if not self._is_connected() and not await self._connect():
                    self._end(self._take(everything=True), Outcome.AWAY)
                    await self._rest(PAUSE)
                elif lots := self._take():
                    await self._commit(lots)
                else:
                    await self._rest(None)
        finally:
            self.is_away = True
            self._end(self._take(everything=True), Outcome.AWAY)
            if self._connection is not None:
                await self._connection.close()

    async def _rest(self, seconds: float | None) -> None:
        """Until there is something to do, or the time is over."""
        self._wake.clear()
        if not self._is_closing:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), seconds)

    def _is_connected(self) -> bool:
        return self._connection is not None and not self._connection.closed

    async def _connect(self) -> bool:
        try:
            self._connection = await psycopg.AsyncConnection.connect(
                self._url, autocommit=True, **options("front door")
            )
        except psycopg.Error as error:
            self._connection = None
            self._say("PostgreSQL does not answer (%s); senders are told to wait", first_line(error))
            self.is_away = True
        else:
            self.is_away = False
        self._tried.set()
        return not self.is_away

    def _take(self, *, everything: bool = False) -> list[Lot]:
        taken: list[Lot] = []
        events = size = 0
        while self._lots and (everything or not taken or self._fits(events, size)):
            lot = self._lots.popleft()
            taken.append(lot)
            events += lot.events
            size += lot.size
        self.waiting -= events
        return taken

    def _fits(self, events: int, size: int) -> bool:
        lot = self._lots[0]
        return events + lot.events <= MOST_EVENTS and size + lot.size <= MOST_BYTES

    async def _commit(self, lots: list[Lot], *, again: bool = True) -> None:
        """Store lots, and tell their senders.

        Where the connection was lost they are tried once more: it may have been lost long before. Should the first try
        have been committed, its copies are known by their digests.
        """
        assert self._connection is not None  # the caller looked
        began = time.monotonic()
        try:
            with self._hurry(self._connection, lots):
                await _append(self._connection, lots)
        except (psycopg.DataError, ValueError, TypeError, OverflowError) as error:
            await self._apart(lots, error)
        except psycopg.Error as error:
            awaited = any(not lot.outcome.done() for lot in lots)
            if again and awaited and self._connection.closed and await self._connect():
                await self._commit(lots, again=False)
            else:
                self._failed(lots, error)
        else:
            self.committed += sum(lot.events for lot in lots)
            self._counts.commits += 1
            self._counts.commit_seconds += time.monotonic() - began
            self._end(lots, Outcome.STORED)
        self.is_away = not self._is_connected()

    @contextmanager
    def _hurry(self, connection: psycopg.AsyncConnection[Any], lots: list[Lot]) -> Iterator[None]:
        """Bounds how long a commit is waited for: first by its senders, then at all."""
        loop = asyncio.get_running_loop()
        timers = [
            loop.call_later(PATIENCE, self._give_up, lots),
            loop.call_later(PATIENCE + MORE_PATIENCE, hang_up, connection),
        ]
        try:
            yield
        finally:
            for timer in timers:
                timer.cancel()

    def _give_up(self, lots: list[Lot]) -> None:
        """PostgreSQL takes too long: nobody waits any more. What it may still commit is known when it comes again."""
        self._say("PostgreSQL has not committed within %s; senders are told to wait", f"{PATIENCE:g} s")
        self.is_away = True
        self._end(lots, Outcome.AWAY)
        self._end(self._take(everything=True), Outcome.AWAY)

    async def _apart(self, lots: list[Lot], error: Exception) -> None:
        """One of the lots cannot be stored as it is: the others can."""
        if len(lots) == 1:
            self._say("what was sent cannot be stored (%s)", first_line(error))
            self._end(lots, Outcome.NOT_STORED)
            return
        for lot in lots:
            if self._is_connected():
                await self._commit([lot], again=False)
            else:
                lot.end(Outcome.AWAY)

    def _failed(self, lots: list[Lot], error: psycopg.Error) -> None:
        self._say("a commit failed (%s); senders are told to wait", first_line(error))
        self._end(lots, Outcome.FULL if isinstance(error, psycopg.errors.DiskFull) else Outcome.AWAY)

    def _say(self, message: str, why: str) -> None:
        """Tell whoever runs this, but not for every commit of an outage."""
        now = time.monotonic()
        if now >= self._silent_until:
            self._silent_until = now + QUIET
            _log.warning(message, why)

    @staticmethod
    def _end(lots: list[Lot], outcome: Outcome) -> None:
        for lot in lots:
            lot.end(outcome)


async def _append(connection: psycopg.AsyncConnection[Any], lots: Sequence[Lot]) -> None:
    lanes: defaultdict[int, list[Accepted]] = defaultdict(list)
    rejects: list[Reject] = []
    for lot in lots:
        rejects += lot.rejects
        for lane, accepted in lot.facts:
            lanes[lane].append(accepted)
    await intake.append(connection, lanes, rejects)
