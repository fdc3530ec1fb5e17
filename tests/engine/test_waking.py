"""What time alone changes happens at its time, and lists are never a day old."""

import threading

import pytest

from couveuse.documents.reading import parse_model
from couveuse.engine import publishing
from couveuse.engine.running import Tally
from couveuse.engine.waking import Clock
from tests.engine.town import DAY, MODEL, NOW, Town, accepted, configuration

ALICE = "alice@example.com"


@pytest.fixture
def town(database):
    with Town(database) as town:
        yield town


def band(town: Town) -> int:
    return town.rows("select band from lead_states where model_id = %s", town.model_id)[0][0]


def test_a_band_falls_at_its_time_and_not_before(town):
    town.take(*(accepted("Page Viewed", NOW + n, email=ALICE) for n in range(12)))
    assert band(town) == 1
    due = town.rows("select band_changes_at from lead_states where model_id = %s", town.model_id)[0][0]
    assert NOW < due < NOW + 30 * DAY
    clock = Clock(town.url, Tally(), lambda: town.now)
    town.now = due - 1
    assert clock.wake(town.connection) == 0
    town.now = due
    assert clock.wake(town.connection) == 1
    assert band(town) == 0
    assert clock.wake(town.connection) == 0


def test_the_states_of_a_model_that_is_coming_are_left_alone_until_it_acts(town):
    document = parse_model(MODEL.replace("name: town", "name: next"), "next")
    coming = publishing.publish(town.connection, document, configuration(), standing="coming", by="a test")
    town.take(*(accepted("Page Viewed", NOW + n, email=ALICE) for n in range(12)))
    assert town.rows("select count(*) from lead_states") == [(2,)]
    clock = Clock(town.url, Tally(), lambda: town.now)
    town.now = NOW + 40 * DAY
    assert (clock.wake(town.connection), clock.sweep(town.connection)) == (1, 0)
    publishing.stand(town.connection, town.model_id, "retired")
    publishing.stand(town.connection, coming, "acting")
    assert clock.wake(town.connection) == 1


def test_scores_in_lists_are_read_again_before_they_are_a_day_old(town):
    town.take(*(accepted("Page Viewed", NOW, email=f"{n}@example.com") for n in range(3)))
    clock = Clock(town.url, Tally(), lambda: town.now)
    assert clock.sweep(town.connection) == 0
    town.now = NOW + 23 * 3_600_000_000
    assert clock.sweep(town.connection) == 3
    assert {round(score, 9) for (score,) in town.rows("select sort_score from lead_states")} == {
        round(0.5 ** (23 / 24 / 30), 9)
    }
    assert clock.sweep(town.connection) == 0


def test_the_clock_runs_by_itself_and_stops_when_told(town):
    town.take(*(accepted("Page Viewed", NOW + n, email=ALICE) for n in range(12)))
    stopping = threading.Event()
    woken = threading.Event()
    clock = Clock(town.url, Tally(), lambda: NOW + 40 * DAY)
    wake = clock.wake

    def wake_and_tell(connection):
        count = wake(connection)
        if count:
            woken.set()
        return count

    clock.wake = wake_and_tell
    thread = threading.Thread(target=clock.run, args=(stopping,))
    thread.start()
    assert woken.wait(120)
    stopping.set()
    thread.join(120)
    assert not thread.is_alive()
    assert band(town) == 0
