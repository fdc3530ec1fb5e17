"""One engine, two workers: the second helps while more waits than one takes at a time, and everything counts once."""

import threading

import pytest

from couveuse.engine import running
from couveuse.engine.running import Helper, Tally, Worker
from tests.engine.town import NOW, Town, accept, accepted, configuration
from tests.processes import until

BATCH = 20


@pytest.fixture
def town(database):
    with Town(database) as town:
        yield town


def a_day(town: Town, people: int, each: int) -> None:
    """Facts of people, each in a packet of its own for its lane, one person after the other."""
    for number in range(each):
        for person in range(people):
            accept(town.connection, accepted("Page Viewed", NOW + number, email=f"p{person}@example.com"))


def waiting(town: Town) -> int:
    return int(town.rows("select coalesce(sum(events), 0) from inbox")[0][0])


def test_it_works(town):
    a_day(town, people=40, each=10)
    stopping = threading.Event()
    engine = threading.Thread(
        target=lambda: done.append(running.work(configuration(batch=str(BATCH)), town.url, stopping))
    )
    done: list[Tally] = []
    engine.start()
    until(lambda: waiting(town) == 0)
    stopping.set()
    engine.join()
    counts = done[0].as_json()
    assert (counts["facts"], counts["copies"], counts["failures"]) == (400, 0, 0)
    # Everybody did the same, and nothing was counted twice: decayed to one instant the scores are one.
    scores = town.rows("select score * 2 ^ ((read_at - %s) / 2592000000000.0) from lead_states", NOW)
    assert len(scores) == 40
    assert {round(float(score), 4) for (score,) in scores} == {10}


def test_a_helper_sleeps_until_a_batch_was_full(town):
    a_day(town, people=40, each=1)
    worker, stopping = Worker(town.url, batch=BATCH, tally=Tally()), threading.Event()
    helper = Helper(town.url, worker, batch=BATCH, tally=Tally())
    helping = threading.Thread(target=helper.run, args=(stopping,))
    helping.start()
    until(lambda: helper.connection is not None)
    assert (helper.turn, waiting(town)) == (0, 40)
    worker.is_crowded.set()
    until(lambda: waiting(town) == 0)
    assert (helper.turn >= 2, worker.is_crowded.is_set()) == (True, False)
    stopping.set()
    helping.join()


def test_a_worker_tells_of_full_batches_alone(town):
    worker = Worker(town.url, batch=BATCH, tally=Tally())
    stopping = threading.Event()
    working = threading.Thread(target=worker.run, args=(stopping,))
    working.start()
    a_day(town, people=1, each=3)
    until(lambda: waiting(town) == 0)
    assert not worker.is_crowded.is_set()
    accept(
        town.connection, *(accepted("Page Viewed", NOW + n, email="p0@example.com") for n in range(100, 100 + BATCH))
    )
    until(worker.is_crowded.is_set)
    stopping.set()
    working.join()
