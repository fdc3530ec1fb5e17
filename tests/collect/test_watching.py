"""Keys are known as they are now, whoever asks; and when too much waits to be scored, senders are told to wait."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from couveuse.collect import watching
from couveuse.store.write_keys import KeyKind, create_key, digest_of, load_keys, revoke_key
from tests.collect.doors import Door, a_batch, a_track, make_keys
from tests.collect.test_writing import until


@pytest.fixture
def own_door(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """A front door on a database of the test's own, that looks around quickly."""
    monkeypatch.setattr(watching, "TICK", 0.05)
    monkeypatch.setattr(watching, "KEYS_EVERY", 0.1)
    make_keys(database)
    with Door(database, {"COUVEUSE_BACKLOG": "100"}) as door:
        yield door


def test_a_key_lets_in_from_the_moment_that_it_is_made(own_door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "KEYS_EVERY", 3600.0)
    for number in range(3):
        with psycopg.connect(own_door.url) as connection:
            key = create_key(connection, kind=KeyKind.SERVER, source=f"source {number}")
        assert own_door.send("/v1/track", a_track(), key=key).fact.source == f"source {number}"


def test_a_revoked_key_lets_nobody_in(own_door: Door) -> None:
    with psycopg.connect(own_door.url) as connection:
        key = create_key(connection, kind=KeyKind.SERVER, source="leaked")
    own_door.send("/v1/track", a_track(), key=key)
    with psycopg.connect(own_door.url) as connection:
        assert revoke_key(connection, load_keys(connection)[-1].id)
    until(lambda: own_door.post("/v1/track", a_track(), key=key).status_code == 401)


def test_when_a_key_was_last_used_is_written_down_and_not_each_time(own_door: Door) -> None:
    with psycopg.connect(own_door.url, autocommit=True) as connection:
        key = create_key(connection, kind=KeyKind.SERVER, source="crm")
        other = create_key(connection, kind=KeyKind.SERVER, source="idle")
        own_door.send("/v1/track", a_track(), key=key)

        def used(key: str) -> object:
            return next(each.used_at for each in load_keys(connection) if each.digest == digest_of(key))

        until(lambda: used(key) is not None)
        assert used(other) is None


def test_a_use_within_the_minute_is_not_written_again(own_door: Door) -> None:
    with psycopg.connect(own_door.url, autocommit=True) as connection:
        key = create_key(connection, kind=KeyKind.SERVER, source="crm")
        number = load_keys(connection)[-1].id
        for ago, is_written in (("30 seconds", False), ("61 seconds", True)):
            connection.execute("update write_keys set used_at = now() - %s::interval where id = %s", [ago, number])
            before = load_keys(connection)[-1].used_at
            own_door.send("/v1/track", a_track(), key=key)
            if is_written:
                until(lambda before=before: load_keys(connection)[-1].used_at != before)
            else:
                loaded = create_key(connection, kind=KeyKind.SERVER, source="later")
                own_door.send("/v1/track", a_track(), key=loaded)  # the keys were read since, and uses written
                assert load_keys(connection)[-2].used_at == before
                connection.execute("delete from write_keys where source = 'later'")


def test_keys_that_are_nobodys_cost_no_query_each(own_door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "KEYS_EVERY", 3600.0)
    loads = 0
    fetch = watching.fetch_keys

    async def counted(connection: object) -> object:
        nonlocal loads
        loads += 1
        return await fetch(connection)  # type: ignore[arg-type]

    monkeypatch.setattr(watching, "fetch_keys", counted)
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda n: own_door.post("/v1/track", a_track(), key=f"garbage {n}"), range(300)))
    assert {answer.status_code for answer in answers} == {401}
    assert loads < 60
    before = loads
    for _ in range(50):
        assert own_door.post("/v1/track", a_track(), key="garbage 1").status_code == 401
    assert loads == before


def test_unknown_keys_do_not_queue_without_end(own_door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MOST_ASKING", 0)
    answer = own_door.post("/v1/track", a_track(), key="garbage")
    assert (answer.status_code, answer.json()["code"]) == (429, "busy")


def test_when_too_much_waits_to_be_scored_senders_are_told_to_wait(own_door: Door) -> None:
    assert own_door.post("/v1/batch", a_batch(a_track(messageId=f"m-{n}") for n in range(100))).status_code == 200
    answer = own_door.post("/v1/track", a_track())
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (429, "backlog", "5")
    assert len(own_door.stored()) == 100  # the engine has taken them
    until(lambda: own_door.post("/v1/track", a_track(messageId="later")).status_code == 200)


def test_what_others_let_in_counts_too(own_door: Door) -> None:
    with psycopg.connect(own_door.url) as connection:
        connection.execute("insert into inbox (lane, events, received_at, packet) values (0, 1000, 0, '')")
    # What waits is counted while something comes in.
    until(lambda: own_door.post("/v1/track", a_track()).status_code == 429)


def test_a_keys_rate_is_kept_and_said(own_door: Door) -> None:
    with psycopg.connect(own_door.url) as connection:
        slow = create_key(connection, kind=KeyKind.SERVER, source="slow", rate=10)
    assert own_door.post("/v1/batch", a_batch(a_track() for _ in range(45)), key=slow).status_code == 200
    answer = own_door.post("/v1/track", a_track(), key=slow)
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (429, "rate", "4")
    by_body = own_door.post("/v1/track", a_track(writeKey=slow), key=None)
    assert by_body.status_code == 429
    own_door.post("/v1/track", a_track())  # another key's rate is its own
    assert len(own_door.stored()) == 46
