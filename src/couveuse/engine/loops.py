"""A loop that works on a connection of its own until told to stop, whatever becomes of PostgreSQL meanwhile.

Every thread of `couveuse engine` and `couveuse deliver` that needs PostgreSQL is one. What it does is its own; that it
connects again, waits longer each time, hears what is told to it and ends when it is told to is written here, once.
"""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final, Protocol

from psycopg import Connection

from couveuse.store import connections

# PostgreSQL away: how long is waited before it is tried again, at first and at most.
AWAY_SECONDS: Final = (0.2, 5.0)
# Who waits to be told looks this often whether it is to stop.
STEP_SECONDS: Final = 0.5


class Counting(Protocol):
    """Counts what was done, by name, and failures."""

    def count(self, what: str, number: int = 1) -> None:
        """Count so many."""

    def fail(self) -> None:
        """Count a failure."""


Step = Callable[[Connection[Any], int], int]
"""Does some of what there is to do as of an instant, in the caller's transaction; returns how much that was."""


class Loop(ABC):
    """Works until it is told to stop; PostgreSQL may go away and come back.

    The watchdog (`couveuse.engine.silence`) looks at `connection`, and at `turn`, another one with each piece of work.
    """

    name: ClassVar[str]
    """What the log calls it."""
    application: ClassVar[str]
    """What PostgreSQL calls its connection."""
    away_seconds: ClassVar[tuple[float, float]] = AWAY_SECONDS
    """PostgreSQL away: how long it waits, at first and at most; for so long at most after a failure of its own, too."""

    def __init__(self, url: str, log: Any, fail: Callable[[], None] = lambda: None) -> None:
        self._url, self._log, self._fail = url, log, fail
        self._wait = self.away_seconds[0]
        self.connection: Connection[Any] | None = None
        self.turn = 0

    def run(self, stopping: threading.Event) -> None:
        """Work until told to stop, on one connection after the other."""
        while not stopping.is_set():
            pause = 0.0
            try:
                with connections.connect(self._url, self.application, autocommit=True, statement_ms=0) as connection:
                    self.connection = connection
                    self.until_stopped(connection, stopping)
            except Exception as error:  # noqa: BLE001 - told, and tried again: the thread has to outlive whatever it is
                pause = self._pause_after(error)
            self.let_go()
            stopping.wait(pause)

    @abstractmethod
    def until_stopped(self, connection: Connection[Any], stopping: threading.Event) -> None:
        """Work on a connection until told to stop; says `has_worked` whenever PostgreSQL has done what it was asked."""

    def has_worked(self) -> None:
        """PostgreSQL works, and does not only take connections: the next time that it is away is a first one."""
        self._wait = self.away_seconds[0]

    def work_off(
        self, connection: Connection[Any], steps: Sequence[tuple[str, Step]], *, full: int, clock: Callable[[], int],
        tally: Counting,
    ) -> int:  # fmt: skip
        """Do each step, in its order and in transactions of its own, until it does less than a full one; count all."""
        done = 0
        for what, step in steps:
            while True:
                self.turn += 1
                with connection.transaction():
                    number = step(connection, clock())
                if number:
                    tally.count(what, number)
                    done += number
                if number < full:
                    break
        return done

    def let_go(self) -> None:  # noqa: B027 - most hold nothing
        """Forget what does not outlive a connection; each that has ended is followed by it."""

    def expected(self, error: Exception) -> float | None:
        """The seconds to wait after an error of which the loop itself tells; None of all others."""
        return None

    def _pause_after(self, error: Exception) -> float:
        """Tell of an error; returns the seconds until it is tried again."""
        pause = self.expected(error)
        if pause is not None:
            return pause
        if isinstance(error, connections.LOST):
            pause = self._wait
            self._wait = min(pause * 2, self.away_seconds[1])
            self._log.warning("database away", error=connections.first_line(error), again_in=pause)
            return pause
        self._fail()
        self._log.exception(f"{self.name} failed", error=type(error).__name__, again_in=self.away_seconds[1])
        return self.away_seconds[1]


def hear(connection: Connection[Any], stopping: threading.Event, seconds: float) -> None:
    """Wait for what is told on a connection that listens, for so long, or until told to stop.

    What was told during work is heard at once.
    """
    until = time.monotonic() + seconds
    while not stopping.is_set() and (left := until - time.monotonic()) > 0:
        if any(True for _ in connection.notifies(timeout=min(left, STEP_SECONDS), stop_after=1)):
            return
