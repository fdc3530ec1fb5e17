"""The table of outcomes: closed, whole, and read by one check and one function of facts."""

from dataclasses import fields
from typing import Any

import pytest

from couveuse.core import events
from couveuse.core.events import Fact, is_complete, is_too_early
from couveuse.core.model import LeadClass
from couveuse.core.outcomes import (
    CLASSES,
    REASONS,
    TABLE,
    Becomes,
    Desk,
    Need,
    Opens,
    Outcome,
    Refused,
    Told,
    check,
    ends_at,
    ends_episode,
    facts,
    lifted,
)
from couveuse.core.times import DAY_US, HOUR_US

NOW = 1_780_000_000_000_000
GIVEN: dict[Need, Any] = {
    Need.CALL_AT: NOW + HOUR_US, Need.STARTS_AT: NOW + HOUR_US, Need.MINUTES: 30, Need.PLACE: "Lille",
    Need.LEAD_CLASS: LeadClass.STUDENT, Need.REASON: "too early", Need.AMOUNT: 1_000.0, Need.CURRENCY: "EUR",
    Need.ON: NOW - DAY_US, Need.OPPORTUNITY_ID: "O1",
}  # fmt: skip


def told(outcome: Outcome, **words: Any) -> Told:
    """An outcome with all that it needs, and these words."""
    needed = {str(need): GIVEN[need] for need in TABLE[outcome].needs}
    return Told(outcome, **(needed | words))


def field_of(found: Refused | None) -> str:
    assert found is not None
    return found.field


def test_it_works() -> None:
    won = told(Outcome.WON, currency="EUR", on=NOW - DAY_US, opportunity_id="O1")
    assert check(won, now=NOW) is None
    (said,) = facts(won, at=NOW)
    assert (said.event, said.at, said.name) == ("Opportunity Won", NOW - DAY_US, "opportunity-won")
    assert said.properties == {"amount": 1000.0, "currency": "EUR", "opportunity_id": "O1"}


def test_each_outcome_is_in_the_table_with_words_in_both_languages() -> None:
    assert list(TABLE) == list(Outcome)
    labels = [row.label for row in TABLE.values()] + [*REASONS.values(), *CLASSES.values()]
    assert all(label.fr and label.en for label in labels)
    assert list(CLASSES) == list(LeadClass)
    assert {str(need) for need in Need} <= {each.name for each in fields(Told)}


@pytest.mark.parametrize("outcome", Outcome)
def test_its_facts_are_events_that_only_the_inside_may_tell(outcome: Outcome) -> None:
    for said in facts(told(outcome), at=NOW):
        assert said.event in events.INSIDE_ONLY or said.traits.keys() <= events.INSIDE_TRAITS
        assert is_complete(Fact(said.at, said.event, "m", "couveuse", said.properties, {}, said.traits))


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("need", Need)
def test_what_is_needed_is_asked_for_and_what_is_not_is_refused(outcome: Outcome, need: Need) -> None:
    row = TABLE[outcome]
    if need in row.needs:
        assert field_of(check(told(outcome, **{need: None if need is not Need.REASON else ""}), now=NOW)) == need
    elif need in row.may:
        assert check(told(outcome, **{need: GIVEN[need]}), now=NOW) is None
    else:
        assert field_of(check(told(outcome, **{need: GIVEN[need]}), now=NOW)) == need


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome.CALL_AGAIN, {"call_at": NOW}),
        (Outcome.CALL_AGAIN, {"call_at": NOW + 800 * DAY_US}),
        (Outcome.APPOINTMENT_MADE, {"starts_at": NOW - 1}),
        (Outcome.APPOINTMENT_MADE, {"minutes": 0}),
        (Outcome.APPOINTMENT_MADE, {"minutes": 1_441}),
        (Outcome.APPOINTMENT_MADE, {"place": "x" * 201}),
        (Outcome.WON, {"amount": -1.0}),
        (Outcome.WON, {"amount": float("nan")}),
        (Outcome.WON, {"amount": 1e13}),
        (Outcome.WON, {"on": NOW + 1}),
        (Outcome.WON, {"currency": "eur"}),
        (Outcome.WON, {"currency": "EURO"}),
        (Outcome.LOST, {"reason": "x" * 201}),
        (Outcome.LOST, {"opportunity_id": "x" * 201}),
        (Outcome.NO_ANSWER, {"note": "x" * 10_001}),
    ],
)
def test_values_out_of_bounds_name_their_field(outcome: Outcome, words: dict[str, Any]) -> None:
    assert field_of(check(told(outcome, **words), now=NOW)) == next(iter(words))


@pytest.mark.parametrize("name", ["reason", "note", "opportunity_id"])
def test_no_text_holds_what_cannot_be_stored(name: str) -> None:
    assert check(told(Outcome.LOST, **{name: "a\x00"}), now=NOW) is not None


def test_each_desk_has_its_own() -> None:
    calls = {row.outcome for row in TABLE.values() if Desk.CALLS in row.desks}
    sales = {row.outcome for row in TABLE.values() if Desk.SALES in row.desks}
    assert calls - sales == {Outcome.PROJECT_DETECTED, Outcome.APPOINTMENT_MADE}
    assert sales - calls == {Outcome.ACCEPTED, Outcome.REJECTED, Outcome.WON, Outcome.LOST}
    assert calls | sales == set(Outcome)


def test_what_opens_something_is_closed_itself() -> None:
    opening = {row.outcome: row.becomes for row in TABLE.values() if row.opens is not Opens.NOTHING}
    assert opening == {Outcome.PROJECT_DETECTED: Becomes.CLOSED, Outcome.APPOINTMENT_MADE: Becomes.CLOSED}


def test_too_early_is_a_reason_that_the_fold_knows() -> None:
    assert [reason for reason in REASONS if is_too_early(reason)] == ["too early"]
    (said,) = facts(told(Outcome.REJECTED), at=NOW)
    assert is_too_early(said.properties["reason"])


def test_who_is_not_relevant_is_rejected_and_set_aside() -> None:
    call, rejected, aside = facts(told(Outcome.NOT_RELEVANT), at=NOW)
    assert (call.event, call.properties) == ("Call Made", {"outcome": "not_relevant"})
    assert (rejected.event, rejected.properties) == (
        "Lead Rejected",
        {"reason": "not relevant", "lead_class": "student"},
    )
    assert (aside.event, aside.properties, aside.traits) == ("Traits Set", {}, {"lead_class": "student"})
    assert lifted(NOW).traits == {"lead_class": None}


def test_who_was_called_for_the_last_time_is_rejected() -> None:
    assert [each.event for each in facts(told(Outcome.NO_ANSWER), at=NOW)] == ["Call Made"]
    last = facts(told(Outcome.NO_ANSWER), at=NOW, gives_up=True)
    assert [each.event for each in last] == ["Call Made", "Lead Rejected"]


def test_rejections_and_the_end_of_an_opportunity_end_a_hand_off() -> None:
    ending = {outcome for outcome in Outcome if any(map(ends_episode, facts(told(outcome), at=NOW)))}
    assert ending == {
        Outcome.NO_BUDGET, Outcome.NOT_RELEVANT, Outcome.REJECTED, Outcome.WON, Outcome.LOST
    }  # fmt: skip


def test_an_appointment_says_when_it_is() -> None:
    _, booked = facts(told(Outcome.APPOINTMENT_MADE, minutes=45, place="Lille"), at=NOW)
    assert booked.properties == {"starts_at": "2026-05-28T21:26:40Z", "minutes": 45}
    assert ends_at(NOW, 45) == NOW + 45 * 60_000_000
