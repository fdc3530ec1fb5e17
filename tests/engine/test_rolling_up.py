"""What is counted of all leads is what stands in their states and journals, and is fresh when it must be."""

import json
import threading
from datetime import date, timedelta

import pytest

from couveuse.engine.rolling_up import DAYS, LEADS, LEAST_REST_US, SOURCES, Roller, roll_up
from couveuse.store import connections, rollups
from couveuse.store.packets import Flag
from tests.engine.desk import Counts, Desk
from tests.engine.town import DAY, MODEL, NOW, accepted, publish

TODAY = date(2026, 5, 28)
WITH_RIVALS = MODEL + "irrelevant: [{class: competitor, where: {traits.email_domain: {in: [rival.example]}}}]\n"


@pytest.fixture
def desk(database):
    with Desk(database, model=WITH_RIVALS) as desk:
        yield desk


def counted(desk, name):
    return rollups.rollups(desk.connection)[name].counted


def days(desk, since=TODAY - timedelta(days=70)):
    return {(each.day, each.kind, each.about): each.number for each in rollups.days(desk.connection, since)}


def hot(email, at=NOW, **how):
    return [accepted("Quote Requested", at, email=email, **how), accepted("Page Viewed", at + 1, email=email, **how)]


def test_leads_are_counted_where_they_stand(desk):
    desk.take(*hot("anna@example.com"), accepted("Page Viewed", email="ben@example.com"),
              accepted("Page Viewed", email="eve@rival.example"))  # fmt: skip
    assert roll_up(desk.connection, NOW)
    found = counted(desk, LEADS)
    assert sorted(found["standings"], key=json.dumps) == [
        [0, 0, 0, None, 1], [0, 0, 3, "competitor", 1], [2, 2, 2, None, 1],
    ]  # fmt: skip
    assert found["scores"] == [[1, 0, 1], [21, 2, 1]]


def test_sources_are_counted_by_the_first_trait_that_names_one(desk):
    desk.take(
        *hot("anna@example.com"),
        accepted("Traits Set", email="anna@example.com", traits={"lead_source": "fair"}),
        accepted("Traits Set", email="ben@example.com", traits={"utm_source": " fair "}),
        accepted("Traits Set", email="cat@example.com", traits={"lead_source": "", "origin": "web"}),
        accepted("Page Viewed", email="dan@example.com"),
    )
    roll_up(desk.connection, NOW)
    assert counted(desk, SOURCES) == [["fair", 2, 1], ["", 1, 0], ["web", 1, 0]]


def test_days_say_who_entered_which_step(desk):
    desk.come(accepted("Page Viewed", email="ben@example.com"))
    desk.now = NOW + DAY
    desk.come(*hot("ben@example.com", NOW + DAY), *hot("anna@example.com", NOW + DAY))
    roll_up(desk.connection, NOW + DAY)
    found = days(desk)
    tomorrow = TODAY + timedelta(days=1)
    assert found[TODAY, "entered", "new"] == found[TODAY, "entered", "discovery"] == 1
    assert (found[tomorrow, "entered", "new"], found[tomorrow, "entered", "hot"]) == (1, 2)
    assert found[tomorrow, "entered", "decision"] == 2
    assert found[tomorrow, "handed_over", "sales"] == 2
    assert (TODAY, "entered", "hot") not in found


def test_days_say_what_became_of_leads(desk):
    desk.come(*hot("anna@example.com"))
    desk.come(accepted("Opportunity Won", NOW + 5, email="anna@example.com"))
    desk.now = NOW + 10
    roll_up(desk.connection, desk.now)
    found = days(desk)
    assert found[TODAY, "became", "Opportunity Won"] == 1
    assert found[TODAY, "outcome", "sales/won"] == 1


def test_what_came_quietly_enters_nothing_but_is_counted_where_it_stands(desk):
    desk.take(*hot("anna@example.com", flags=Flag.QUIET))
    roll_up(desk.connection, NOW)
    assert [leads for *_, leads in counted(desk, LEADS)["standings"]] == [1]
    assert days(desk) == {}


def test_it_rests_and_then_counts_again(desk):
    desk.take(*hot("anna@example.com"))
    assert roll_up(desk.connection, NOW)
    assert not roll_up(desk.connection, NOW + 1)
    assert roll_up(desk.connection, NOW + LEAST_REST_US + 600_000_000)


def test_another_model_and_an_import_are_counted_at_once(desk):
    desk.take(*hot("anna@example.com"))
    assert roll_up(desk.connection, NOW)
    publish(desk.connection, MODEL.replace("name: town", "name: next"))
    assert roll_up(desk.connection, NOW + 1)
    assert not roll_up(desk.connection, NOW + 2)
    desk.connection.execute(
        "insert into imports (kind, digest, files, settings, consent, done, standing, counts, ended_at) "
        "values ('events', '', '[]', '{}', '{}', 0, 'done', '{}', now())"
    )
    assert roll_up(desk.connection, NOW + 3)


def test_all_days_are_counted_once_a_day_and_else_the_last_two(desk):
    desk.take(*hot("anna@example.com"))
    roll_up(desk.connection, NOW)
    whole_at = counted(desk, DAYS)["whole_at"]
    desk.connection.execute("update crossings set at = at - %s", [10 * DAY])
    roll_up(desk.connection, NOW + DAY // 2)
    assert counted(desk, DAYS)["whole_at"] == whole_at
    assert (TODAY - timedelta(days=10), "entered", "hot") not in days(desk)
    roll_up(desk.connection, NOW + DAY)
    assert (TODAY - timedelta(days=10), "entered", "hot") in days(desk)


def test_nothing_is_counted_without_a_model(desk):
    desk.connection.execute("update models set standing = 'retired'")
    assert not roll_up(desk.connection, NOW)


def test_one_counts_at_a_time(desk):
    with connections.connect(desk.url, "other", autocommit=True) as other, other.transaction():
        assert rollups.alone(other)
        assert not roll_up(desk.connection, NOW)


def test_what_is_old_goes(desk):
    desk.take(*hot("anna@example.com"))
    roller = Roller(desk.url, Counts(), lambda: desk.now)
    assert roller.work(desk.connection)
    desk.now = NOW + 401 * DAY
    assert roller.work(desk.connection)
    assert desk.rows("select count(*) from crossings") == [(0,)]
    assert days(desk) == {}


def test_it_counts_by_itself_and_stops_when_told(desk):
    desk.take(*hot("anna@example.com"))
    roller = Roller(desk.url, Counts(), lambda: desk.now)
    stopping, counted_ = threading.Event(), threading.Event()
    work = roller.work

    def watched(connection):
        done = work(connection)
        if done:
            counted_.set()
        return done

    roller.work = watched
    thread = threading.Thread(target=roller.run, args=(stopping,))
    thread.start()
    assert counted_.wait(120)
    stopping.set()
    thread.join(120)
    assert not thread.is_alive()
    assert counted(desk, LEADS)["standings"]


def test_postgresql_away_is_waited_for(desk):
    roller = Roller("postgresql://nobody@127.0.0.1:1/none", Counts(), lambda: desk.now)
    stopping = threading.Event()
    thread = threading.Thread(target=roller.run, args=(stopping,))
    thread.start()
    stopping.set()
    thread.join(120)
    assert not thread.is_alive()
