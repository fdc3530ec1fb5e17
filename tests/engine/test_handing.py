"""Hand-overs: once an episode, opened by facts alone, withdrawn when their facts go."""

import pytest

from couveuse.store.packets import Flag
from tests.engine.town import DAY, NOW, Town, accepted

ALICE = "alice@example.com"


@pytest.fixture
def town(database):
    with Town(database) as town:
        yield town


def alice(event: str, at: int = NOW, **words):
    return accepted(event, at, email=ALICE, **words)


def causes(town: Town) -> list[list[str]]:
    found = town.rows("select causes from handovers order by id")
    return [[each["cause"] for each in held] for (held,) in found]


def test_it_works(town):
    town.take(alice("Document Downloaded"))
    assert town.handovers(ALICE) == [("telemarketing", "rule", "download", False)]
    (why, band, score) = town.rows("select why, band, score from handovers")[0]
    assert why == [{"rule": "download", "points": 5.0, "at": NOW}]
    assert (band, score) == ("low", 5)


def test_a_further_cause_joins_and_another_teams_escalates(town):
    town.take(alice("Document Downloaded"))
    town.take(alice("Document Downloaded", NOW + 1))
    town.take(alice("Quote Requested", NOW + 2))
    assert [row[:3] for row in town.handovers(ALICE)] == [
        ("telemarketing", "rule", "download"), ("sales", "rule", "quote"), ("sales", "band", "high"),
    ]  # fmt: skip
    assert causes(town) == [["download", "download"], ["quote"], ["high"]]
    assert town.rows("select count(*) from episodes") == [(1,)]


def test_a_lead_that_flaps_around_an_edge_has_one_episode(town):
    town.take(*(alice("Page Viewed", NOW + n) for n in range(21)))
    for day in range(1, 8):
        town.now = NOW + day * 4 * DAY
        town.take(alice("Page Viewed", town.now), alice("Page Viewed", town.now + 1))
    assert [row[:3] for row in town.handovers(ALICE)] == [("sales", "band", "high")]


def test_a_late_fact_that_moves_a_crossing_hands_nobody_over_again(town):
    town.take(*(alice("Page Viewed", NOW + n) for n in range(21)))
    town.take(alice("Page Viewed", NOW - DAY), alice("Document Downloaded", NOW - 2 * DAY))
    assert [row[:3] for row in town.handovers(ALICE)] == [
        ("sales", "band", "high"), ("telemarketing", "rule", "download"),
    ]  # fmt: skip
    town.take(alice("Document Downloaded", NOW - 3 * DAY))
    assert len(town.handovers(ALICE)) == 2


def test_an_old_fact_opens_no_route_of_a_rule(town):
    town.take(alice("Document Downloaded", NOW - 8 * DAY))
    assert town.handovers(ALICE) == []


def test_what_came_quietly_hands_nobody_over_until_a_fact_comes(town):
    town.take(alice("Quote Requested", flags=Flag.QUIET), alice("Page Viewed", flags=Flag.QUIET))
    assert town.handovers(ALICE) == []
    town.take(alice("Page Viewed", NOW + 5))
    assert [row[:3] for row in town.handovers(ALICE)] == [("sales", "band", "high")]


def test_what_ended_before_an_episode_began_does_not_end_it_however_late_it_is_told(town):
    town.take(alice("Document Downloaded"))
    town.take(alice("Opportunity Lost", NOW - 1))
    assert town.rows("select closed_at from episodes") == [(None,)]
    town.take(alice("Opportunity Lost", NOW))
    assert town.rows("select closed_at from episodes") == [(NOW,)]


@pytest.mark.parametrize("end", ["Opportunity Won", "Opportunity Lost", "Lead Rejected"])
def test_an_outcome_ends_the_episode_and_the_next_needs_time(town, end):
    town.take(alice("Document Downloaded"))
    town.take(alice(end, NOW + DAY))
    assert town.rows("select closed_at, closed_by from episodes") == [(NOW + DAY, end)]
    town.now = NOW + 10 * DAY
    town.take(alice("Document Downloaded", town.now))
    assert len(town.handovers(ALICE)) == 1
    town.now = NOW + 31 * DAY
    town.take(alice("Document Downloaded", town.now))
    assert len(town.handovers(ALICE)) == 2
    assert town.rows("select number, closed_at is null from episodes order by id") == [(1, False), (2, True)]


def test_a_fact_of_the_decision_stage_opens_the_next_episode_at_once(town):
    town.take(alice("Document Downloaded"))
    town.take(alice("Lead Rejected", NOW + DAY))
    town.now = NOW + 2 * DAY
    town.take(alice("Quote Requested", town.now))
    assert ("sales", "rule", "quote", False) in town.handovers(ALICE)


def test_what_a_batch_asks_for_and_ends_is_handed_to_nobody(town):
    town.take(alice("Quote Requested", NOW), alice("Opportunity Lost", NOW + 1))
    assert town.handovers(ALICE) == []


def test_decay_withdraws_nothing(town):
    town.take(*(alice("Page Viewed", NOW + n) for n in range(21)))
    town.now = NOW + 60 * DAY
    town.take(alice("Page Viewed", town.now))
    assert town.handovers(ALICE) == [("sales", "band", "high", False)]


@pytest.mark.parametrize(("first", "second"), [("one", "two"), ("two", "one")])
@pytest.mark.parametrize("after", [5, 9 * DAY])
def test_a_verdict_on_one_of_two_causes_withdraws_nothing(town, first, second, after):
    town.take(alice("Document Downloaded", message_id="one"))
    town.take(alice("Document Downloaded", NOW + 1, message_id="two"))
    town.now = NOW + after
    town.take(alice("Verdict Given", NOW + 2, of=first, verdict="machine"))
    assert town.handovers(ALICE) == [("telemarketing", "rule", "download", False)]
    town.take(alice("Verdict Given", NOW + 3, of=second, verdict="machine"))
    assert town.handovers(ALICE) == [("telemarketing", "rule", "download", True)]


def test_an_irrelevant_lead_is_handed_to_nobody(database):
    from tests.engine.town import MODEL

    model = MODEL + "irrelevant: [{class: competitor, where: {traits.email_domain: {in: [example.com]}}}]\n"
    with Town(database, model) as town:
        town.take(alice("Quote Requested"))
        assert town.handovers(ALICE) == []


def test_our_own_people_are_internal(database):
    from tests.engine.town import publish

    with Town(database) as town:
        town.model_id = publish(town.connection, our_domains="example.com")
        town.take(alice("Quote Requested"))
        assert town.rows("select class from lead_states where model_id = %s", town.model_id) == [("internal",)]
        assert town.handovers(ALICE) == []
