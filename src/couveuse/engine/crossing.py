"""Which leads have crossed something: another band, stage, temperature or class than their last state said.

Only what came live, and time, cross anything. What came quietly (an import, a replay, a model published anew) moves
leads without a word, as it hands nobody over.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from couveuse.core.events import Fact
from couveuse.core.plan import Plan
from couveuse.store.crossings import Crossed
from couveuse.store.states import Held, StateRow


def crossed(
    rows: Sequence[StateRow],
    old: Mapping[int, Held],
    quiet: Collection[int] = frozenset(),
    cause: Callable[[int], str | None] = lambda _: None,
) -> list[Crossed]:
    """Of new states those that stand elsewhere than the old ones said, or are of a lead that had none.

    Leads that moved quietly are left out. `cause` tells of a lead which rule did it.
    """
    found = []
    for row in rows:
        was = old.get(row.lead_id)
        stands = (row.band, row.stage, row.temperature, row.lead_class)
        if (was is None or stands != was[1:]) and row.lead_id not in quiet:
            found.append(Crossed(was, row, cause(row.lead_id)))
    return found


def weightiest(plan: Plan, facts: Iterable[Fact]) -> str | None:
    """Of the rules that facts meant, the one of most points, the first of several; None where they meant none."""
    rules = [rule for fact in facts for rule in plan.match_fact(fact).rules]
    return max(rules, key=lambda rule: rule.points).id if rules else None
