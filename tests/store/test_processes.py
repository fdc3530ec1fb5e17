"""Signs of life: who lives, who ended, and counts whose sum never falls."""

import os
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from couveuse.store import processes
from couveuse.store.processes import SignsOfLife, added, alive, counts, remove
from tests.processes import until


@pytest.fixture
def connection(database: str) -> Iterator[Connection[Any]]:
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


def grow_old(connection: Connection[Any], microseconds: int) -> None:
    connection.execute("update processes set seen_at = seen_at - %s where pid <> 0", [microseconds])


def test_it_works(database: str, connection: Connection[Any]) -> None:
    with SignsOfLife(database, "engine", lambda: {"facts": 7}):
        until(lambda: alive(connection))
        (process,) = alive(connection)
        assert (process.kind, process.pid, process.counts) == ("engine", os.getpid(), {"facts": 7})
    assert alive(connection) == []
    assert counts(connection) == {"engine": {"facts": 7}}


def test_whoever_is_silent_does_not_live(database: str, connection: Connection[Any]) -> None:
    SignsOfLife(database, "engine").beat(connection)
    grow_old(connection, processes.SILENT_US)
    assert alive(connection) == []


def test_the_counts_of_those_that_ended_are_kept(database: str, connection: Connection[Any]) -> None:
    for number in (1, 2, 3):
        SignsOfLife(database, "web", lambda number=number: {"requests": number, "rejects": {"no_event": 1}}).beat(
            connection
        )
    assert counts(connection) == {"web": {"requests": 6, "rejects": {"no_event": 3}}}
    grow_old(connection, processes.FORGOTTEN_US)
    remove(connection)
    assert counts(connection) == {"web": {"requests": 6, "rejects": {"no_event": 3}}}
    assert connection.execute("select count(*) from processes").fetchone() == (1,)


def test_one_that_was_taken_for_dead_counts_nothing_twice(database: str, connection: Connection[Any]) -> None:
    done = {"facts": 10}
    life = SignsOfLife(database, "engine", lambda: done)
    life.beat(connection)
    grow_old(connection, processes.FORGOTTEN_US)
    remove(connection)
    done = {"facts": 12}
    for _ in range(2):
        life.beat(connection)
        assert counts(connection) == {"engine": {"facts": 12}}
    assert [process.counts for process in alive(connection)] == [{"facts": 2}]


def test_a_process_that_lives_is_not_forgotten(database: str, connection: Connection[Any]) -> None:
    SignsOfLife(database, "engine").beat(connection)
    remove(connection, id=uuid.uuid4())
    assert len(alive(connection)) == 1


def test_it_begins_again_when_the_database_comes_back(
    database: str, connection: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "BEAT_SECONDS", 0.02)
    done = {"facts": 1}
    with SignsOfLife(database, "engine", lambda: done):
        until(lambda: alive(connection))
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'couveuse life'"
        )
        done["facts"] = 2
        until(lambda: counts(connection) == {"engine": {"facts": 2}})


def test_what_is_no_number_is_left_out() -> None:
    assert added({"facts": 1, "name": "x", "rejects": {"a": 1}}, {"facts": 1.5}) == {"facts": 2.5, "rejects": {"a": 1}}
