"""A fact that cannot be folded is set aside with its reason; all others are folded, and the engine goes on."""

import psycopg
import pytest

from couveuse.core import fold
from couveuse.engine import batch_work
from couveuse.engine.poison import POISON, TRIES, MayPass
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

    monkeypatch.setattr(batch_work, "extend", extend)


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


# ---- Errors of PostgreSQL's -----------------------------------------------------------------------------------------


def refusing(town: Town, name: str, code: str) -> None:
    """PostgreSQL answers to facts of one event with an error of this code."""
    town.connection.execute(
        "create function refuse() returns trigger language plpgsql as $$ begin "
        f"if (select name from event_names where id = new.name_id) = '{name}' then "
        f"raise exception 'refused' using errcode = '{code}'; end if; return new; end $$"
    )
    town.connection.execute("create trigger refuse before insert on events for each row execute function refuse()")


@pytest.mark.parametrize("code", ["54000", "22003", "23514"])
def test_a_value_that_postgresql_cannot_hold_is_set_aside_at_once(town, code):
    refusing(town, "Bad", code)
    town.take(accepted("Page Viewed", email=ALICE), accepted("Bad", NOW + 1, email=ALICE))
    assert town.score(ALICE) == 1
    assert len(town.rows("select 1 from rejects")) == 1


@pytest.mark.parametrize("code", ["25006", "42P01", "XX000", "23505"])
def test_a_fact_is_set_aside_for_what_may_pass_only_after_several_tries(town, code):
    refusing(town, "Bad", code)
    accept(town.connection, accepted("Page Viewed", email=ALICE), accepted("Bad", NOW + 1, email=ALICE))
    for _ in range(TRIES - 1):
        with pytest.raises(MayPass):
            town.work()
        assert town.rows("select 1 from rejects") == []
    town.work()
    assert town.score(ALICE) == 1
    assert len(town.rows("select 1 from rejects")) == 1


def test_what_may_pass_passes(town):
    refusing(town, "Bad", "25006")
    accept(town.connection, accepted("Page Viewed", email=ALICE), accepted("Bad", NOW + 1, email=ALICE))
    with pytest.raises(MayPass):
        town.work()
    town.connection.execute("drop trigger refuse on events")
    town.work()
    assert town.rows("select count(*) from events") == [(2,)]
    assert town.rows("select 1 from rejects") == []


@pytest.mark.parametrize("code", ["53100", "57P01", "40P01", "58030"])
def test_no_fact_is_set_aside_while_the_database_does_not_work(town, code):
    refusing(town, "Bad", code)
    accept(town.connection, accepted("Bad", email=ALICE))
    for _ in range(TRIES + 1):
        with pytest.raises(psycopg.OperationalError):
            town.work()
    assert town.rows("select 1 from rejects") == []
    assert town.rows("select count(*) from inbox") == [(1,)]
