"""Who entered which step of the funnel on which days, as an address asks for it: the leads behind a number."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import Any, Final
from zoneinfo import ZoneInfo

from psycopg import Connection

from couveuse.core.times import microseconds
from couveuse.errors import BadInput
from couveuse.store import flows
from couveuse.store.flows import OF_TEAMS, Flow, Step

WRITTEN: Final = "warm.2026-11-21.2026-11-27"
MOST_DAYS: Final = 400
MOST_TEAMS: Final = 50


class BadFlow(BadInput):
    """What was entered, and when, is not written as it must be."""


@dataclass(frozen=True, slots=True)
class Entered:
    """Who entered a step from a day until another one (included), in the instance's time zone; of some teams or of all.

    >>> Entered.read("warm.2026-11-21.2026-11-27").written
    'warm.2026-11-21.2026-11-27'
    >>> Entered.read("done.2026-11-27.2026-11-27.sales").teams
    ('sales',)
    """

    step: Step
    first: date
    last: date
    teams: Sequence[str] = ()

    @classmethod
    def read(cls, text: str) -> "Entered":
        """What an address asks for; raises BadFlow."""
        step, *parts = text.split(".")
        if step not in tuple(Step):
            raise BadFlow(f"{step[:40]}: there is no such step; write one of {', '.join(Step)}, as in {WRITTEN}")
        try:
            first, last = (date.fromisoformat(part) for part in parts[:2])
        except ValueError:
            raise BadFlow(f"write a step, its first day and its last one, as in {WRITTEN}") from None
        days, teams = (last - first).days + 1, tuple(dict.fromkeys(parts[2:]))
        if not 1 <= days <= MOST_DAYS or first.year < 1970 or last.year > 9998:
            raise BadFlow(f"write a first day and a later one, {MOST_DAYS} days at most, as in {WRITTEN}")
        if len(teams) > MOST_TEAMS or "" in teams or (teams and step not in OF_TEAMS):
            raise BadFlow(f"teams, by id, may follow {', '.join(sorted(OF_TEAMS))} alone")
        return cls(Step(step), first, last, teams)

    @property
    def written(self) -> str:
        """The same as an address has it."""
        return ".".join((self.step.value, self.first.isoformat(), self.last.isoformat(), *self.teams))


def flow_of(
    connection: Connection[Any], entered: Entered, zone: str, *, seen: Collection[str] | None, now: int
) -> Flow:
    """The flow that is meant, up to now, for whoever sees the tasks of some teams (None: of all); raises BadFlow.

    How a team's tasks ended is told to those alone who see them.
    """
    if seen is not None:
        hidden = [team for team in entered.teams if team not in seen]
        if hidden or (entered.step is Step.CLOSED and not entered.teams):
            raise BadFlow("ask for teams whose tasks you see")
    return flows.flow_of(
        connection, entered.step, since=midnight(entered.first, zone),
        until=min(midnight(entered.last + timedelta(days=1), zone), now + 1), teams=entered.teams or None,
    )  # fmt: skip


def midnight(day: date, zone: str) -> int:
    """When a day begins in a time zone."""
    return microseconds(datetime.combine(day, clock_time(), ZoneInfo(zone)))
