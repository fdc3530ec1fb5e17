"""Letting go, once an hour, of what is kept for a stated time only, by the days that the settings name.

Facts, leads, tasks, versions of models and the audit are no concern of this: they are kept.
"""

from collections.abc import Callable, Mapping
from typing import Final

import structlog

from couveuse.configuration import Configuration
from couveuse.core.times import DAY_US, HOUR_US
from couveuse.engine.job_kinds import LEARN
from couveuse.store import connections
from couveuse.store.pruning import (
    ALERTS,
    ATTEMPTS,
    DRAFTS,
    INTENTS,
    INVITATIONS,
    JOBS,
    MOST,
    REJECTS,
    SESSIONS,
    UPLOADS,
    prune,
)

log = structlog.get_logger("couveuse.engine")

EVERY_US: Final = HOUR_US
# After so many steps of one thing the others have their turn; the rest goes an hour later.
MOST_STEPS: Final = 200

# How many days each is kept, by its setting; 0: for good. Of work that is over files go first, which name their
# work; of what went out alerts, which digests tell of.
KEPT: Final[Mapping[str, Callable[[Configuration], int]]] = {
    UPLOADS: lambda settings: settings.keep_work,
    DRAFTS: lambda settings: settings.keep_work,
    JOBS: lambda settings: settings.keep_work,
    REJECTS: lambda settings: settings.keep_rejects,
    INVITATIONS: lambda settings: settings.keep_sign_ins,
    ATTEMPTS: lambda settings: settings.keep_sign_ins,
    ALERTS: lambda settings: settings.keep_sent,
    INTENTS: lambda settings: settings.keep_sent,
    SESSIONS: lambda _: 1,  # after they have expired
}
# The last work of these kinds says when it is due again.
LAST_KEPT: Final = (LEARN,)


class Pruner:
    """A chore of the house: does it when an hour has gone by since this process did it."""

    def __init__(self) -> None:
        self._at: int | None = None

    def __call__(self, url: str, settings: Configuration, now: int) -> None:
        """Let go of what was kept long enough, if it is time."""
        if self._at is not None and now < self._at + EVERY_US:
            return
        gone = prune_all(url, settings, now)
        self._at = now
        if gone:
            log.info("pruned", **gone)


def prune_all(url: str, settings: Configuration, now: int) -> dict[str, int]:
    """Let go of all that was kept long enough, each step a transaction of its own; how much of what went."""
    gone: dict[str, int] = {}
    with connections.connect(url, "prune", autocommit=True) as connection:
        for what, days_of in KEPT.items():
            days = days_of(settings)
            if not days:
                continue
            for _ in range(MOST_STEPS):
                step = prune(connection, what, before=now - days * DAY_US, kept=LAST_KEPT)
                if step:
                    gone[what] = gone.get(what, 0) + step
                if step < MOST:
                    break
    return gone
