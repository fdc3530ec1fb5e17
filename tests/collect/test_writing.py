"""Group commit: an answer only once it is durable, one packet a lane and commit, and a database that goes and comes."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from couveuse.collect import writing
from tests.collect.doors import SERVER_KEY, Door, a_batch, a_track, basic, make_keys, taken
from tests.databases import administer, named


@pytest.fixture
def own_door(database: str) -> Iterator[Door]:
    """A front door on a database of the test's own."""
    make_keys(database)
    with Door(database) as door:
        yield door


def until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait for a condition, and fail where it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def posting(door: Door, *messages: dict[str, Any]) -> Future[list[httpx.Response]]:
    """Requests sent at the same time; their answers come later."""

    async def send() -> list[httpx.Response]:
        posts = (door.client.post("/v1/track", json=message, headers=basic(SERVER_KEY)) for message in messages)
        return list(await asyncio.gather(*posts))

    return door.begin(send())


@contextmanager
def locked(url: str) -> Iterator[psycopg.Connection[Any]]:
    """Nobody else can append a packet while this lasts."""
    with psycopg.connect(url) as connection:
        connection.execute("lock table inbox in exclusive mode")
        yield connection


def is_held_up(door: Door) -> bool:
    """Whether a commit of the front door's waits for a lock."""
    with psycopg.connect(door.url) as connection:
        found = connection.execute("select count(*) from pg_locks where not granted and relation = 'inbox'::regclass")
        return found.fetchone() == (1,)


def waiting(url: str) -> int:
    """How many packets are stored."""
    with psycopg.connect(url) as connection:
        found = connection.execute("select count(*) from inbox").fetchone()
    assert found is not None
    return int(found[0])


def test_an_answer_waits_for_the_commit(own_door: Door) -> None:
    with locked(own_door.url):
        answers = posting(own_door, a_track())
        until(lambda: is_held_up(own_door))
        assert not answers.done()
        assert waiting(own_door.url) == 0
    assert answers.result(10)[0].json() == {"success": True}
    assert len(own_door.stored()) == 1


def test_what_queues_during_a_commit_makes_the_next_one(own_door: Door) -> None:
    with locked(own_door.url):
        first = posting(own_door, a_track())
        until(lambda: is_held_up(own_door))
        others = posting(own_door, *(a_track(messageId=f"m-{n}", userId=f"u-{n}") for n in range(40)))
        until(lambda: own_door.app._writer.waiting == 40)
    assert {answer.status_code for answer in [*first.result(10), *others.result(10)]} == {200}
    assert own_door.app.counts.commits == 2
    with psycopg.connect(own_door.url) as connection:
        rows = connection.execute("select lane, events from inbox order by id").fetchall()
    assert rows[0][1] == 1
    assert sum(events for _, events in rows[1:]) == 40
    assert len({lane for lane, _ in rows[1:]}) == len(rows) - 1  # one packet for each lane
    assert len(own_door.stored()) == 41


def test_a_commit_is_bounded(own_door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MOST_EVENTS", 10)
    with locked(own_door.url):
        first = posting(own_door, a_track())
        until(lambda: is_held_up(own_door))
        others = posting(own_door, *(a_track(messageId=f"m-{n}") for n in range(25)))
        until(lambda: own_door.app._writer.waiting == 25)
    assert {answer.status_code for answer in [*first.result(10), *others.result(10)]} == {200}
    assert own_door.app.counts.commits == 1 + 3
    assert own_door.post("/v1/batch", a_batch(a_track() for _ in range(30))).status_code == 200
    assert own_door.app.counts.commits == 1 + 3 + 1  # a batch is never parted


def test_a_connection_that_was_lost_is_not_the_senders_affair(own_door: Door) -> None:
    own_door.send("/v1/track", a_track())
    administer(own_door.url, "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() "
                             "and datname = current_database()")  # fmt: skip
    own_door.send("/v1/track", a_track(messageId="m-2"))


@contextmanager
def away(url: str) -> Iterator[None]:
    """The database lets nobody in, and those who were in are out."""
    name = urlsplit(url).path.removeprefix("/")
    server = named(url, "postgres")
    administer(server, f"alter database {name} with allow_connections false")
    administer(server, f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")
    try:
        yield
    finally:
        administer(server, f"alter database {name} with allow_connections true")


def test_while_the_database_is_away_senders_are_told_to_wait(own_door: Door, caplog: pytest.LogCaptureFixture) -> None:
    own_door.send("/v1/track", a_track())
    with caplog.at_level(logging.WARNING), away(own_door.url):
        for number in range(20):
            answer = own_door.post("/v1/track", a_track(messageId=f"lost-{number}"))
            assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
            assert int(answer.headers["retry-after"]) > 0
        # A key that is not known may be a new one: who shows it is told to wait, and not that it is nobody's.
        assert own_door.post("/v1/track", a_track(), key="a new key").status_code == 503
    assert len([r for r in caplog.records if "senders are told to wait" in r.getMessage()]) <= 2
    until(lambda: not own_door.app._writer.is_away)
    own_door.send("/v1/track", a_track(messageId="m-2"))


def test_a_front_door_opens_while_the_database_is_away(database: str) -> None:
    make_keys(database)
    with away(database), Door(database) as door:
        assert door.post("/v1/track", a_track()).status_code == 503
        with_it = door.url
    with Door(with_it) as door:
        door.send("/v1/track", a_track())


def test_a_database_that_takes_too_long_is_not_waited_for(own_door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PATIENCE", 0.2)
    with locked(own_door.url):
        answer = own_door.post("/v1/track", a_track())
        assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
        assert (
            own_door.post("/v1/track", a_track()).status_code == 503
        )  # at once, since the first is still being stored
    until(lambda: not own_door.app._writer.is_away)
    again = own_door.post("/v1/track", a_track())
    assert again.status_code == 200
    # What was committed late is there too, and is known by its digest.
    assert {kept.fact.message_id for kept in taken(own_door.url)} == {"m-1"}


def refusing(url: str, condition: str, code: str) -> None:
    """Make the database refuse packets like these with an error of PostgreSQL's."""
    administer(url, "create function refuse() returns trigger language plpgsql as $$ begin "
                    f"if {condition} then raise exception 'refused' using errcode = '{code}'; end if; "
                    "return new; end $$")  # fmt: skip
    administer(url, "create trigger refuse before insert on inbox for each row execute function refuse()")


def test_a_full_disk_is_told_and_nothing_is_lost_in_silence(own_door: Door) -> None:
    refusing(own_door.url, "true", "53100")
    answer = own_door.post("/v1/track", a_track())
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_full")
    assert int(answer.headers["retry-after"]) > 0
    administer(own_door.url, "drop trigger refuse on inbox")
    own_door.send("/v1/track", a_track())


def test_what_cannot_be_stored_does_not_stand_in_the_way_of_others(own_door: Door) -> None:
    refusing(own_door.url, "new.events = 13", "22021")
    with locked(own_door.url):
        first = posting(own_door, a_track())
        until(lambda: is_held_up(own_door))
        poison = own_door.begin(
            own_door.client.post(
                "/v1/batch", json=a_batch(a_track(userId="p") for _ in range(13)), headers=basic(SERVER_KEY)
            )
        )
        until(lambda: own_door.app._writer.waiting == 13)
        others = posting(own_door, *(a_track(userId=f"u-{n}") for n in range(5)))
        until(lambda: own_door.app._writer.waiting == 18)
    assert {answer.status_code for answer in [*first.result(10), *others.result(10)]} == {200}
    refused = poison.result(10)
    assert (refused.status_code, refused.json()["code"]) == (400, "not_stored")
    assert len(own_door.stored()) == 6


def test_facts_and_rejects_are_stored_together_or_not_at_all(own_door: Door) -> None:
    refusing(own_door.url, "true", "53100")
    assert own_door.post("/v1/batch", a_batch([a_track(), {"type": "charge"}])).status_code == 503
    assert own_door.rejects() == []


def test_a_door_that_closes_stores_what_it_has_taken(database: str) -> None:
    make_keys(database)
    with Door(database) as door:
        with locked(door.url):
            first = posting(door, a_track())
            until(lambda: is_held_up(door))
            others = posting(door, *(a_track(messageId=f"m-{n}") for n in range(19)))
            until(lambda: door.app._writer.waiting == 19)
            closing = door.begin(door.app.close())
            until(lambda: door.post("/v1/track", a_track()).status_code == 503)
            assert not closing.done()
        closing.result(10)
        assert {answer.status_code for answer in [*first.result(10), *others.result(10)]} == {200}
        assert len(door.stored()) == 20


def test_bodies_in_flight_are_bounded(own_door: Door) -> None:
    own_door.app._room.left = 100
    answer = own_door.post("/v1/track", a_track(properties={"a": "x" * 200}))
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (429, "busy", "1")
    assert own_door.app._room.left == 100
