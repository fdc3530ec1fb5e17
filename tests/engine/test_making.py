"""A coming model's states made in bulk: one pass over all facts, and whatever happens meanwhile."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from couveuse.core.plan import plan
from couveuse.core.reading import at
from couveuse.documents.reading import parse_model
from couveuse.engine import making, rescoring
from couveuse.engine.rescoring import Rescore, Sweeper, _spans, _Task
from couveuse.store.payloads import Compressor
from couveuse.store.states import unpack_state
from tests.documents.parts import written_out
from tests.engine.test_rescoring import NEW, rescore
from tests.engine.town import NOW, Town, accepted, configuration
from tests.laws.strategies import LATEST, checked, world
from tests.laws.test_laws_live import Leads, begin, deliver, expected, first_copies, stored

PLAN, PAYLOADS = plan(parse_model(NEW, "town").model), Compressor()
PEOPLE = [f"p{number}@example.com" for number in range(40)]


@pytest.fixture(autouse=True)
def _many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few leads are many here, and several times as many as are written at once."""
    monkeypatch.setattr(rescoring, "MANY", 1)
    monkeypatch.setattr(making, "AT_ONCE", 7)


@pytest.fixture
def town(database: str) -> Iterator[Town]:
    with Town(database) as found:
        found.take(*(accepted("Document Downloaded", NOW, email=email) for email in PEOPLE))
        yield found


def states(town: Town, model_id: int) -> dict[str, float]:
    """Scores a little later than every fact, whenever the states were written."""
    rows = town.rows(
        "select r.key, s.state from lead_states s join leads l on l.id = s.lead_id "
        "join identities r on r.id = l.root_id where s.model_id = %s",
        model_id,
    )
    return {key: at(PLAN, unpack_state(PLAN, packed, PAYLOADS), NOW + 10**6).score for key, packed in rows}


@pytest.mark.parametrize("processes", [1, 2])
def test_it_works(town: Town, processes: int) -> None:
    with rescore(town) as published:
        done: list[int] = []
        published.make(done.append, processes=processes)
        assert sum(done) == 40
        published.switch()
        assert states(town, published.coming) == pytest.approx(dict.fromkeys(PEOPLE, 12), abs=0.01)


def test_going_on_live_from_these_states_equals_the_core(town: Town) -> None:
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


def sweep(town: Town, published: Rescore, between: Callable[[int], object]) -> None:
    """Make all states, with something happening before each part is written."""
    sweeper = Sweeper(_Task(town.url, published.acting, published.coming), lambda: town.now)
    turn = 0

    def is_stopping() -> bool:
        nonlocal turn
        turn += 1
        return bool(between(turn))

    try:
        sweeper.sweep(0, 10**9, is_stopping, lambda _: None)
    finally:
        sweeper.close()


def test_what_comes_after_the_facts_were_read_is_not_lost(town: Town) -> None:
    """In the first part and in those that are left, for leads whose state is made already and for those that wait."""
    with rescore(town) as published:
        sent = 0

        def between(turn: int) -> None:
            nonlocal sent
            for email in (PEOPLE[0], PEOPLE[20], PEOPLE[39], f"new{turn}@example.com"):
                sent += 1
                town.take(accepted("Document Downloaded", NOW + sent, email=email))

        sweep(town, published, between)
        published.make(processes=1)
        published.switch()
        town.model_id = published.coming
        turns = sent // 4
        assert turns > 5
        wanted = dict.fromkeys(PEOPLE, 12.0) | dict.fromkeys((PEOPLE[0], PEOPLE[20], PEOPLE[39]), 12.0 * (turns + 1))
        wanted |= {f"new{turn}@example.com": 12.0 for turn in range(1, turns + 1)}
        assert states(town, published.coming) == pytest.approx(wanted, abs=0.01)


def test_leads_that_are_merged_after_the_facts_were_read_are_one(town: Town) -> None:
    from couveuse.engine.batches import Folder
    from couveuse.engine.live import LiveModels
    from couveuse.engine.merging import merge

    with rescore(town) as published:

        def between(turn: int) -> None:
            if turn == 1:
                one, other = (town.lead(email) for email in (PEOPLE[30], PEOPLE[35]))
                merge(town.connection, Folder(town.url), LiveModels(), one, other, by="a test", now=NOW)

        sweep(town, published, between)
        found = states(town, published.coming)
        assert (PEOPLE[30] in found, found[PEOPLE[35]]) == (False, pytest.approx(24, abs=0.01))
        assert len(found) == 39


def test_it_ends_when_it_is_told_to_and_goes_on_where_it_was(town: Town) -> None:
    with rescore(town) as published:
        sweep(town, published, lambda turn: turn == 3)
        assert len(states(town, published.coming)) == 14
        done: list[int] = []
        published.make(done.append, processes=1)
        assert sum(done) == 26


def _sweep_slowly(url: str, reached: Any) -> None:
    making.AT_ONCE = 7
    with Rescore(url, configuration(), parse_model(NEW, "town"), by="a test") as published:

        def done(_: int) -> None:
            reached.set()
            time.sleep(600)

        Sweeper(_Task(url, published.acting, published.coming)).sweep(0, 10**9, lambda: False, done)


def test_what_was_killed_goes_on_where_it_was(town: Town) -> None:
    context = multiprocessing.get_context("spawn")
    reached = context.Event()
    process = context.Process(target=_sweep_slowly, args=(town.url, reached))
    process.start()
    assert reached.wait(120)
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    coming = town.rows("select id from models where standing = 'coming'")[0][0]
    assert len(states(town, coming)) == 7
    town.take(*(accepted("Page Viewed", NOW + 5, email=email) for email in (PEOPLE[0], PEOPLE[39])))
    deadline = time.monotonic() + 120
    while True:
        try:
            with rescore(town) as published:
                assert published.coming == coming
                published.make(processes=1)
                published.switch()
            break
        except rescoring.RescoreRuns:
            # PostgreSQL notices the killed one's end a moment later.
            assert time.monotonic() < deadline
    wanted = dict.fromkeys(PEOPLE, 12.0) | {PEOPLE[0]: 13.0, PEOPLE[39]: 13.0}
    assert states(town, coming) == pytest.approx(wanted, abs=0.01)


def test_spans_cover_every_lead_once() -> None:
    for low, high, facts, processes in ((1, 10, 0, 1), (5, 1_000_005, 20_000_000, 2), (1, 3, 10**9, 2)):
        spans = _spans(low, high, facts, processes)
        assert [lead for span in spans for lead in span][::2] == [low, *(last for _, last in spans[:-1])]
        assert spans[-1][1] == high
    assert len(_spans(5, 1_000_005, 20_000_000, 2)) == 4
