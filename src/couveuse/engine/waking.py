"""What time alone changes: bands that fall by decay fall at their time, and scores in lists are never a day old.

Leads that changed are made findable here, too: a moment later, so that whoever folds does not wait for it.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import structlog
from psycopg import Connection

from couveuse.core.errors import StateMismatch
from couveuse.core.times import SECOND_US
from couveuse.engine.batches import Folder
from couveuse.engine.clocks import now_us
from couveuse.engine.crossing import crossed
from couveuse.engine.findable import Indexer
from couveuse.engine.folding import reading_of, row_of
from couveuse.engine.live import LiveModel, LiveModels, NothingPublished
from couveuse.engine.loops import Loop
from couveuse.engine.releasing import release
from couveuse.store import states
from couveuse.store.crossings import write_crossings
from couveuse.store.states import Held

log = structlog.get_logger("couveuse.engine")

# So many leads are read again in one transaction.
AT_ONCE = 500
# A score in a list is read again before it is a day old, with an hour to spare between two looks.
STALE_US = 22 * 3600 * SECOND_US
# How often lists are looked over for what is stale, and how long the clock sleeps at most.
SWEEP_SECONDS, MOST_SECONDS = 3600.0, 1.0
# How often it is seen whether somebody is to be handed over who came quietly.
RELEASE_SECONDS = 30.0


class Failing(Protocol):
    """Counts failures."""

    def fail(self) -> None:
        """Count one."""


class Clock(Loop):
    """Reads leads again whose band changes now, and those whose score in lists is old."""

    name = application = "clock"
    away_seconds = (MOST_SECONDS, MOST_SECONDS)

    def __init__(self, url: str, tally: Failing, clock: Callable[[], int] = now_us) -> None:
        super().__init__(url, log, tally.fail)
        self._now = clock
        self._folder = Folder(url)
        self._models = LiveModels()
        self._indexer = Indexer()
        self._next_sweep = self._next_release = 0.0

    def _made(self, connection: Connection[Any]) -> list[LiveModel]:
        """The models whose states are made: a coming one's are read when it acts, and have no index until then."""
        return [model for model in self._models.load(connection) if not model.is_coming]

    def wake(self, connection: Connection[Any]) -> int:
        """Read again the leads whose band has changed by time alone; returns how many there were."""
        woken = 0
        for model in self._made(connection):
            while True:
                with connection.transaction():
                    now = self._now()
                    due = states.due_states(connection, model.id, now=now, most=AT_ONCE)
                    self._read_again(connection, model, due, now)
                woken += len(due)
                if len(due) < AT_ONCE:
                    break
        return woken

    def sweep(self, connection: Connection[Any]) -> int:
        """Read again the leads whose score in lists is nearly a day old; returns how many there were."""
        swept = 0
        for model in self._made(connection):
            after = 0
            while True:
                with connection.transaction():
                    now = self._now()
                    stale = states.stale_states(connection, model.id, before=now - STALE_US, after=after, most=AT_ONCE)
                    self._read_again(connection, model, stale, now)
                swept += len(stale)
                if len(stale) < AT_ONCE:
                    break
                after = stale[-1][0]
        return swept

    def release(self, connection: Connection[Any]) -> int:
        """Hand over what today's allowances leave; returns how many hand-overs are new."""
        acting = next(model for model in self._models.load(connection) if model.acts)
        return release(connection, self._folder, acting, self._now())

    def _read_again(
        self, connection: Connection[Any], model: LiveModel, held: list[tuple[int, Held]], now: int
    ) -> None:
        rows = []
        broken = []
        for lead_id, old in held:
            try:
                state = states.unpack_state(model.plan, old.state, self._folder.payloads)
            except StateMismatch:
                broken.append(lead_id)
                continue
            rows.append(row_of(model.bands, lead_id, state, reading_of(model.plan, state, now), self._folder.payloads))
        states.update_states(connection, model.id, rows)
        if model.acts:
            write_crossings(connection, model.id, crossed(rows, dict(held)), by_time=True, now=now)
        if broken:
            self._folder.refold(connection, [model], broken, now=now, because="corrected")

    def let_go(self) -> None:
        """What the folder remembers may not have been committed."""
        self._folder.forget()

    def expected(self, error: Exception) -> float | None:
        """Of a model that is missing the worker tells."""
        return MOST_SECONDS if isinstance(error, NothingPublished) else None

    def until_stopped(self, connection: Connection[Any], stopping: threading.Event) -> None:
        """Do what is due, and sleep until something is."""
        while not stopping.is_set():
            self.turn += 1
            self.wake(connection)
            has_more = self._indexer.work(connection)
            if time.monotonic() >= self._next_release:
                self.release(connection)
                self._next_release = time.monotonic() + RELEASE_SECONDS
            if time.monotonic() >= self._next_sweep:
                self.sweep(connection)
                self._next_sweep = time.monotonic() + SWEEP_SECONDS
            if not has_more:
                stopping.wait(self._until_next(connection))

    def _until_next(self, connection: Connection[Any]) -> float:
        """Seconds until the next change of band; at most a second, for facts may bring one nearer."""
        due = [states.next_due(connection, model.id) for model in self._made(connection)]
        known = [at for at in due if at is not None]
        if not known:
            return MOST_SECONDS
        return min(max((min(known) - self._now()) / SECOND_US, 0.0), MOST_SECONDS)
