"""What became of what somebody handed on or took on: read of the tasks themselves, and of those that they led to."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from psycopg import Connection

from couveuse.core.outcomes import Outcome
from couveuse.store.statements import statement

_FATES, _SHOWN = statement("fates", "fates"), statement("fates", "shown")
# So many of each sort are read, the newest: a person's work of months.
MOST_FATES: Final = 1_000


class Fate(StrEnum):
    """What became of a lead."""

    WON = "won"
    LOST = "lost"
    REJECTED = "rejected"
    NEWS_WANTED = "news_wanted"  # sales accepted it, and have said nothing for long
    ACCEPTED = "accepted"
    WAITING = "waiting"  # nobody has dealt with it yet
    ENDED = "ended"  # in some other way


@dataclass(frozen=True, slots=True)
class Fated:
    """What somebody handed on, or took on, and the last task that it led to."""

    task_id: int
    lead_id: int
    is_handed_on: bool
    at: int
    last_id: int
    team: str
    member: str | None
    standing: str
    outcome: str | None
    reason: str | None
    by: str | None
    closed_at: int | None
    not_before: int | None
    is_news_wanted: bool

    @property
    def fate(self) -> Fate:
        """What became of it."""
        if self.standing == "accepted":
            return Fate.NEWS_WANTED if self.is_news_wanted else Fate.ACCEPTED
        if self.standing == "open":
            return Fate.WAITING
        return _OF_OUTCOMES.get(self.outcome or "", Fate.ENDED)


_OF_OUTCOMES: Final[Mapping[str, Fate]] = {
    Outcome.WON: Fate.WON,
    Outcome.LOST: Fate.LOST,
    Outcome.REJECTED: Fate.REJECTED,
    Outcome.NOT_RELEVANT: Fate.REJECTED,
    Outcome.NO_BUDGET: Fate.REJECTED,
    Outcome.NO_ANSWER: Fate.REJECTED,  # nobody ever answered, and it was given up
}


def fates_of(connection: Connection[Any], member: str, *, selling: Sequence[str], since: int, now: int) -> list[Fated]:
    """What became of what a member handed on or took on since an instant, the newest first.

    `selling`: the teams that sell, whose closed tasks are what a member took on.
    """
    wanted = {"member": member, "selling": list(selling), "since": since, "now": now, "most": MOST_FATES}
    return [Fated(*row) for row in connection.execute(_FATES, wanted).fetchall()]


def shown(connection: Connection[Any], lead_ids: Collection[int]) -> dict[int, int]:
    """The lead that holds the facts now of each of these leads."""
    elsewhere = dict(connection.execute(_SHOWN, {"leads": list(lead_ids)}).fetchall())
    return {lead_id: elsewhere.get(lead_id, lead_id) for lead_id in lead_ids}
