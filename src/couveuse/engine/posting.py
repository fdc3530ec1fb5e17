"""The post of one process: its number, held by a lock; whom it wakes when something is due; whom it takes over from.

PostgreSQL gives a session's locks back when the session ends, however it ended. So a deliverer whose lock is free is
gone, and whoever finds it so settles what it had under way: as attempts of which nobody knows.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import psycopg
import structlog
from psycopg import Connection

from couveuse.channels import Unknown
from couveuse.core.times import SECOND_US
from couveuse.engine.delivering import AWAY_SECONDS, Deliverer, Tally, after, now_us
from couveuse.store import connections, intents

log = structlog.get_logger("couveuse.deliverer")

# Even if nothing tells of work it is looked for this often, and whether somebody is gone.
LOOK_SECONDS: Final = 5.0
# What is due and cannot be claimed (its place is left alone, or all is busy) is looked at again after so long.
LEAST_SECONDS: Final = 0.25
GONE: Final = "the deliverer ended while it was under way"


class Post:
    """Holds the number, wakes the deliverers of its process, and takes over from those that are gone."""

    def __init__(self, url: str, tally: Tally, clock: Callable[[], int] = now_us) -> None:
        self._url, self._tally, self._now = url, tally, clock
        self._wait = AWAY_SECONDS[0]
        self._wanted: int | None = None
        self._number: int | None = None
        self._looked_at = 0.0
        self.deliverers: Sequence[Deliverer] = ()
        self.connection: Connection[Any] | None = None
        self.turn = 0

    @property
    def number(self) -> int | None:
        """The number under which intents may be claimed; None while its lock is not held."""
        return self._number

    def run(self, stopping: threading.Event) -> None:
        """Look after it until told to stop; PostgreSQL may go away and come back."""
        while not stopping.is_set():
            try:
                with connections.connect(self._url, "post", autocommit=True, statement_ms=0) as connection:
                    self.connection = connection
                    self._until_stopped(connection, stopping)
            except (psycopg.OperationalError, psycopg.InterfaceError, connections.NoDatabase) as error:
                log.warning("database away", error=connections.first_line(error), again_in=self._wait)
                self._number = None
                stopping.wait(self._wait)
                self._wait = min(self._wait * 2, AWAY_SECONDS[1])
            except Exception as error:
                self._number = None
                self._tally.fail()
                log.exception("post failed", error=type(error).__name__, again_in=AWAY_SECONDS[1])
                stopping.wait(AWAY_SECONDS[1])
            finally:
                self._number = None

    def _until_stopped(self, connection: Connection[Any], stopping: threading.Event) -> None:
        self._wanted = self._number = intents.take_number(connection, self._wanted)
        connection.execute(f"listen {intents.CHANNEL}")
        self._looked_at = 0.0
        while not stopping.is_set():
            self.turn += 1
            if time.monotonic() - self._looked_at >= LOOK_SECONDS:
                self.take_over(connection)
                self._looked_at = time.monotonic()
            until = time.monotonic() + self.wake_all(connection)
            self._wait = AWAY_SECONDS[0]
            while not stopping.is_set() and (left := until - time.monotonic()) > 0:
                if any(True for _ in connection.notifies(timeout=min(left, 0.5), stop_after=1)):
                    break
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
