"""A deliverer as a process: dispatching, minding, long work, and a few threads for each channel, under one number."""

import threading
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from couveuse.configuration import Configuration
from couveuse.engine import alerting
from couveuse.engine.backing_up import back_up_if_due
from couveuse.engine.crews import Running, begin, stopped_by_signal, watch
from couveuse.engine.delivering import Compose, Deliverer, Tally
from couveuse.engine.dispatching import Dispatcher
from couveuse.engine.job_kinds import KINDS
from couveuse.engine.jobs import Jobs
from couveuse.engine.learning import learn_if_due
from couveuse.engine.minding import Chore, Minder
from couveuse.engine.posting import Post
from couveuse.engine.pruning import Pruner
from couveuse.engine.rolling_up import Roller
from couveuse.engine.sweeping import sweep_answers, sweep_uploads
from couveuse.engine.ways import Way, ways
from couveuse.store.migrating import refuse_newer_at
from couveuse.store.processes import SignsOfLife

log = structlog.get_logger("couveuse.deliverer")


def archive(url: str, settings: Configuration, now: int) -> None:
    """Archive what is due; PyArrow is imported only where that is wanted."""
    if settings.archive_after:
        from couveuse.engine.archiving import archive_if_due

        archive_if_due(url, settings, now)


# What is done for the house when it is due.
CHORES: Final[Sequence[Chore]] = (
    back_up_if_due, archive, sweep_answers, sweep_uploads, learn_if_due, Pruner(),
)  # fmt: skip


def run(settings: Configuration, url: str) -> None:
    """Run one deliverer until SIGTERM or SIGINT; what it has begun it ends.

    Raises BadInput for settings that cannot be used, NewerDatabase at first or when the database becomes one.
    """
    stopping = stopped_by_signal()
    tally = Tally()
    made = ways(settings)
    others: list[Running] = [
        Dispatcher(url, settings, tally),
        Minder(url, settings, tally, chores=CHORES),
        Jobs(url, settings, tally, KINDS),
        Roller(url, tally),
    ]
    refuse_newer_at(url)
    work(settings, url, stopping, made, others=others, tally=tally)
    refuse_newer_at(url)  # where that is why it stopped


def work(
    settings: Configuration,
    url: str,
    stopping: threading.Event,
    made: Sequence[Callable[[], Way]],
    *,
    compose: Compose = alerting.compose,
    others: Sequence[Running] = (),
    tally: Tally | None = None,
) -> Tally:
    """Run deliverers, one for each way, and the others until told to stop; returns what was done."""
    tally = tally or Tally()
    post = Post(url, tally)
    post.deliverers = [Deliverer(url, make(), post, compose, settings, tally) for make in made]
    crew: list[Running] = [post, *post.deliverers, *others]
    with SignsOfLife(url, "deliverer", tally.as_json, newer=stopping.set):
        threads = begin(crew, stopping)
        log.info("deliverer started")
        if not settings.mail_url:
            log.info("no mail leaves", cure="set COUVEUSE_MAIL_URL")
        watch(url, crew, threads, stopping)
    log.info("deliverer stopped", **tally.as_json())
    return tally
