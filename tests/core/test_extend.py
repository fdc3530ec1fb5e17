"""Several facts at once on a state are the same as one by one."""

import pytest

from couveuse.core.errors import OutOfOrder
from couveuse.core.events import Fact
from couveuse.core.fold import advance, begin, canonical, extend, fold
from couveuse.core.model import Band, Model, Rule, Temperature
from couveuse.core.plan import plan

MODEL = Model(
    "m", (Band("all", None, 0.1, Temperature.COLD),), rules=(Rule("visit", "Page Viewed", 1.0),), half_life=10
)
FACTS = [Fact(at, "Page Viewed", f"m{at}") for at in (5, 6, 9, 40)]


def test_it_works():
    planned = plan(MODEL)
    state = begin(planned, None)
    extend(planned, state, FACTS[:2])
    extend(planned, state, FACTS[2:])
    assert state == fold(planned, canonical(FACTS))


def test_it_equals_advancing():
    planned = plan(MODEL)
    state = begin(planned, None)
    extend(planned, state, FACTS)
    one = begin(planned, None)
    for fact in FACTS:
        one = advance(planned, one, fact)
    assert state == one


@pytest.mark.parametrize(
    "late",
    [Fact(4, "Page Viewed", "late"), Fact(50, "Verdict Given", "v", properties={"of": "m5", "verdict": "machine"})],
)
def test_what_is_late_or_a_verdict_is_refused_and_changes_nothing(late):
    planned = plan(MODEL)
    state = fold(planned, canonical(FACTS))
    before = state.copy()
    with pytest.raises(OutOfOrder):
        extend(planned, state, [Fact(45, "Page Viewed", "m45"), late] if late.at > 40 else [late])
    assert state == before
