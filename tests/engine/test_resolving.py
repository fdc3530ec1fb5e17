"""Whose facts are whose, live: visitors become leads, contradictions split, claims take nobody over."""

import pytest

from couveuse.store.packets import Flag
from tests.engine.town import DAY, NOW, Town, accepted


@pytest.fixture
def town(database):
    with Town(database) as town:
        yield town


ALICE, BOB = "alice@example.com", "bob@example.com"


def test_it_works(town):
    town.take(accepted("Page Viewed", anonymous_id="d"), accepted("Page Viewed", user_id="u", anonymous_id="d"))
    assert town.score("u") == town.score("d") == 2
    town.take(accepted("Traits Set", user_id="u", email=ALICE, traits={"a": 1}))
    assert town.lead("d") == town.lead("u") == town.lead(ALICE)
    assert town.score(ALICE) == 2


def test_the_lead_of_a_user_id_goes_on_under_its_number_when_its_e_mail_is_known(town):
    town.take(accepted("Page Viewed", user_id="u"))
    before = town.lead("u")
    town.take(accepted("Page Viewed", user_id="u", email=ALICE))
    assert town.lead(ALICE) == before
    assert town.rows("select count(*) from leads") == [(1,)]


def test_a_lead_that_goes_on_under_its_e_mail_has_what_follows_from_it(database):
    from tests.engine.town import MODEL

    fit = "  - {id: ours, where: {traits.email_domain: example.com}, points: 7}\nbands:"
    with Town(database, MODEL.replace("bands:", fit)) as town:
        town.take(accepted("Page Viewed", user_id="u"))
        town.take(accepted("Page Viewed", user_id="u", email=ALICE))
        assert town.score(ALICE) == 9


def test_the_lead_of_an_e_mail_survives_and_the_other_says_where_it_went(town):
    town.take(accepted("Page Viewed", user_id="u"), accepted("Page Viewed", email=ALICE))
    alice, other = town.lead(ALICE), town.lead("u")
    assert alice != other
    town.take(accepted("Page Viewed", user_id="u", email=ALICE))
    assert town.lead("u") == town.lead(ALICE) == alice
    assert town.score(ALICE) == 3
    assert town.rows("select joined_id from leads where id = %s", other) == [(alice,)]
    assert town.rows("select count(*) from lead_states") == [(1,)]


def test_on_a_shared_computer_each_row_is_its_e_mails_and_the_device_stays_with_the_first(town):
    town.take(
        accepted("Page Viewed", NOW, anonymous_id="d", email=ALICE),
        accepted("Page Viewed", NOW + 1, anonymous_id="d", email=BOB),
        accepted("Page Viewed", NOW + 2, anonymous_id="d"),
    )
    assert (town.score(ALICE), town.score(BOB)) == (2, 1)


def test_an_earlier_row_that_arrives_late_takes_the_device_with_it_and_both_are_folded_again(town):
    town.take(
        accepted("Page Viewed", NOW, anonymous_id="d", email=ALICE), accepted("Page Viewed", NOW, anonymous_id="d")
    )
    assert town.score(ALICE) == 2
    town.take(accepted("Page Viewed", NOW - DAY, anonymous_id="d", email=BOB))
    assert town.lead("d") == town.lead(BOB)
    assert town.score(ALICE) == 1
    assert town.score(BOB) == pytest.approx(2, abs=0.1)


def test_two_e_mails_never_join_by_themselves(town):
    town.take(accepted("Page Viewed", user_id="u", email=ALICE), accepted("Page Viewed", user_id="u", email=BOB))
    assert town.lead(ALICE) != town.lead(BOB)


def test_a_claim_merges_no_two_known_leads(town):
    town.take(accepted("Page Viewed", user_id="u-9", email=ALICE), accepted("Page Viewed", email=BOB))
    town.take(accepted("Traits Set", NOW - DAY, user_id="u-9", email=BOB, flags=Flag.CLAIM, traits={"x": 1}))
    assert town.lead("u-9") == town.lead(ALICE) != town.lead(BOB)


def test_a_claim_takes_no_known_user_id_over_though_it_stood_first(town):
    town.take(accepted("Traits Set", NOW - DAY, user_id="u-9", email=BOB, flags=Flag.CLAIM, traits={"x": 1}))
    assert town.lead("u-9") == town.lead(BOB)
    town.take(accepted("Page Viewed", user_id="u-9"))
    assert town.lead("u-9") != town.lead(BOB)
    assert town.score("u-9") == 1
    town.take(accepted("Page Viewed", user_id="u-9", email=ALICE))
    assert town.lead("u-9") == town.lead(ALICE)


def test_a_claim_moves_no_device_that_a_trusted_fact_has_bound(town):
    town.take(accepted("Page Viewed", NOW, anonymous_id="d", email=ALICE))
    town.take(accepted("Traits Set", NOW - DAY, anonymous_id="d", email=BOB, flags=Flag.CLAIM, traits={"x": 1}))
    assert town.lead("d") == town.lead(ALICE)


def test_a_claim_binds_a_new_device_to_the_person_that_it_names(town):
    town.take(accepted("Page Viewed", email=ALICE))
    town.take(accepted("Page Viewed", anonymous_id="d", flags=Flag.CLAIM),
              accepted("Traits Set", anonymous_id="d", email=ALICE, flags=Flag.CLAIM, traits={"x": 1}))  # fmt: skip
    assert town.lead("d") == town.lead(ALICE)
    assert town.score(ALICE) == 2


def test_claimed_traits_change_nothing_of_a_known_lead(town):
    town.take(accepted("Traits Set", email=ALICE, flags=Flag.CLAIM, traits={"job_title": "CEO"}))
    assert town.score(ALICE) == 10
    town.take(accepted("Page Viewed", NOW + 1, email=ALICE))
    assert town.score(ALICE) == 1
    assert town.rows("select traits from leads") == [({},)]
    town.take(accepted("Traits Set", NOW + 2, email=ALICE, flags=Flag.CLAIM, traits={"job_title": "CEO"}))
    assert town.score(ALICE) == 1
    town.take(accepted("Traits Set", NOW + 3, email=ALICE, traits={"job_title": "CEO"}))
    assert town.score(ALICE) == 11
