"""A batch: what is new is stored and folded, copies count once, order does not matter."""

import pytest

from tests.engine.town import DAY, NOW, Town, accepted


@pytest.fixture
def town(database):
    with Town(database) as town:
        yield town


def test_it_works(town):
    town.take(
        accepted("Page Viewed", email="alice@example.com"), accepted("Quote Requested", email="alice@example.com")
    )
    assert town.score("alice@example.com") == 21
    assert town.rows("select count(*) from events") == [(2,)]
    assert town.rows("select count(*) from inbox") == [(0,)]
    assert town.handovers("alice@example.com") == [("sales", "rule", "quote", False), ("sales", "band", "high", False)]


def test_a_copy_counts_once_in_a_batch_and_across_batches(town):
    for _ in range(2):
        copies = [accepted("Page Viewed", email="alice@example.com", message_id="one") for _ in range(3)]
        town.take(*copies)
    assert town.score("alice@example.com") == 1
    assert town.rows("select count(*) from events") == [(1,)]


def test_of_two_copies_the_first_accepted_fixes_the_time(town):
    town.take(accepted("Page Viewed", NOW - 5, email="alice@example.com", message_id="one"))
    town.take(accepted("Page Viewed", NOW - 9, email="alice@example.com", message_id="one"))
    assert town.rows("select at from events") == [(NOW - 5,)]


def test_a_late_fact_gives_what_it_would_have_given_in_time(town):
    early, late = (
        accepted("Page Viewed", NOW - 40 * DAY, email="a@example.com"),
        accepted("Quote Requested", NOW, email="a@example.com"),
    )
    town.take(late)
    town.take(early)
    town.take(accepted("Page Viewed", NOW - 40 * DAY, email="b@example.com"))
    town.take(accepted("Quote Requested", NOW, email="b@example.com"))
    assert town.score("a@example.com") == town.score("b@example.com") == round(20 + 0.5 ** (40 / 30), 6)


def test_a_verdict_takes_a_hits_points_and_its_hand_over_away(town):
    town.take(accepted("Document Downloaded", email="alice@example.com", message_id="hit"))
    assert town.handovers("alice@example.com") == [("telemarketing", "rule", "download", False)]
    town.take(accepted("Verdict Given", NOW + 9, email="alice@example.com", of="hit", verdict="machine"))
    assert town.score("alice@example.com") == 0
    assert town.handovers("alice@example.com") == [("telemarketing", "rule", "download", True)]


def test_a_visitor_is_recorded_and_scores_once_known(town):
    town.take(accepted("Page Viewed", NOW - 9, anonymous_id="d1"))
    assert town.lead("d1") is None
    town.take(accepted("Traits Set", anonymous_id="d1", email="alice@example.com", traits={"job_title": "CEO"}))
    assert town.lead("d1") == town.lead("alice@example.com") is not None
    assert town.score("d1") == pytest.approx(11)
    assert town.rows("select traits from leads") == [({"job_title": "CEO"},)]
