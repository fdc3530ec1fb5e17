"""A fact that cannot be folded is set aside with its reason; all others are folded, and the engine goes on."""

import pytest

from couveuse.core import fold
from couveuse.engine import batches
from couveuse.engine.poison import POISON
from couveuse.store.packets import Accepted, digest_of
from tests.engine.town import DAY, NOW, Town, accept, accepted

ALICE = "alice@example.com"


@pytest.fixture
def town(database):
    with Town(database) as town:
        yield town


def poisoned(monkeypatch, message_id: str) -> None:
    """A fold that one message kills."""
    real = fold.extend

    def extend(planned, state, facts, ledger=None):
        if any(fact.message_id == message_id for fact in facts):
            raise RuntimeError("poison")
        real(planned, state, facts, ledger)

    monkeypatch.setattr(batches, "extend", extend)


def test_it_works(town, monkeypatch):
    poisoned(monkeypatch, "bad")
    facts = [accepted("Page Viewed", NOW + n, email=f"{n % 7}@example.com") for n in range(50)]
    town.take(*facts[:20], accepted("Page Viewed", email=ALICE, message_id="bad"), *facts[20:])
    assert town.rows("select count(*) from events") == [(50,)]
    assert town.rows("select reason, detail, body like '%%bad%%' from rejects") == [
        (POISON, "RuntimeError: poison", True)
    ]
    assert town.rows("select count(*) from inbox") == [(0,)]
    town.take(accepted("Page Viewed", NOW + 99, email=ALICE))
    assert town.score(ALICE) == 1


def test_what_was_set_aside_may_come_again(town, monkeypatch):
    with monkeypatch.context() as patched:
        poisoned(patched, "bad")
        town.take(accepted("Page Viewed", email=ALICE, message_id="bad"))
    town.take(accepted("Page Viewed", email=ALICE, message_id="bad"))
    assert town.score(ALICE) == 1


def test_parts_of_a_batch_may_need_new_months(town, monkeypatch):
    poisoned(monkeypatch, "bad")
    town.take(
        *(accepted("Page Viewed", NOW - n * 40 * DAY, email=ALICE) for n in range(9)),
        accepted("Page Viewed", email=ALICE, message_id="bad"),
    )
    assert town.rows("select count(*) from events") == [(9,)]


def test_a_payload_that_cannot_be_read_is_set_aside(town):
    good = accepted("Page Viewed", email=ALICE)
    broken = Accepted(NOW, NOW, "Page Viewed", "web", digest_of("web", "x"), ALICE, None, None, 0, b"\x01no")
    accept(town.connection, broken, good)
    town.work()
    assert town.score(ALICE) == 1
    assert town.rows("select reason, body from rejects") == [(POISON, b"\x01no".hex())]


def test_a_packet_that_cannot_be_read_is_set_aside_and_holds_nobody_up(town):
    town.connection.execute("insert into inbox (lane, events, received_at, packet) values (0, 1, 0, 'no packet')")
    town.take(*(accepted("Page Viewed", email=f"{n}@example.com") for n in range(20)))
    assert town.rows("select count(*) from events") == [(20,)]
    assert town.rows("select detail from rejects") == [("the packet cannot be read",)]
    assert town.rows("select count(*) from inbox") == [(0,)]
