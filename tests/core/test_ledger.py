"""The ledger: what a fold writes down as it goes."""

from couveuse.core.ledger import Ledger
from couveuse.core.model import Cap, Window
from couveuse.core.times import DAY_US
from tests.core.making import START, a_fact, a_lead, a_plan, a_rule


def test_it_works() -> None:
    ledger, fact = Ledger(), a_fact()
    a_lead(a_plan(a_rule(points=3)), fact, ledger=ledger)
    assert ledger.entries == [(START, fact, "click", 0, 3, 0.0, 0)]


def test_a_line_of_no_points_is_written_too() -> None:
    ledger = Ledger()
    planned = a_plan(a_rule(points=0), a_rule("Gift", 5), caps=(Cap(("gift",), 0, Window.EVER),))
    a_lead(planned, a_fact(), a_fact("Gift", 1), ledger=ledger)
    assert [(entry[2], entry[4], entry[5]) for entry in ledger.entries] == [("click", 0, 0), ("gift", 5, 5)]


def test_each_cut_begins_an_era() -> None:
    ledger = Ledger()
    reset = [a_fact("Score Adjusted", day, kind="reset") for day in (1, 3)]
    a_lead(a_plan(a_rule()), a_fact(), reset[0], a_fact(day=2), reset[1], a_fact(day=4), ledger=ledger)
    assert [(entry[0] - START, entry[6]) for entry in ledger.entries] == [(0, 0), (2 * DAY_US, 1), (4 * DAY_US, 2)]
    assert ledger.era == 2


def test_without_a_ledger_the_fold_is_the_same() -> None:
    planned = a_plan(a_rule(points=3), half_life=DAY_US)
    facts = [a_fact(day=day) for day in range(5)]
    assert a_lead(planned, *facts, ledger=Ledger()) == a_lead(planned, *facts)
