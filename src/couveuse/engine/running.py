"""The engine as a process: workers that take batches, and a clock that looks after what time alone changes."""

import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import structlog
from psycopg import Connection

from couveuse.archive.errors import OutOfReach
from couveuse.configuration import Configuration
from couveuse.engine.batches import Counts, Folder
from couveuse.engine.clocks import now_us
from couveuse.engine.collector import collecting_seldom
from couveuse.engine.crews import Running, begin, stopped_by_signal, watch
from couveuse.engine.live import LiveModels, NothingPublished
from couveuse.engine.loops import Loop, hear
from couveuse.engine.poison import is_away, take_apart
from couveuse.engine.refolding import Refolder
from couveuse.engine.waking import Clock
from couveuse.store import connections, inbox
from couveuse.store.migrating import refuse_newer_at
from couveuse.store.packets import unpack
from couveuse.store.processes import ENGINE, SignsOfLife

log = structlog.get_logger("couveuse.engine")

# Even if nothing tells of work, a worker looks for some this often: the word may have been lost with its connection.
LOOK_SECONDS = 5.0
# How long a thread that folds may keep another one waiting that has its answer. At Python's own 5 ms a batch, which
# asks some fifty times, would wait for a quarter of a second, and two workers would do no more than one.
SWITCH_SECONDS: Final = 0.0005


@dataclass(slots=True)
class Tally:
    """What this process has done, for its sign of life; several threads count into it."""

    counts: Counts = field(default_factory=Counts)
    batches: int = 0
    failures: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, counts: Counts) -> None:
        """Count a batch."""
        with self.lock:
            self.batches += 1
            self.counts.add(counts)

    def fail(self) -> None:
        """Count a batch that could not be taken."""
        with self.lock:
            self.failures += 1

    def as_json(self) -> dict[str, int]:
        """The same as JSON values."""
        with self.lock:
            return {**asdict(self.counts), "batches": self.batches, "failures": self.failures}


class Worker(Loop):
    """Takes batches on a connection of its own, until it is told to stop."""

    name, application = "worker", "engine"

    def __init__(self, url: str, *, batch: int, tally: Tally, clock: Callable[[], int] = now_us) -> None:
        super().__init__(url, log, tally.fail)
        self._batch, self._tally, self._clock = batch, tally, clock
        self._folder = Folder(url)
        self._models = LiveModels()
        self._failures: Counter[bytes] = Counter()
        self.is_crowded = threading.Event()  # set with each batch that was full

    def work(self, connection: Connection[Any]) -> int:
        """Take one batch, if there is one; returns how many facts it held, copies included."""
        self.turn += 1
        try:
            with connection.transaction():
                packets = inbox.claim_packets(connection, batch=self._batch)
                if not packets:
                    return 0
                accepted = [each for _, packet in packets for each in unpack(packet)]
                counts = self._folder.take(connection, self._models, accepted, now=self._clock())
                inbox.delete_packets(connection, [number for number, _ in packets])
        except Exception as error:  # whatever a fact does to us, the others must be folded
            self._folder.forget()
            if is_away(error) or isinstance(error, NothingPublished):
                raise
            self._tally.fail()
            log.warning("batch failed", error=type(error).__name__, detail=connections.first_line(error))
            return take_apart(connection, self._folder, self._models, self._clock, self._failures)
        self._tally.add(counts)
        return len(accepted)

    def let_go(self) -> None:
        """What the folder remembers may not have been committed."""
        self._folder.forget()

    def expected(self, error: Exception) -> float | None:
        """It waits for a model to be published, and for an archive to be reached again."""
        pause = self.away_seconds[1]
        if isinstance(error, NothingPublished):
            log.warning("waiting", reason=str(error))
            return pause
        if isinstance(error, OutOfReach):
            log.warning("archive out of reach", reason=str(error), again_in=pause)
            return pause
        return None

    def until_stopped(self, connection: Connection[Any], stopping: threading.Event) -> None:
        """Take batches as soon as there is one."""
        connection.execute(f"listen {inbox.CHANNEL}")
        while not stopping.is_set():
            taken = self.work(connection)
            self.has_worked()
            if taken:
                if taken >= self._batch:
                    self.is_crowded.set()
                continue
            hear(connection, stopping, LOOK_SECONDS)


class Helper(Worker):
    """Takes batches while another worker of the process takes full ones: it folds while that one waits for PostgreSQL.

    When little comes it sleeps, since two that share little work do it in smaller batches, which cost more.
    """

    def __init__(self, url: str, helped: Worker, *, batch: int, tally: Tally) -> None:
        super().__init__(url, batch=batch, tally=tally)
        self._helped = helped

    def until_stopped(self, connection: Connection[Any], stopping: threading.Event) -> None:
        """Take batches while the other one is crowded."""
        while not stopping.is_set():
            if self._helped.is_crowded.wait(0.5):
                self._helped.is_crowded.clear()
                # To the end: the other one may have found nothing but lanes that were ours, and sleep.
                while self.work(connection) and not stopping.is_set():
                    self.has_worked()


def run(configuration: Configuration, url: str) -> None:
    """Run one engine until SIGTERM or SIGINT; what it has begun it ends.

    Raises NewerDatabase, at first or when the database becomes one.
    """
    stopping = stopped_by_signal()
    sys.setswitchinterval(SWITCH_SECONDS)
    refuse_newer_at(url)
    work(configuration, url, stopping)
    refuse_newer_at(url)  # where that is why it stopped


def work(configuration: Configuration, url: str, stopping: threading.Event) -> Tally:
    """Run a worker and its helper, the clock and the refolder until told to stop; returns what was done."""
    tally = Tally()
    worker = Worker(url, batch=configuration.batch, tally=tally)
    helper = Helper(url, worker, batch=configuration.batch, tally=tally)
    crew: list[Running] = [worker, helper, Clock(url, tally), Refolder(url, tally.add, now_us)]
    with SignsOfLife(url, ENGINE, tally.as_json, newer=stopping.set), collecting_seldom():
        threads = begin(crew, stopping)
        log.info("engine started")
        watch(url, crew, threads, stopping)
    log.info("engine stopped", batches=tally.batches)
    return tally
