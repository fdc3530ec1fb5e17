"""Looking at a lead: what is shown is what the core folds, as of any instant, by what was known at any other."""

import math

import pytest
from hypothesis import given

from couveuse.core.events import CHANGES, Fact, Verdict
from couveuse.core.fold import canonical, fold
from couveuse.core.plan import LAST_FACT, plan
from couveuse.core.reading import at as reading_at
from couveuse.core.times import NEVER
from couveuse.documents.reading import parse_model
from couveuse.engine import looking
from couveuse.engine.looking import BrokenLedger, Look, fact_of, look_at
from couveuse.store.events import Stored
from couveuse.store.leads import Who
from couveuse.store.packets import Flag
from tests.engine.town import DAY, MODEL, NOW
from tests.laws.strategies import Lead, kept_world, seeds

PLAN = plan(parse_model(MODEL, "town").model)
ADA = "ada@example.com"


def stored(facts: list[Fact], flags: int = Flag.NONE) -> list[Stored]:
    """Facts as the store gives them: canonical order, no copies."""
    return [Stored(fact, fact.at, flags, 1, None, None) for fact in canonical(facts)]


def a_look(*facts: Fact, at: int | None = None, is_known: bool = True, flags: int = Flag.NONE) -> Look:
    return look_at(1, Who(1, ADA, is_known), PLAN, stored(list(facts), flags), at=at, now=NOW)


def given_and_dated(lead: Lead) -> tuple[tuple[dict[str, object], ...], list[Fact]]:
    """Traits held since always apart from facts, as the store keeps them."""
    given = tuple(dict(fact.traits) for fact in lead.facts if fact.at == NEVER)
    return given, [fact for fact in lead.facts if fact.at != NEVER]


@given(seeds())
def test_as_of_any_instant_it_is_the_core_s_fold(seed: int) -> None:
    world, leads = kept_world(seed)
    planned = plan(world.model)
    for lead in leads:
        given_traits, facts = given_and_dated(lead)
        if len(given_traits) > 1:
            continue  # in which order several count is told elsewhere
        always = given_traits[0] if given_traits else {}
        ordered = canonical(facts)
        for instant in {fact.at for fact in ordered[:4]} | {ordered[-1].at + DAY if ordered else NOW}:
            state = fold(planned, ordered, email=lead.email, since_always=always, until=instant)
            who = Who(1, lead.email, True, given=given_traits)
            found = look_at(1, who, planned, stored(ordered), at=instant, now=NOW)
            assert found.reading == reading_at(planned, state, instant)
            assert math.isclose(found.sum, found.reading.score, abs_tol=1e-6)
            assert math.isclose(found.curve()[-1][1], found.reading.score, abs_tol=1e-6)
            assert all(each.stored.fact.at <= instant for each in found.facts)


def test_now_is_the_last_fact_where_a_sender_s_clock_runs_ahead() -> None:
    found = a_look(Fact(NOW + DAY // 2, "Page Viewed", "m"))
    assert (found.reading.at, found.reading.score) == (NOW + DAY // 2, 1)
    assert found.state.ints[LAST_FACT] == NOW + DAY // 2


def test_a_line_refers_to_its_fact_and_one_of_fit_to_none() -> None:
    found = a_look(
        Fact(NOW - DAY, "Traits Set", "t", traits={"job_title": "CEO"}), Fact(NOW - DAY, "Quote Requested", "q")
    )
    told = [(line.rule, None if (fact := fact_of(line)) is None else fact.message_id) for line in found.lines]
    assert told == [("quote", "q"), ("quote", "q"), ("boss", None)]


def test_each_fact_says_what_is_thought_of_it_and_whether_it_counts() -> None:
    found = a_look(
        Fact(NOW - 3 * DAY, "Page Viewed", "a"),
        Fact(NOW - 2 * DAY, "Page Viewed", "b"),
        Fact(NOW - DAY, "Verdict Given", "v", properties={"of": "a", "verdict": "machine"}),
    )
    assert [(each.stored.fact.message_id, each.verdict, each.counts) for each in found.facts] == [
        ("a", Verdict.MACHINE, False), ("b", Verdict.HUMAN, True), ("v", Verdict.HUMAN, True),
    ]  # fmt: skip


def test_what_is_claimed_of_a_known_lead_is_seen_and_does_not_count() -> None:
    claims = [
        Fact(NOW - DAY, "Traits Set", "t", traits={"job_title": "CEO"}),
        Fact(NOW - DAY, "Page Viewed", "p"),
    ]
    known, unknown = (a_look(*claims, is_known=each, flags=Flag.CLAIM) for each in (True, False))
    assert [(each.stored.fact.message_id, each.is_admitted) for each in known.facts] == [("t", False), ("p", True)]
    assert (known.reading.fit, known.known.traits) == (0, {})
    assert (unknown.reading.fit, unknown.known.traits) == (10, {"job_title": "CEO"})


def test_the_curve_steps_at_facts_and_at_traits_and_falls_between() -> None:
    found = a_look(
        Fact(NOW - 30 * DAY, "Quote Requested", "q"),
        Fact(NOW - 10 * DAY, "Traits Set", "t", traits={"job_title": "CEO"}),
        Fact(NOW - 10 * DAY, "Traits Set", "t", traits={"job_title": "CEO"}),
    )
    (q, before), (_, after), (t, left), (_, boss), (now, score) = found.curve()
    assert (q, t, now) == (NOW - 30 * DAY, NOW - 10 * DAY, NOW)
    assert (before, after, boss - left) == (0, 20, 10)
    assert after > left
    assert score == found.reading.score == pytest.approx(20)


def test_traits_and_groups_are_those_of_the_instant() -> None:
    facts = [
        Fact(NOW - 3 * DAY, "Traits Set", "a", traits={"city": "Lyon"}),
        Fact(NOW - 2 * DAY, "Group Joined", "b", properties={"group": "fair"}),
        Fact(NOW - DAY, "Traits Set", "c", traits={"city": None, "size": 3}),
    ]
    known = [a_look(*facts, at=NOW - days * DAY).known for days in (4, 3, 2, 1)]
    assert [each.traits for each in known] == [{}, {"city": "Lyon"}, {"city": "Lyon"}, {"size": 3}]
    assert [each.groups for each in known] == [[], [], ["fair"], ["fair"]]


def test_lines_that_do_not_make_the_score_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "lines", lambda *_: [])
    with pytest.raises(BrokenLedger):
        a_look(Fact(NOW, "Page Viewed", "m"))


def test_every_change_is_a_fact_that_can_be_looked_at() -> None:
    for event in CHANGES:
        words = {"group": "g", "purpose": "phone", "kind": "add", "points": 1, "of": "x", "verdict": "human"}
        assert a_look(Fact(NOW, event, "m", properties=words, traits={"a": 1})).facts[0].stored.fact.event == event
