"""Long work that people or the clock ask for, done one piece at a time in a thread of the workshop.

Each kind is a function (`couveuse.engine.job_kinds`) that is given its `Work`, and may be called again for the same job
after a `kill -9`: it goes on from what it finds done, and what it changes for others it changes in one transaction.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from psycopg import Connection

from couveuse.configuration import Configuration
from couveuse.core.times import SECOND_US
from couveuse.engine.clocks import now_us
from couveuse.engine.loops import Counting, Loop, hear
from couveuse.errors import CouveuseError
from couveuse.store import connections
from couveuse.store import jobs as store
from couveuse.store.jobs import Job, Standing, again, ask, find, give_up, latest, page
from couveuse.store.months import Months

__all__ = [
    "Job", "Jobs", "Kinds", "Run", "Standing", "Work", "again", "ask", "find", "give_up", "latest", "page",
]  # fmt: skip

log = structlog.get_logger("couveuse.jobs")

# Even if nobody tells of work it is looked for this often: what a killed process has left tells nobody.
LOOK_SECONDS: Final = 2.0
# How far work is is written this often at most.
TELL_SECONDS: Final = 0.25
# After so many processes that ended in the midst of it, or times that PostgreSQL went away, it is not tried again.
MOST_TRIES: Final = 5
AGAIN_SECONDS: Final = (1, 5, 30, 120)
# As what pages know whatever is a fault of Couveuse's.
OURS: Final = "ours"
# So many are looked at for one that nobody works on.
MOST_LOOKED_AT: Final = 50


class Stopped(CouveuseError):
    """The process is told to stop: the work goes on in another one."""


class GivenUp(CouveuseError):
    """Somebody gave the work up."""


class Lost(CouveuseError):
    """Another process has taken the work up."""


class TooManyTries(CouveuseError):
    """The process that did it ended in the midst of it, several times: see its log, then ask for it again."""

    known_as = "tries"


@dataclass(frozen=True, slots=True)
class Work:
    """What a kind's function is given: its job, where the database is, and how to tell how far it is.

    `progress(done, total, step)` may be called as often as one likes. It raises Stopped, GivenUp or Lost, which the
    function lets through; so it is called wherever the work may end.
    """

    job: Job
    url: str
    settings: Configuration
    progress: Callable[[int, int | None, str], None]
    clock: Callable[[], int] = now_us


Run = Callable[[Work], Mapping[str, object] | None]
"""Does the work; what it returns, numbers, is the job's `found`. Raises CouveuseError where it cannot be done."""
Kinds = Mapping[str, Run]


class Jobs(Loop):
    """Does work on a connection of its own, until it is told to stop."""

    name = application = "jobs"

    def __init__(
        self, url: str, settings: Configuration, tally: Counting, kinds: Kinds, clock: Callable[[], int] = now_us
    ) -> None:
        super().__init__(url, log, tally.fail)
        self._settings, self._tally, self._kinds, self._clock = settings, tally, kinds, clock
        self._months = Months(url)

    def until_stopped(self, connection: Connection[Any], stopping: threading.Event) -> None:
        """Do what is asked for, each piece as soon as it is told."""
        connection.execute(f"listen {store.CHANNEL}")
        while not stopping.is_set():
            while not stopping.is_set() and self.work(connection, stopping):
                pass
            self.has_worked()
            hear(connection, stopping, LOOK_SECONDS)

    def work(self, connection: Connection[Any], stopping: threading.Event | None = None) -> bool:
        """Do one piece of work, if there is one that nobody does; returns whether there was."""
        self.turn += 1
        job = self._take(connection)
        if job is None:
            return False
        log.info("job begun", job=job.id, kind=job.kind, tries=job.tries)
        try:
            self._do(connection, job, stopping or threading.Event())
        finally:
            if not connection.closed and not connection.broken:
                store.let_go(connection, job.id)
        self._tally.count("jobs")
        return True

    def _take(self, connection: Connection[Any]) -> Job | None:
        for number in store.open_jobs(connection, kinds=self._kinds, now=self._clock(), most=MOST_LOOKED_AT):
            job = store.take(connection, number, self._clock())
            if job is not None:
                return job
        return None

    def _do(self, connection: Connection[Any], job: Job, stopping: threading.Event) -> None:
        teller = _Teller(connection, job, stopping)
        work = Work(job, self._url, self._settings, teller.tell, self._clock)
        try:
            if job.tries > MOST_TRIES:
                raise TooManyTries
            self._months.ensure_ahead(self._clock())
            found = self._kinds[job.kind](work)
        except Lost:
            log.warning("job taken up by another", job=job.id, kind=job.kind)
        except Stopped:
            store.put_back(connection, job, counts=False)
        except GivenUp:
            store.settle(connection, job, Standing.GIVEN_UP, now=self._clock())
            log.info("job given up", job=job.id, kind=job.kind)
        except connections.LOST as error:
            self._put_off(connection, job, error)
        except CouveuseError as error:
            log.warning("job failed", job=job.id, kind=job.kind, why=str(error))
            self._fail_job(connection, job, str(error), error.known_as)
        except Exception as error:
            self._tally.fail()
            log.exception("job failed", job=job.id, kind=job.kind, error=type(error).__name__)
            said = f"something of ours failed ({type(error).__name__}): see the log of couveuse deliver"
            self._fail_job(connection, job, said, OURS)
        else:
            store.settle(connection, job, Standing.DONE, now=self._clock(), found=found)
            log.info("job done", job=job.id, kind=job.kind)

    def _fail_job(self, connection: Connection[Any], job: Job, said: str, known_as: str) -> None:
        """Why, in English and in full, and in a word for which pages have a sentence in each language."""
        store.settle(connection, job, Standing.FAILED, now=self._clock(), said=said, found={"why": known_as})

    def _put_off(self, connection: Connection[Any], job: Job, error: Exception) -> None:
        """PostgreSQL went away in the midst of it; where it is away for us too, whoever takes it up next counts."""
        wait = AGAIN_SECONDS[min(job.tries, len(AGAIN_SECONDS)) - 1]
        log.warning("job put off", job=job.id, kind=job.kind, error=connections.first_line(error), again_in=wait)
        store.put_back(connection, job, not_before=self._clock() + wait * SECOND_US)


class _Teller:
    """Writes how far a job is, seldom, and says whether it is to go on."""

    def __init__(self, connection: Connection[Any], job: Job, stopping: threading.Event) -> None:
        self._connection, self._job, self._stopping = connection, job, stopping
        self._told_at, self._step = 0.0, ""

    def tell(self, done: int, total: int | None, step: str) -> None:
        """Write it if the last time was long enough ago. Raises Stopped, GivenUp, Lost."""
        if self._stopping.is_set():
            raise Stopped
        now = time.monotonic()
        if step == self._step and now - self._told_at < TELL_SECONDS:
            return
        self._told_at, self._step = now, step
        is_given_up = store.tell(self._connection, self._job, step=step, done=done, total=total)
        if is_given_up is None:
            raise Lost
        if is_given_up:
            raise GivenUp
