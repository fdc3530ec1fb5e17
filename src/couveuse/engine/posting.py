"""The post of one process: its number, held by a lock; whom it wakes when something is due; whom it takes over from.

PostgreSQL gives a session's locks back when the session ends, however it ended. So a deliverer whose lock is free is
gone, and whoever finds it so settles what it had under way: as attempts of which nobody knows.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog
from psycopg import Connection

from couveuse.channels import Unknown
from couveuse.core.times import SECOND_US
from couveuse.engine.clocks import now_us
from couveuse.engine.delivering import Deliverer, after
from couveuse.engine.loops import Loop, hear
from couveuse.engine.tallies import Tally
from couveuse.store import intents

log = structlog.get_logger("couveuse.deliverer")

# Even if nothing tells of work it is looked for this often, and whether somebody is gone.
LOOK_SECONDS: Final = 5.0
# What is due and cannot be claimed (its place is left alone, or all is busy) is looked at again after so long.
LEAST_SECONDS: Final = 0.25
GONE: Final = "the deliverer ended while it was under way"


class Post(Loop):
    """Holds the number, wakes the deliverers of its process, and takes over from those that are gone."""

    name = application = "post"

    def __init__(self, url: str, tally: Tally, clock: Callable[[], int] = now_us) -> None:
        super().__init__(url, log, tally.fail)
        self._tally, self._now = tally, clock
        self._wanted: int | None = None
        self._number: int | None = None
        self._looked_at = 0.0
        self.deliverers: Sequence[Deliverer] = ()

    @property
    def number(self) -> int | None:
        """The number under which intents may be claimed; None while its lock is not held."""
        return self._number

    def let_go(self) -> None:
        """Its lock has ended with the connection: nothing may be claimed under the number."""
        self._number = None

    def until_stopped(self, connection: Connection[Any], stopping: threading.Event) -> None:
        """Take the number, and wake whoever has something to do as soon as it is told."""
        self._wanted = self._number = intents.take_number(connection, self._wanted)
        connection.execute(f"listen {intents.CHANNEL}")
        self._looked_at = 0.0
        while not stopping.is_set():
            self.turn += 1
            if time.monotonic() - self._looked_at >= LOOK_SECONDS:
                self.take_over(connection)
                self._looked_at = time.monotonic()
            pause = self.wake_all(connection)
            self.has_worked()
            hear(connection, stopping, pause)
        # Until they have let go of what they hold, the number stays ours.
        for deliverer in self.deliverers:
            deliverer.wake.set()
            deliverer.done.wait()

    def wake_all(self, connection: Connection[Any]) -> float:
        """Wake who has something to do; returns the seconds until there is something else."""
        channels = sorted({deliverer.channel for deliverer in self.deliverers})
        due = intents.horizon(connection, channels)
        now = self._now()
        is_any = False
        for deliverer in self.deliverers:
            if due.get(deliverer.channel, now + 1) <= now:
                deliverer.wake.set()
                is_any = True
        if is_any:
            return LEAST_SECONDS
        return min([LOOK_SECONDS, *(max((at - now) / SECOND_US, 0.0) for at in due.values())])

    def take_over(self, connection: Connection[Any]) -> int:
        """Settle what those have left who are gone; returns how many intents."""
        ours = {self._number, *(deliverer.flying_by for deliverer in self.deliverers)}
        taken = 0
        for number in intents.claimants(connection):
            if number not in ours:
                with connection.transaction():
                    if intents.is_free(connection, number):
                        taken += self._settle_all(connection, number)
        return taken

    def _settle_all(self, connection: Connection[Any], number: int) -> int:
        now = self._now()
        left = intents.left_by(connection, number)
        for intent, was_begun in left:
            if was_begun:
                settlement = after(Unknown(GONE), intent, intent.attempts, now)
                intents.settle(connection, intent, intent.attempts, settlement, now)
                self._tally.count(settlement.outcome)
                if settlement.standing in intents.TROUBLED:
                    self._tally.count(settlement.standing)
        intents.release(connection, [intent for intent, was_begun in left if not was_begun])
        if left:
            log.warning("took over", intents=len(left), under_way=sum(begun for _, begun in left))
            self._tally.count("taken_over", len(left))
        return len(left)
