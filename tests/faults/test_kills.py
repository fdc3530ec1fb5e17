"""kill -9 of the front door, the engines, PostgreSQL at random moments under load: what was taken counts once."""

import threading
from collections.abc import Callable
from random import Random

import pytest

from tests.conftest import profile
from tests.faults import truth
from tests.faults.people import a_town
from tests.faults.product import Product
from tests.faults.senders import Load

ROUNDS = 1_000 if profile() == "faults" else 10
# What is stored is compared with what was acknowledged after so many rounds, and at the end.
EVERY = 100


def kill_the_front_door(product: Product, rng: Random) -> None:
    product.front_door.kill()
    product.front_door.start()


def kill_an_engine(product: Product, rng: Random) -> None:
    engine = rng.choice(product.engines)
    engine.kill()
    engine.start()


def kill_postgres(product: Product, rng: Random) -> None:
    product.kill_postgres(rng)


def kill_anybody(product: Product, rng: Random) -> None:
    for kill in rng.sample((kill_the_front_door, kill_an_engine, kill_postgres), rng.randint(1, 3)):
        kill(product, rng)


@pytest.mark.parametrize(
    ("kill", "rounds"),
    [(kill_the_front_door, ROUNDS), (kill_an_engine, ROUNDS), (kill_postgres, ROUNDS), (kill_anybody, ROUNDS // 2)],
)
def test_what_was_acknowledged_counts_once_whoever_is_killed(
    product: Product, kill: Callable[[Product, Random], None], rounds: int
) -> None:
    rng = Random(kill.__name__)
    people = a_town(rng, 60)
    sent = []
    tries = 0
    for first in range(0, rounds, EVERY):
        with Load(product.port, rng, people, name=f"r{first}-") as load:
            for _ in range(first, min(first + EVERY, rounds)):
                load.wait_for(rng.randrange(1, 200))
                threading.Event().wait(rng.random() * 0.05)
                kill(product, rng)
            product.start_all()
            load.wait_for(50)
        sent += load.acknowledged
        tries += sum(load.answers().values())
        product.settle()
        facts = truth.check(product, sent)
    states = product.rows("select count(*) from lead_states")[0][0]
    print(f"{kill.__name__}: {rounds} rounds, {tries} requests, {facts} facts, {states} states")
    assert product.deadlocks() == 0
