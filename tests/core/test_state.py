"""The state: a value that another process reads, of a size that the model bounds."""

import json
import random

import pytest

from couveuse.core import fold
from couveuse.core.conditions import Operator, Test
from couveuse.core.errors import StateMismatch
from couveuse.core.model import Cap, Fit, HotWhen, Past, Repeat, Stage, Topic, Window
from couveuse.core.state import FIRST_KEY, empty, packed, unpacked
from couveuse.core.times import DAY_US
from tests.core.making import START, a_fact, a_lead, a_plan, a_rule

CITY = Test("traits.city", Operator.EQUALS, "lyon")
MEMBER = Test("groups", Operator.CONTAINS, "clients")

RICH = a_plan(
    a_rule("Page Viewed", id="visit", repeat=Repeat(1, Window.VISIT), stage=Stage.DISCOVERY),
    a_rule("Email Clicked", id="fan", past=(Past("Email Opened", DAY_US, 5), Past("Page Viewed")), half_life=DAY_US),
    a_rule("Email Clicked", id="local", lead=CITY, repeat=Repeat(3, Window.MONTH)),
    a_rule("Page Viewed", id="member", lead=MEMBER),
    half_life=90 * DAY_US,
    fit=(Fit("city", CITY, 5),),
    caps=(Cap(("visit", "local"), 10, Window.WEEK),),
    hot_when=(HotWhen("Quote Requested", 30 * DAY_US),),
    topics=(Topic("/a*", "a"), Topic("/b*", "b")),
)


def a_long_history(count: int) -> list[object]:
    rng = random.Random(1)
    names = ("Page Viewed", "Email Clicked", "Email Opened", "Quote Requested")
    return [
        a_fact(
            rng.choice(names), id=f"m{i:06}", at=START + i * rng.randrange(1_000_000_000), path=rng.choice(("/a", "/b"))
        )
        for i in range(count)
    ]


def test_it_works() -> None:
    lead = a_lead(RICH, *a_long_history(50), email="ada@example.org")  # type: ignore[arg-type]  # facts
    read_back = unpacked(RICH, packed(lead))
    lead.answers = read_back.answers
    assert read_back == lead


def test_an_empty_state_is_one_too() -> None:
    state = empty(RICH, "ada@example.org")
    assert unpacked(RICH, packed(state)) == state
    assert state.key == FIRST_KEY < a_fact(at=START).key


def test_groups_traits_and_verdicts_come_back_as_they_were() -> None:
    lead = a_lead(
        RICH,
        a_fact("Group Joined", 1, group="Clients"),
        a_fact("Group Joined", 2, group="Été"),
        a_fact("Traits Set", 3, traits={"city": {"name": ["Lyon", 3, None, True]}}),
        a_fact("Verdict Given", 4, of="x", verdict="machine"),
        a_fact("Verdict Given", 4, of="x", of_source="esp", verdict="human", id="v"),
    )
    read_back = unpacked(RICH, packed(lead))
    assert (
        read_back.held == lead.held == {"groups": {"Clients", "Été"}, "traits.city": {"name": ["Lyon", 3, None, True]}}
    )
    assert read_back.verdicts == lead.verdicts
    assert read_back.verdicts.keys() == {(None, "x"), ("esp", "x")}


def test_what_was_found_of_lead_conditions_is_asked_anew_and_not_trusted() -> None:
    lead = a_lead(RICH, a_fact("Page Viewed"))
    assert 0 in lead.answers
    assert set(unpacked(RICH, packed(lead)).answers) == {-1}


def test_the_state_of_another_model_is_refused() -> None:
    other = a_plan(a_rule())
    for planned, text in ((RICH, packed(empty(other))), (other, packed(empty(RICH)))):
        with pytest.raises(StateMismatch, match="fold the lead again"):
            unpacked(planned, text)


def test_a_state_is_plain_json() -> None:
    assert isinstance(json.loads(packed(empty(RICH))), list)


def test_the_state_of_ten_thousand_events_is_no_larger_than_that_of_a_hundred() -> None:
    few, many = (packed(a_lead(RICH, *a_long_history(count))) for count in (100, 10_000))  # type: ignore[arg-type]  # facts
    assert len(many) < 1_000
    assert len(many) < len(few) + 100


def test_a_past_of_a_hundred_keeps_two_hundred_instants() -> None:
    planned = a_plan(a_rule(past=(Past("Email Opened", at_least=100),)))
    lead = a_lead(planned, *(a_fact("Email Opened", id=f"{i:05}", at=START + i // 300) for i in range(3_000)))
    assert len(lead.trails[0]) <= 200
    assert len(packed(lead)) < 5_000


def test_a_state_written_by_one_goes_on_in_another() -> None:
    history = a_long_history(200)
    whole = a_lead(RICH, *history)  # type: ignore[arg-type]  # facts
    facts = fold.canonical(history)  # type: ignore[arg-type]  # facts
    state = a_lead(RICH, *facts[:77])
    for fact in facts[77:]:
        state = fold.advance(RICH, unpacked(RICH, packed(state)), fact)
    assert packed(state) == packed(whole)
