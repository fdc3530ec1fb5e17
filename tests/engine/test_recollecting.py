"""Of a history that was brought in it is worked out afterwards what its leads crossed lately, and told to nobody."""

import pytest

from couveuse.core.times import iso
from couveuse.engine import recollecting
from couveuse.engine.batches import Folder
from couveuse.engine.live import LiveModels
from couveuse.engine.recollecting import DAYS_BACK, recollect
from couveuse.engine.rolling_up import Roller
from couveuse.engine.undoing import Undoing
from couveuse.store import crossings, rollups
from tests.engine.desk import Counts
from tests.engine.test_importing import bring, write
from tests.engine.town import DAY, NOW, Town, accepted

ANNA, BEN = "anna@example.com", "ben@example.com"


@pytest.fixture
def town(database):
    with Town(database) as town:
        yield town


def row(event, day, email):
    """A fact so many days before now."""
    return {"event": event, "occurred_at": iso(NOW - round(day * DAY)), "email": email, "message_id": f"{event}{day}"}


def bring_in(town, tmp_path, *rows, name="events.ndjson"):
    return bring(town.url, write(tmp_path / name, rows), processes=1)


def work(town):
    """Work out all that is left; returns in how many handfuls."""
    folder, models, done = Folder(town.url), LiveModels(), 0
    while recollect(town.connection, folder, models, town.now):
        done += 1
    return done


def crossed(town, email):
    """What a lead crossed: how many days before now, temperature before and then, and by which rule."""
    found = crossings.page(town.connection, lead_id=town.lead(email))
    return [
        (round((NOW - each.at) / DAY, 1), each.temperature_was, each.temperature, each.cause)
        for each in sorted(found, key=lambda each: each.at)
    ]


def test_each_crossing_stands_at_its_fact(town, tmp_path):
    bring_in(town, tmp_path, row("Page Viewed", 20, ANNA), row("Document Downloaded", 9, ANNA),
             row("Quote Requested", 3, ANNA), row("Page Viewed", 2, ANNA))  # fmt: skip
    assert crossings.page(town.connection) == []
    assert work(town) > 0
    # At 9 days only the stage changes.
    assert crossed(town, ANNA) == [(20, None, 0, "visit"), (9, 0, 0, "download"), (3, 0, 2, "quote")]
    assert town.rows("select count(*) from crossings where is_to_tell") == [(0,)]
    assert work(town) == 0


def test_a_lead_that_was_there_before_is_not_new(town, tmp_path):
    bring_in(town, tmp_path, row("Page Viewed", DAYS_BACK + 9, ANNA), row("Quote Requested", 3, ANNA))
    work(town)
    assert crossed(town, ANNA) == [(3, 0, 2, "quote")]


def test_what_is_long_ago_is_not_worked_out(town, tmp_path):
    bring_in(town, tmp_path, row("Quote Requested", DAYS_BACK + 1, ANNA))
    work(town)
    assert crossings.page(town.connection) == []


def test_from_the_first_crossing_that_was_looked_on_that_one_counts(town, tmp_path):
    town.now = NOW - 5 * DAY
    town.take(accepted("Page Viewed", town.now, email=ANNA))
    town.now = NOW
    bring_in(town, tmp_path, row("Page Viewed", 20, ANNA), row("Quote Requested", 3, ANNA))
    work(town)
    assert crossed(town, ANNA) == [(20, None, 0, "visit"), (5, None, 0, "visit")]


def test_an_import_that_is_taken_back_takes_its_past_along(town, tmp_path):
    told = bring_in(town, tmp_path, row("Page Viewed", 20, ANNA), row("Page Viewed", 9, ANNA))
    bring_in(town, tmp_path, row("Quote Requested", 3, ANNA), row("Page Viewed", 8, BEN), name="more.ndjson")
    work(town)
    assert len(crossed(town, ANNA)) == 2
    Undoing(town.url, told.stored.id).run()
    work(town)
    assert crossed(town, ANNA) == [(3, None, 1, "quote")]
    assert len(crossed(town, BEN)) == 1


def test_a_lead_of_too_many_facts_is_left_out_and_holds_nobody_up(town, tmp_path, monkeypatch):
    monkeypatch.setattr(recollecting, "MOST_FACTS", 3)
    bring_in(town, tmp_path, *(row("Page Viewed", day, ANNA) for day in range(4)), row("Document Downloaded", 2, BEN))
    work(town)
    assert crossed(town, ANNA) == []
    assert len(crossed(town, BEN)) == 1


def test_the_days_are_counted_with_it(town, tmp_path):
    bring_in(town, tmp_path, row("Quote Requested", 3, ANNA), row("Page Viewed", 2, ANNA))
    roller = Roller(town.url, Counts(), lambda: town.now)
    assert roller.work(town.connection)
    last = rollups.rollups(town.connection)["days"].counted["last"]
    assert {about: number for _, kind, about, number in last if kind == "entered"} == {
        "new": 1, "warm": 1, "hot": 1, "decision": 1,
    }  # fmt: skip
