"""Who entered which step of the funnel between two instants: as rows of leads, and as a condition on a list of leads.

What is counted of all leads in the background (`couveuse.store.rollups`) is made of the same pieces of SQL.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from psycopg import Connection, sql

from couveuse.core.events import LEAD_REJECTED, OPPORTUNITY_WON
from couveuse.store.statements import statement


class Step(StrEnum):
    """A step that leads enter; of teams `WON` are tasks that ended so, else facts that say it."""

    NEW = "new"
    WARM = "warm"
    HOT = "hot"
    HANDED_OVER = "handed_over"
    CLOSED = "done"
    WON = "won"
    REJECTED = "rejected"


# The steps that are crossings, by their conditions; and those that facts tell, by their names.
_CROSSED: Final = {Step.NEW: "is_new", Step.WARM: "is_warm", Step.HOT: "is_hot"}
_BECAME: Final = {Step.WON: OPPORTUNITY_WON, Step.REJECTED: LEAD_REJECTED}
# Steps that may be asked for of some teams.
OF_TEAMS: Final = frozenset((Step.HANDED_OVER, Step.CLOSED, Step.WON))
_NUMBERS: Final = statement("flows", "numbers_of")


@dataclass(frozen=True, slots=True)
class Flow:
    """Who entered a step from an instant until before another one; of some teams, or of all (None)."""

    step: Step
    since: int
    until: int
    teams: Sequence[str] | None = None
    names: Sequence[int] = ()  # the numbers of the facts that tell it

    @property
    def rows(self) -> sql.SQL | sql.Composed:
        """The leads that entered it, as often as they did: a select of `lead_id`."""
        if self.step in _CROSSED:
            return statement("flows", "crossed").format(step=statement("flows", _CROSSED[self.step]))
        if self.step is Step.HANDED_OVER:
            return statement("flows", "handed_over")
        if self.step is Step.CLOSED or self.teams is not None:
            return statement("flows", "closed")
        return statement("flows", "became").format(name=sql.Literal(self.names[0] if self.names else None))

    def values(self) -> dict[str, Any]:
        """What `rows` is asked with."""
        return {
            "flow_since": self.since, "flow_until": self.until,
            "flow_teams": None if self.teams is None else list(self.teams),
            "flow_outcome": self.step.value if self.step is Step.WON else None,
        }  # fmt: skip


def flow_of(connection: Connection[Any], step: Step, *, since: int, until: int, teams: Collection[str] | None) -> Flow:
    """Such a flow, with the numbers of the facts that tell it."""
    names = numbers_of(connection, [_BECAME[step]]) if step in _BECAME and teams is None else []
    return Flow(step, since, until, None if teams is None else sorted(teams), names)


def numbers_of(connection: Connection[Any], names: Collection[str]) -> list[int]:
    """The numbers of names of facts; those that never came have none."""
    return [number for (number,) in connection.execute(_NUMBERS, [list(names)]).fetchall()]


def happened(names: Sequence[int], states: sql.Identifier) -> sql.Composed:
    """All that is counted of flows since an instant: rows of kind, about, lead and instant."""
    conditions = {name: statement("flows", name) for name in _CROSSED.values()}
    literals: list[sql.Composable] = [sql.Literal(number) for number in names]
    told = sql.SQL(", ").join(literals or [sql.NULL])
    return statement("flows", "happened").format(names=told, states=states, **conditions)
