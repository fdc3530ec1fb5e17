"""Plain factories: a model, a rule, a fact, a lead folded from facts."""

from collections.abc import Sequence
from typing import Any

from couveuse.core import fold
from couveuse.core.events import Fact
from couveuse.core.ledger import Ledger
from couveuse.core.model import Band, Model, Rule, Temperature
from couveuse.core.plan import Plan, plan
from couveuse.core.state import State
from couveuse.core.times import DAY_US

START = 1_772_550_000_000_000  # 2026-03-03T15:00:00Z
ALL = Band("all", None, 0.0, Temperature.COLD)


def a_rule(event: str = "Click", points: float = 1, **said: Any) -> Rule:
    return Rule(id=said.pop("id", event.lower()), event=event, points=points, **said)


def a_plan(*rules: Rule, **said: Any) -> Plan:
    return plan(Model(name="a", bands=said.pop("bands", (ALL,)), rules=rules, **said))


def a_fact(event: str = "Click", day: float = 0, **said: Any) -> Fact:
    """A fact so many days after the start; what is no part of a fact is a property."""
    at = said.pop("at", START + round(day * DAY_US))
    parts = {name: said.pop(name) for name in ("source", "context", "traits") if name in said}
    return Fact(at, event, said.pop("id", f"{event}-{at}"), properties=said, **parts)


def a_lead(planned: Plan, *facts: Fact, ledger: Ledger | None = None, email: str | None = None) -> State:
    return fold.fold(planned, fold.canonical(facts), email=email, ledger=ledger)


def bands(*edges: float, **last: Any) -> tuple[Band, ...]:
    """Cold bands up to these edges, and one above, called by their numbers."""
    below = tuple(Band(str(i), edge, i / 10, Temperature.COLD) for i, edge in enumerate(edges))
    return (*below, Band(str(len(edges)), None, 0.9, Temperature.COLD, **last))


def copies(facts: Sequence[Fact], times: int) -> list[Fact]:
    return [fact for fact in facts for _ in range(times)]
