"""What a CRM says came of leads: each row by itself, twice without harm, and the hand-off of then is closed."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from couveuse.core.outcomes import Outcome
from couveuse.core.times import DAY_US, HOUR_US, iso
from couveuse.engine.outcomes_in import Became, Item, Result, read_item, take_outcomes
from tests.engine.desk import TEAM, Desk, at
from tests.engine.test_tasking import ANNA, RECYCLED, episodes, fact, recorded
from tests.engine.town import NOW, accepted

PARIS = ZoneInfo("Europe/Paris")
WON: dict[str, object] = {"email": ANNA, "outcome": "won", "date": "2026-05-29", "amount": 1200}


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    with Desk(database) as desk:
        yield desk


def taken(desk: Desk, *rows: dict[str, object], dry_run: bool = False) -> list[Result]:
    return list(take_outcomes(desk.connection, iter(rows), by="crm", now=desk.now, dry_run=dry_run))


def one(desk: Desk, row: dict[str, object]) -> Result:
    (result,) = taken(desk, row)
    return result


def read(**words: object) -> Item | Result:
    return read_item(WON | words, zone=PARIS, now=NOW + 2 * DAY_US, currency="EUR")


def item(**words: object) -> Item:
    found = read(**words)
    assert isinstance(found, Item), found
    return found


def field_of(**words: object) -> str:
    found = read(**words)
    assert isinstance(found, Result), found
    assert found.became is Became.REFUSED
    assert found.reason
    return found.field


def test_it_works(desk: Desk) -> None:
    desk.come(fact("Document Downloaded"), fact("Quote Requested", NOW + 1))
    desk.now += 2 * DAY_US
    result = one(desk, WON)
    assert (result.became, result.lead_id, len(result.tasks)) == (Became.RECORDED, desk.lead(ANNA), 2)
    assert desk.rows("select distinct standing, outcome, outcome_by, look_at from tasks") == [
        ("closed", "won", "crm", None)
    ]
    assert recorded(desk) == ["Opportunity Won"]
    assert episodes(desk) == [("Opportunity Won",)]


def test_the_same_rows_come_twice_without_harm(desk: Desk) -> None:
    desk.come(fact("Quote Requested"))
    desk.now += 2 * DAY_US
    rows = [WON, WON | {"opportunity_id": "O1"}, WON | {"opportunity_id": "O1", "amount": 5}]
    assert [each.became for each in taken(desk, *rows)] == [Became.RECORDED] * 3
    desk.work()
    desk.come(fact("Quote Requested", desk.now + HOUR_US))
    assert [each.became for each in taken(desk, *rows)] == [Became.KNOWN] * 3
    assert recorded(desk) == ["Opportunity Won"] * 2
    assert [standing for _, standing, _ in desk.tasks()] == ["closed", "open"]
    assert episodes(desk) == [("Opportunity Won",), (None,)]


def test_bad_rows_are_refused_one_by_one(desk: Desk) -> None:
    desk.come(fact("Quote Requested"))
    desk.now += 2 * DAY_US
    found = taken(desk, {"outcome": "won"}, WON | {"email": "nobody@example.com"}, WON, WON | {"outcome": "maybe"})
    assert [each.became for each in found] == [Became.REFUSED, Became.REFUSED, Became.RECORDED, Became.REFUSED]
    assert "couveuse import" in found[1].reason


def test_nothing_is_kept_of_what_would_be(desk: Desk) -> None:
    desk.come(fact("Quote Requested"))
    desk.now += 2 * DAY_US
    (result,) = taken(desk, WON, dry_run=True)
    assert (result.became, len(result.tasks)) == (Became.RECORDED, 1)
    assert (recorded(desk), desk.tasks()) == ([], [("sales", "open", "carol")])
    assert one(desk, WON).became is Became.RECORDED


def test_a_lead_is_found_by_the_crms_number(desk: Desk) -> None:
    desk.come(fact("Quote Requested"), accepted("Traits Set", NOW, email=ANNA, traits={"crm_id": 77}))
    desk.come(accepted("Quote Requested", NOW, user_id="u-5", email=None))
    desk.now += 2 * DAY_US
    row: dict[str, object] = {name: value for name, value in WON.items() if name != "email"}
    assert one(desk, row | {"crm_id": "77"}).lead_id == desk.lead(ANNA)
    assert one(desk, row | {"crm_id": "u-5"}).lead_id == desk.lead("u-5")
    assert one(desk, row | {"crm_id": "78"}).became is Became.REFUSED
    assert one(desk, WON | {"crm_id": "77", "amount": 3}).became is Became.RECORDED
    both = one(desk, WON | {"crm_id": "u-5"})
    assert (both.became, "several leads" in both.reason) == (Became.REFUSED, True)


def test_a_number_that_two_leads_have_names_nobody(desk: Desk) -> None:
    for email in (ANNA, "ben@example.com"):
        desk.take(accepted("Traits Set", NOW, email=email, traits={"crm_id": "7"}))
    desk.now += 2 * DAY_US
    found = one(desk, {"crm_id": "7", "outcome": "lost", "date": "2026-05-29", "reason": "no budget"})
    assert (found.became, "several leads" in found.reason) == (Became.REFUSED, True)


def test_what_was_won_before_the_hand_off_began_does_not_end_it(desk: Desk) -> None:
    desk.come(fact("Quote Requested"))
    desk.now += 2 * DAY_US
    result = one(desk, WON | {"date": "2026-05-27"})
    assert (result.became, result.tasks) == (Became.RECORDED, ())
    assert recorded(desk) == ["Opportunity Won"]
    assert episodes(desk) == [(None,)]
    assert desk.tasks() == [("sales", "open", "carol")]


def test_what_sales_accepted_is_theirs_and_those_who_call_go_on(desk: Desk) -> None:
    desk.come(fact("Document Downloaded"), fact("Quote Requested", NOW + 1))
    desk.now += 2 * DAY_US
    result = one(desk, {"email": ANNA, "outcome": "Accepté", "date": "2026-05-29"})
    assert len(result.tasks) == 1
    assert sorted(desk.rows("select team, standing from tasks")) == [("sales", "accepted"), ("telemarketing", "open")]
    assert desk.rows("select look_at from tasks where team = 'sales'") == [(desk.now + 30 * DAY_US,)]
    assert recorded(desk) == ["Lead Accepted"]


def test_a_rejection_as_too_early_recycles(database: str) -> None:
    with Desk(database, model=RECYCLED) as desk:
        desk.come(fact("Quote Requested"))
        desk.now += 2 * DAY_US
        one(desk, {"email": ANNA, "outcome": "rejected", "date": "2026-05-29", "reason": "too early"})
        desk.work()
        ((behaviour,),) = desk.rows("select behaviour from lead_states")
        assert 2.9 < behaviour < 3


def test_a_merged_lead_is_its_survivors(desk: Desk) -> None:
    desk.take(fact("Page Viewed"), fact("Page Viewed", email="ben@example.com"))
    desk.rows("insert into merges (lead_id, into_id, at, by) values (%s, %s, 0, 'a') returning id",
              desk.lead("ben@example.com"), desk.lead(ANNA))  # fmt: skip
    desk.now += 2 * DAY_US
    assert one(desk, WON | {"email": "ben@example.com"}).lead_id == desk.lead(ANNA)


# ---- Rows ------------------------------------------------------------------------------------------------------------


def test_a_day_without_a_time_is_its_end_in_the_teams_time() -> None:
    assert item().at == at(24, 1) - 1
    assert item(date="2026-05-29T09:30").at == at(9.5, 1)
    today = read_item(WON, zone=PARIS, now=at(12, 1), currency="EUR")
    assert isinstance(today, Item)
    assert today.at == at(12, 1)


def test_words_are_those_of_both_languages() -> None:
    assert [item(outcome=word).told.outcome for word in ("won", "Gagné", "WON")] == [Outcome.WON] * 3
    assert item(outcome="perdu", reason="no budget").told.outcome is Outcome.LOST


@pytest.mark.parametrize(
    ("written", "number"),
    [(1200, 1200), ("1200", 1200), ("1200.50", 1200.5), ("1200,5", 1200.5), ("12 000", 12000), ("12 000,75", 12000.75)],
)
def test_amounts_are_read_as_people_write_them(written: object, number: float) -> None:
    assert item(amount=written).told.amount == number
    assert item(amount=written).told.currency == "EUR"


def test_a_currency_is_kept() -> None:
    assert item(currency="chf").told.currency == "CHF"


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"email": "", "crm_id": None}, "email"),
        ({"outcome": None}, "outcome"),
        ({"outcome": "project_detected"}, "outcome"),
        ({"date": ""}, "date"),
        ({"date": "29/05/2026"}, "date"),
        ({"date": iso(NOW + 3 * DAY_US)}, "date"),
        ({"amount": None}, "amount"),
        ({"amount": "1,234"}, "amount"),
        ({"amount": "1 200 €"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": -5}, "amount"),
        ({"amount": True}, "amount"),
        ({"currency": "euros"}, "currency"),
        ({"outcome": "lost"}, "reason"),
        ({"outcome": "lost", "reason": "x" * 201}, "reason"),
        ({"email": "a\x00@example.com"}, "email"),
        ({"reason": "\ud800", "outcome": "lost"}, "reason"),
        ({"crm_id": "x" * 501}, "crm_id"),
        ({"note": "x" * 10_001}, "note"),
    ],
)
def test_a_row_that_is_no_outcome_says_which_field_is_wrong(words: dict[str, Any], field: str) -> None:
    assert field_of(**words) == field


def test_a_row_is_known_by_its_opportunity_or_by_all_that_it_says() -> None:
    assert item(opportunity_id="O1", amount=5).prefix == item(opportunity_id="O1").prefix == "opportunity-O1"
    assert item(amount="1200").prefix == item().prefix
    others: list[dict[str, object]] = [{}, {"amount": 5}, {"date": "2026-05-28"}, {"email": "b@example.org"}]
    assert len({item(**words).prefix for words in others}) == 4


def test_without_a_team_times_are_those_of_paris(database: str) -> None:
    with Desk(database, team=None) as desk:
        desk.take(fact("Page Viewed"))
        desk.now += 2 * DAY_US
        assert one(desk, WON).became is Became.RECORDED
    assert "Europe/Paris" in TEAM
