"""The house's chores: what nobody asks for and is done when it is due, as backups, archiving, sweeping and pruning."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog
from psycopg import Connection

from couveuse.configuration import Configuration
from couveuse.engine.backing_up import back_up_if_due
from couveuse.engine.clocks import now_us
from couveuse.engine.learning import learn_if_due
from couveuse.engine.loops import Counting
from couveuse.engine.pruning import Pruner
from couveuse.engine.sweeping import sweep_answers, sweep_uploads
from couveuse.store.months import Months

log = structlog.get_logger("couveuse.engine")

# How often the chores are asked whether they are due.
EVERY_SECONDS: Final = 60.0

Chore = Callable[[str, Configuration, int], object]
"""Does something for the house if it is due: told the database, the settings and the time."""


def archive(url: str, settings: Configuration, now: int) -> None:
    """Archive what is due; PyArrow is imported only where that is wanted."""
    if settings.archive_after:
        from couveuse.engine.archiving import archive_if_due

        archive_if_due(url, settings, now)


class MonthsAhead:
    """Makes the next month's partition of the facts before anybody needs it; one for one database."""

    def __init__(self) -> None:
        self._months: Months | None = None

    def __call__(self, url: str, settings: Configuration, now: int) -> None:
        self._months = self._months or Months(url)
        if not self._months.ensure_ahead(now):
            log.warning("no partition for next month yet", cure="a session holds events: see pg_stat_activity")


def of_the_house() -> Sequence[Chore]:
    """All of them, in their order."""
    return (MonthsAhead(), back_up_if_due, archive, sweep_answers, sweep_uploads, learn_if_due, Pruner())


class Chores:
    """Does them one after the other, each on connections of its own, until it is told to stop; a part of a crew."""

    connection: Connection[Any] | None = None  # it holds none
    turn = 0

    def __init__(
        self, url: str, settings: Configuration, tally: Counting, chores: Sequence[Chore],
        clock: Callable[[], int] = now_us,
    ) -> None:  # fmt: skip
        self._url, self._settings, self._tally, self._chores, self._clock = url, settings, tally, chores, clock

    def run(self, stopping: threading.Event) -> None:
        """Ask each now and then whether it is due; one that fails keeps none of the others."""
        while not stopping.is_set():
            for chore in self._chores:
                try:
                    chore(self._url, self._settings, self._clock())
                except Exception as error:
                    self._tally.fail()
                    log.exception("chore failed", error=type(error).__name__)
                if stopping.is_set():
                    return
            stopping.wait(EVERY_SECONDS)
