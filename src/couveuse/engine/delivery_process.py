"""A deliverer as a process: dispatching, minding, and a few threads for each channel, under one number.

What takes long is done beside it, in the workshop (`couveuse.engine.workshop`), so that nothing keeps alerts waiting.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from couveuse.configuration import Configuration
from couveuse.engine import alerting
from couveuse.engine.companions import Companion
from couveuse.engine.crews import Running, begin, stopped_by_signal, watch
from couveuse.engine.delivering import Compose, Deliverer
from couveuse.engine.dispatching import Dispatcher
from couveuse.engine.minding import Minder
from couveuse.engine.posting import Post
from couveuse.engine.tallies import Tally
from couveuse.engine.ways import Way, ways
from couveuse.store.migrating import refuse_newer_at
from couveuse.store.processes import DELIVERER, SignsOfLife

log = structlog.get_logger("couveuse.deliverer")

# The module of what runs beside it: only named here, since nothing of it is wanted in this process.
WORKSHOP: Final = "couveuse.engine.workshop"


def run(settings: Configuration, url: str) -> None:
    """Run one deliverer and its workshop until SIGTERM or SIGINT; what they have begun they end.

    Raises BadInput for settings that cannot be used, NewerDatabase at first or when the database becomes one.
    """
    stopping = stopped_by_signal()
    tally = Tally()
    made = ways(settings)
    others: list[Running] = [
        Dispatcher(url, settings, tally),
        Minder(url, tally),
        Companion(WORKSHOP, settings, url, log),
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
    with SignsOfLife(url, DELIVERER, tally.as_json, newer=stopping.set):
        threads = begin(crew, stopping)
        log.info("deliverer started")
        if not settings.mail_url:
            log.info("no mail leaves", cure="set COUVEUSE_MAIL_URL")
        watch(url, crew, threads, stopping)
    log.info("deliverer stopped", **tally.as_json())
    return tally
