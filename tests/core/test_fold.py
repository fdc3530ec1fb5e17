"""The fold: edges that have a name. That it is right as a whole is for the laws and the cases."""

import pytest

from couveuse.core import fold, reading
from couveuse.core.conditions import Operator, Test
from couveuse.core.errors import OutOfOrder
from couveuse.core.ledger import Ledger
from couveuse.core.model import Cap, Fit, HotWhen, Past, Repeat, Route, Stage, Window
from couveuse.core.plan import LAST_EVENT, LAST_FACT
from couveuse.core.state import empty
from couveuse.core.times import DAY_US, NEVER
from tests.core.making import START, a_fact, a_lead, a_plan, a_rule, copies


def test_it_works() -> None:
    planned = a_plan(a_rule(points=3), a_rule("Gift", points=5))
    lead = a_lead(planned, a_fact("Click"), a_fact("Gift", 1))
    assert fold.behaviour_at(planned, lead, START + 5 * DAY_US) == 8


def test_canonical_keeps_the_earliest_copy_and_puts_in_order() -> None:
    early, late, other = a_fact(id="m", day=1), a_fact(id="m", day=2), a_fact(id="m", day=0, source="web")
    assert fold.canonical(copies([late, early, other], 2)) == [other, early]


def test_a_fact_at_its_key_or_before_is_out_of_order() -> None:
    planned = a_plan(a_rule())
    lead = a_lead(planned, a_fact(id="b"))
    for fact in (a_fact(id="b"), a_fact(id="a"), a_fact(id="z", day=-1), a_fact("Traits Set", traits={"x": 1}, id="z")):
        with pytest.raises(OutOfOrder, match="fold the lead again"):
            fold.advance(planned, lead, fact)
    assert fold.advance(planned, lead, a_fact(id="c")).key == a_fact(id="c").key


def test_a_verdict_always_asks_for_a_fold() -> None:
    planned = a_plan(a_rule())
    verdict = a_fact("Verdict Given", 5, of="x", verdict="machine")
    with pytest.raises(OutOfOrder):
        fold.advance(planned, empty(planned), verdict)


def test_advance_gives_a_new_state_and_leaves_the_old_one() -> None:
    planned = a_plan(
        a_rule(repeat=Repeat(1, Window.DAY), past=(Past("Gift", at_least=2),)), caps=(Cap(("click",), 1, Window.DAY),)
    )
    before = a_lead(planned, a_fact("Gift"), a_fact("Gift", 0.1))
    known = before.copy()
    for fact in (a_fact("Gift", 0.2), a_fact("Click", 0.3), a_fact("Traits Set", 0.4, traits={"a": 1})):
        fold.advance(planned, before, fact)
        assert before == known


def test_a_hit_whose_verdict_came_first_counts_for_nothing() -> None:
    planned = a_plan(a_rule(points=3))
    lead = a_lead(planned, a_fact("Verdict Given", of="late", verdict="machine"))
    lead = fold.advance(planned, lead, a_fact(id="late", day=1))
    assert reading.at(planned, lead, START + DAY_US).score == 0
    assert lead.ints[LAST_FACT] == NEVER, "a machine's hit is no fact of the lead's"
    assert lead.key == a_fact(id="late", day=1).key, "but it was folded, and is not folded again"


@pytest.mark.parametrize(
    ("of", "of_source", "counts"),
    [
        ("7", None, False),
        (7, None, False),
        ("7 ", "", False),
        ("7", "esp", False),
        ("7", "web", True),
        ("8", None, True),
    ],
)
def test_which_hit_a_verdict_speaks_of(of: object, of_source: object, counts: bool) -> None:
    planned = a_plan(a_rule(points=3))
    verdict = a_fact("Verdict Given", 1, of=of, of_source=of_source, verdict="machine")
    lead = a_lead(planned, a_fact(id="7", source="esp"), verdict)
    assert fold.behaviour_at(planned, lead, START) == (3 if counts else 0)


def test_what_a_verdict_leaves_as_the_last_fact() -> None:
    planned = a_plan(a_rule())
    lead = a_lead(
        planned, a_fact(day=1), a_fact(day=3, id="bad"), a_fact("Verdict Given", 9, of="bad", verdict="doubtful")
    )
    assert lead.ints[LAST_FACT] == lead.ints[LAST_EVENT] == START + DAY_US


def test_points_of_cents_add_up_as_a_person_adds() -> None:
    planned = a_plan(a_rule(points=0.1))
    lead = a_lead(planned, *(a_fact(day=i, id=f"{i:03}") for i in range(100)))
    assert fold.behaviour_at(planned, lead, START + 200 * DAY_US) == pytest.approx(10, abs=1e-9)


def test_several_rules_on_one_fact_share_their_cap_in_the_models_order() -> None:
    planned = a_plan(
        a_rule(id="one", points=4), a_rule(id="two", points=4), caps=(Cap(("two", "one"), 6, Window.EVER),)
    )
    ledger = Ledger()
    a_lead(planned, a_fact(), a_fact(day=1), ledger=ledger)
    assert [(entry[2], entry[4], entry[5]) for entry in ledger.entries] == [
        ("one", 4, 0), ("two", 4, 2), ("one", 4, 4), ("two", 4, 4),
    ]  # fmt: skip


def test_a_fact_that_cuts_is_itself_after_the_cut() -> None:
    route = Route("sales", "make-appointment")
    won = a_rule("Opportunity Won", points=5, stage=Stage.DECISION, route=route)
    planned = a_plan(a_rule(points=3, stage=Stage.DISCOVERY), won, cycle_ends_on=("Opportunity Won",))
    lead = a_lead(planned, a_fact(), a_fact("Opportunity Won", 1))
    read = reading.at(planned, lead, START + DAY_US)
    assert (read.score, read.stage, [route.cause for route in read.routes]) == (5, Stage.DECISION, ["opportunity won"])


def test_what_makes_hot_after_a_rejection_makes_hot_again_and_not_before() -> None:
    planned = a_plan(hot_when=(HotWhen("Quote Requested", 30 * DAY_US),))
    quote, rejected = a_fact("Quote Requested", 1, id="m"), a_fact("Lead Rejected", 1, id="n")
    hot = [reading.at(planned, a_lead(planned, *facts), START + 2 * DAY_US).temperature for facts in (
        (quote,), (quote, rejected), (quote, rejected, a_fact("Quote Requested", 1.5)),
    )]  # fmt: skip
    assert hot == ["hot", "cold", "hot"]


def test_a_raise_at_the_very_score_is_nothing() -> None:
    planned = a_plan(a_rule(points=5), fit=(Fit("f", Test("traits.a", Operator.EXISTS, True), 2),))
    ledger = Ledger()
    traits = a_fact("Traits Set", -1, traits={"a": 1})
    a_lead(planned, traits, a_fact(), a_fact("Score Adjusted", 1, kind="raise", points=7), ledger=ledger)
    assert [entry[2] for entry in ledger.entries] == ["click"]


def test_a_raise_looks_under_the_cap_on_the_whole() -> None:
    """The cap on the whole hides at reading only: who has 30 under a cap of 10 has 30, and is not raised to 20."""
    planned = a_plan(a_rule(points=30), total_cap=10)
    lead = a_lead(planned, a_fact(), a_fact("Score Adjusted", 1, kind="raise", points=20))
    assert fold.behaviour_at(planned, lead, START) == 30


def test_traits_held_since_always_are_those_of_a_fact_before_all() -> None:
    planned = a_plan(a_rule(lead=Test("traits.city", Operator.EQUALS, "lyon"), points=3))
    facts = [a_fact(), a_fact("Traits Set", 1, traits={"city": None}), a_fact(day=2)]
    given = fold.fold(planned, facts, since_always={"city": "Lyon", "other": 1})
    told = fold.fold(planned, [a_fact("Traits Set", at=NEVER, traits={"city": "Lyon"}), *facts])
    assert given.held == told.held == {}
    assert fold.behaviour_at(planned, given, START) == fold.behaviour_at(planned, told, START) == 3
