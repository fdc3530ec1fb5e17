"""The workshop: the process beside a deliverer that does what takes long, as jobs, chores and counting all leads.

In the deliverer's own interpreter that kept alerts waiting: a thread that works through a long history has the
interpreter for itself most of the time. So it is a companion of it (`couveuse.engine.companions`): run as a module.
"""

import os
import sys
from contextlib import suppress
from typing import Final

import structlog

from couveuse import logs
from couveuse.engine.chores import Chores, of_the_house
from couveuse.engine.companions import end_with, told
from couveuse.engine.crews import Running, begin, stopped_by_signal, watch
from couveuse.engine.job_kinds import KINDS
from couveuse.engine.jobs import Jobs
from couveuse.engine.rolling_up import Roller
from couveuse.engine.tallies import Tally
from couveuse.errors import CouveuseError
from couveuse.store.migrating import refuse_newer_at
from couveuse.store.processes import WORKSHOP, SignsOfLife

log = structlog.get_logger("couveuse.workshop")

# Whoever scores, alerts and shows pages has the processor first, where there is not enough for all: of what is left for
# two the workshop gets a quarter. With a processor to spare it is as fast as anybody.
NICENESS: Final = 5


def main() -> None:
    """As a companion: work for whoever started this process, until told to stop or that one is gone."""
    stopping = stopped_by_signal()
    try:
        settings, url, line = told()
    except EOFError:
        sys.exit("couveuse: whoever started this process is gone")
    logs.set_up(WORKSHOP, settings)
    with suppress(OSError):  # a sandbox may refuse it
        os.nice(NICENESS)
    end_with(line, stopping, log)
    tally = Tally()
    crew: list[Running] = [
        Jobs(url, settings, tally, KINDS),
        Chores(url, settings, tally, of_the_house()),
        Roller(url, tally),
    ]
    try:
        refuse_newer_at(url)
        with SignsOfLife(url, WORKSHOP, tally.as_json, newer=stopping.set):
            threads = begin(crew, stopping)
            log.info("workshop started")
            watch(url, crew, threads, stopping)
    except CouveuseError as error:
        log.error("workshop ended", why=str(error))
        sys.exit(1)
    log.info("workshop stopped", **tally.as_json())


if __name__ == "__main__":
    main()
