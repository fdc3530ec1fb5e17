"""A model published over all that was recorded: the diff first, states in bulk, one switch, nobody handed over."""

import multiprocessing
import os
import signal
import threading
import time
from dataclasses import replace
from random import Random

import psycopg
import pytest

from couveuse.documents.reading import parse_model
from couveuse.engine import rescoring
from couveuse.engine.rescoring import AnotherComing, Rescore, RescoreRuns, give_up
from tests.documents.parts import written_out
from tests.engine.town import MODEL, NOW, Town, accepted, configuration
from tests.laws.strategies import LATEST, checked, world
from tests.laws.test_laws_live import Leads, begin, deliver, expected, first_copies, stored

NEW = MODEL.replace("points: 5", "points: 12").replace("points: 20", "points: 2")
ALICE, BOB = "alice@example.com", "bob@example.com"


@pytest.fixture
def town(database):
    with Town(database) as town:
        town.take(
            accepted("Document Downloaded", NOW, email=ALICE),
            accepted("Page Viewed", NOW, email=ALICE),
            accepted("Quote Requested", NOW, email=BOB),
            accepted("Page Viewed", NOW, email=BOB),
        )
        yield town


def rescore(town: Town, text: str = NEW) -> Rescore:
    return Rescore(town.url, configuration(), parse_model(text, "town"), by="a test", clock=lambda: town.now)


def test_it_works(town):
    with rescore(town) as published:
        done: list[int] = []
        published.make(done.append)
        assert sum(done) == published.leads == 2
        diff = published.diff()
        assert [(move.before, move.after, move.leads, move.examples) for move in diff.bands] == [
            (0, 1, 1, (ALICE,)), (2, 0, 1, (BOB,)),
        ]  # fmt: skip
        assert town.score(ALICE) == 6  # nothing acts on it yet
        published.switch()
        town.model_id = published.coming
    assert (town.score(ALICE), town.score(BOB)) == (pytest.approx(13, abs=1e-3), pytest.approx(3, abs=1e-3))
    assert town.rows("select standing from models order by id") == [("retired",), ("acting",)]
    town.take(accepted("Page Viewed", NOW + 1, email=ALICE))
    assert town.score(ALICE) == 14


def test_publishing_hands_nobody_over_unless_so_many_a_day_were_asked_for(town):
    before = town.rows("select count(*) from handovers")
    generous = MODEL.replace("points: 1,", "points: 30,")
    with rescore(town, generous) as published:
        published.make()
        assert [(move.team, move.cause, move.leads) for move in published.diff().routes] == [("sales", "high", 1)]
        assert published.switch(hand_over=5) == 1
    assert town.rows("select count(*) from handovers") == before
    assert town.rows("select lead_id from allowed") == [(town.lead(ALICE),)]


def test_facts_that_come_meanwhile_are_in_the_coming_states(town):
    with rescore(town) as published:
        town.take(
            accepted("Page Viewed", NOW + 1, email=ALICE), accepted("Page Viewed", NOW + 1, email="new@example.com")
        )
        published.make()
        town.take(accepted("Page Viewed", NOW + 2, email=ALICE), accepted("Page Viewed", NOW - 2, email=BOB))
        published.switch()
        town.model_id = published.coming
    for key, points in ((ALICE, 15), (BOB, 4), ("new@example.com", 1)):
        assert town.score(key) == pytest.approx(points, abs=1e-3)


def test_going_on_live_from_these_states_equals_the_core(town):
    for seed in range(12):
        made, rng = world(seed), Random(seed)
        town.now = LATEST
        begin(town, replace(world(seed + 1), leads=()))
        rows = checked(made)
        for lead in made.leads:
            Leads(town).give(str(lead["email"]), {name: value for name, value in lead.items() if name != "email"})
        third = len(rows) // 3
        counted = deliver(town, rows[:third] or rows[:1], rng)
        with rescore(town, written_out(made.model)) as published:
            counted += deliver(town, rows[third : 2 * third] or rows[:1], rng)
            published.make(processes=1)
            counted += deliver(town, rows[2 * third :] or rows[:1], rng)
            published.switch()
            town.model_id = published.coming
        assert stored(town, made) == expected(made, first_copies(counted)), f"world {seed}"


def test_another_model_half_made_is_named_and_may_be_given_up(town):
    with rescore(town):
        pass
    with pytest.raises(AnotherComing, match="half made"):
        rescore(town, MODEL.replace("points: 5", "points: 6"))
    assert give_up(town.url)
    assert not give_up(town.url)
    with rescore(town, MODEL.replace("points: 5", "points: 6")) as published:
        published.make()
        published.switch()


def test_two_at_once_are_one_too_many(town):
    with rescore(town), pytest.raises(RescoreRuns):
        rescore(town)


def test_giving_up_leaves_everything_as_it_was(town):
    before = town.rows("select lead_id, score, state from lead_states order by lead_id")
    with rescore(town) as published:
        published.make()
        published.give_up()
    assert town.rows("select lead_id, score, state from lead_states order by lead_id") == before


def _make_slowly(url: str, reached: object) -> None:
    """A rescore that says when the first range is done, and then takes its time."""
    rescoring.LEADS = 1
    with Rescore(url, configuration(), parse_model(NEW, "town"), by="a test") as published:

        def progress(_: int) -> None:
            reached.set()
            time.sleep(600)

        published.make(progress, processes=1)


def test_what_was_killed_goes_on_where_it_was(town):
    context = multiprocessing.get_context("spawn")
    reached = context.Event()
    process = context.Process(target=_make_slowly, args=(town.url, reached))
    process.start()
    assert reached.wait(120)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    coming = town.rows("select id from models where standing = 'coming'")[0][0]
    assert town.rows(f"select count(*) from lead_states_{coming}") == [(1,)]
    town.take(accepted("Page Viewed", NOW + 5, email=ALICE), accepted("Page Viewed", NOW + 5, email=BOB))
    deadline = time.monotonic() + 120
    while True:
        try:
            with rescore(town) as published:
                assert published.coming == coming
                published.make()
                published.switch()
                town.model_id = coming
            break
        except RescoreRuns:
            # PostgreSQL notices the killed one's end a moment later.
            assert time.monotonic() < deadline
    assert (town.score(ALICE), town.score(BOB)) == (pytest.approx(14, abs=1e-3), pytest.approx(4, abs=1e-3))


def test_an_engine_under_load_meets_it_and_nothing_is_lost(town):
    """Facts arrive on another connection all the while; in the end the states are those of a refold."""
    stopping, failed = threading.Event(), []

    def load() -> None:
        with Town.again(town.url, town.model_id) as other:
            number = 0
            while not stopping.is_set():
                number += 1
                try:
                    other.take(accepted("Page Viewed", NOW + number, email=f"{number % 9}@example.com"))
                except psycopg.Error as error:
                    failed.append(error)

    thread = threading.Thread(target=load)
    thread.start()
    try:
        for points in (2, 3):
            with rescore(town, MODEL.replace("points: 1,", f"points: {points},")) as published:
                published.make(processes=1)
                published.switch()
                town.model_id = published.coming
    finally:
        stopping.set()
        thread.join()
    assert failed == []
    counted = town.rows(
        "select count(*) from events e join event_names n on n.id = e.name_id where n.name = 'Page Viewed'"
    )
    total = sum(score for (score,) in town.rows("select score from lead_states where model_id = %s", town.model_id))
    assert round(total) == 3 * counted[0][0] + 5 + 20
