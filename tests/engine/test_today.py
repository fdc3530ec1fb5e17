"""What the first page is told: since when, what is late and whose, how the funnel moved, for the company or a team."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from couveuse.core.roster import Hours
from couveuse.core.times import DAY_US, HOUR_US, microseconds
from couveuse.engine.rolling_up import roll_up
from couveuse.engine.today import arrived, look_at_today, since_of
from tests.engine.desk import TEAM, Desk
from tests.engine.town import NOW, accepted

PARIS = "Europe/Paris"


@pytest.fixture
def desk(database):
    with Desk(database, TEAM) as desk:
        yield desk


def hot(email, at=NOW):
    return [accepted("Quote Requested", at, email=email), accepted("Page Viewed", at + 1, email=email)]


def look(desk, teams=None, member=None, sees_tasks=True, now=None):
    return look_at_today(
        desk.connection, teams=teams, member=member, sees_tasks=sees_tasks, zone=PARIS, now=now or desk.now + 10
    )


@pytest.mark.parametrize(
    ("day", "back"),
    [(21, 3), (22, 1), (24, 1), (25, 1), (26, 1), (27, 2)],
    ids=["monday", "tuesday", "thursday", "friday", "saturday", "sunday"],
)
def test_it_looks_back_to_the_last_working_day(day, back):
    now = microseconds(datetime(2026, 9, day, 9, tzinfo=ZoneInfo(PARIS)))
    assert since_of(Hours(), PARIS, now) == (now - back * DAY_US, back)


def test_a_holiday_is_no_working_day():
    now = microseconds(datetime(2026, 7, 15, 9, tzinfo=ZoneInfo(PARIS)))  # the day after the 14th of July
    assert since_of(replace(Hours(), holidays="FR"), PARIS, now)[1] == 2
    assert since_of(Hours(), PARIS, now)[1] == 1


def test_where_nobody_ever_works_it_is_yesterday():
    assert since_of(replace(Hours(), week=((),) * 7), PARIS, NOW) == (NOW - DAY_US, 1)


def test_ones_own_late_tasks_come_first(desk):
    for name in ("anna", "ben", "cat", "dora"):
        desk.come(*hot(f"{name}@example.com"))
    late = look(desk, teams=["sales"], member="dan", now=NOW + 5 * DAY_US)
    members = [each.member for each in late.late]
    assert "dan" in members
    assert members == sorted(members, key=lambda member: member != "dan")
    assert late.late_number == 4


def test_what_is_put_off_is_not_late_and_what_is_irrelevant_is_not_either(desk):
    desk.come(*hot("anna@example.com"))
    now = NOW + 5 * DAY_US
    assert look(desk, now=now).late_number == 1
    desk.connection.execute("update tasks set not_before = %s", [now + HOUR_US])
    assert look(desk, now=now).late_number == 0
    desk.connection.execute("update tasks set not_before = null")
    desk.connection.execute("update lead_states set temperature = 3")
    assert look(desk, now=now).late_number == 0


def test_a_team_is_told_of_its_hand_overs_and_the_company_of_who_ripened(desk):
    desk.come(*hot("anna@example.com"), accepted("Document Downloaded", email="ben@example.com"))
    company, sales, calls = look(desk), look(desk, teams=["sales"]), look(desk, teams=["telemarketing"])
    assert [each.lead.key for each in company.ripened] == ["anna@example.com"]
    assert [each.lead.key for each in sales.ripened] == ["anna@example.com"]
    assert [each.lead.key for each in calls.ripened] == ["ben@example.com"]
    assert company.ripened[0].cause == "quote"
    assert (calls.unseen_number, calls.late_number) == (1, 0)
    assert {each.team for each in calls.unseen} == {"telemarketing"}


def test_who_is_in_no_team_is_told_of_the_company_and_has_no_tasks(desk):
    desk.come(*hot("anna@example.com"))
    found = look(desk, teams=[], now=NOW + HOUR_US)
    assert (found.ripened_number, found.late_number, found.unseen_number) == (1, 0, 0)


def test_what_was_withdrawn_is_told_to_no_team(desk):
    desk.come(*hot("anna@example.com"))
    desk.connection.execute("update handovers set withdrawn_at = %s", [NOW])
    assert look(desk, teams=["sales"]).ripened_number == 0


def test_a_lead_that_cooled_again_has_not_ripened(desk):
    desk.come(*hot("anna@example.com"))
    desk.connection.execute("update lead_states set temperature = 1")
    assert look(desk).ripened_number == 0


def test_a_lead_that_ripens_twice_is_told_once(desk):
    desk.come(*hot("anna@example.com"))
    desk.connection.execute(
        "insert into crossings (lead_id, model_id, at, by_time, score, band, temperature, is_to_tell) "
        "select lead_id, model_id, at + 5, false, score, band, 2, false from crossings"
    )
    found = look(desk)
    assert (found.ripened_number, [each.at for each in found.ripened]) == (1, [NOW + 5])


def test_the_funnel_of_the_company_and_of_a_team(desk):
    desk.come(*hot("anna@example.com"), accepted("Document Downloaded", email="ben@example.com"))
    desk.come(accepted("Opportunity Won", NOW + 5, email="anna@example.com"))
    desk.now = NOW + 10
    roll_up(desk.connection, desk.now)
    company = {each.id: each for each in look(desk).counted.steps}
    assert {id: each.within(1) for id, each in company.items()} == {
        "new": 2, "warm": 0, "hot": 1, "handed_over": 2, "won": 1, "rejected": 0,
    }  # fmt: skip
    assert company["new"].now == 2
    sales = {each.id: each for each in look(desk, teams=["sales"]).counted.steps}
    assert {id: each.within(30) for id, each in sales.items()} == {"handed_over": 1, "done": 1, "won": 1}
    assert sales["won"].before == 0


def test_who_arrived_is_told_from_an_instant_on(desk):
    desk.come(*hot("anna@example.com"))
    for since, number in ((NOW - 1, 1), (NOW, 0)):
        found, _ = arrived(desk.connection, teams=None, sees_tasks=True, since=since, shown=5)
        assert len(found) == number
