"""The tables come to this version, and no process works with a database of another one."""

import os
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from couveuse.store import migrating, processes
from couveuse.store.migrating import NewerDatabase, OlderRunning, migrate, refuse_newer_at
from couveuse.store.processes import SignsOfLife
from tests.processes import until

LATER = "insert into django_migrations (app, name, applied) values ('store', '0099_later', now())"


@pytest.fixture
def connection(database: str) -> Iterator[Connection[Any]]:
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(migrating, "LOOK_SECONDS", 0.05)


def test_it_works(database: str, connection: Connection[Any]) -> None:
    refuse_newer_at(database)
    assert migrate(database) == []


def test_a_newer_database_is_left_alone(database: str, connection: Connection[Any]) -> None:
    connection.execute(LATER)
    with pytest.raises(NewerDatabase, match="0099_later"):
        refuse_newer_at(database)
    with pytest.raises(NewerDatabase, match="install that version"):
        migrate(database)


def test_a_database_that_is_away_says_nothing() -> None:
    refuse_newer_at("postgresql://couveuse@127.0.0.1:1/couveuse")


@pytest.fixture
def behind(connection: Connection[Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A database that lacks a migration; which ones were applied."""
    applied: list[str] = []
    monkeypatch.setattr(migrating, "_missing_now", lambda: ["store.0003_next"])
    monkeypatch.setattr(migrating, "_apply", lambda _: applied.append("store.0003_next"))
    return applied


def test_nothing_is_changed_under_processes_of_the_version_before(
    database: str, quick: None, behind: list[str], connection: Connection[Any]
) -> None:
    with SignsOfLife(database, "engine"):
        until(lambda: bool(connection.execute("select from processes where kind = 'engine'").fetchall()))
        with pytest.raises(OlderRunning, match=f"engine {os.getpid()} on .*: stop them"):
            migrate(database)
    assert behind == []


def test_who_was_killed_is_waited_for_until_it_counts_as_silent(
    database: str, quick: None, behind: list[str], connection: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "SILENT_US", 500_000)
    connection.execute(
        "insert into processes (id, kind, host, pid, started_at, seen_at, counts) values (gen_random_uuid(), 'engine',"
        " 'here', 7, 1, extract(epoch from clock_timestamp()) * 1000000, '{}')"
    )
    migrate(database)
    assert behind == ["store.0003_next"]


def test_a_process_is_told_when_the_database_becomes_a_newer_versions(
    database: str, quick: None, connection: Connection[Any]
) -> None:
    told = threading.Event()
    with SignsOfLife(database, "engine", newer=told.set):
        until(lambda: bool(connection.execute("select from processes where kind = 'engine'").fetchall()))
        assert not told.is_set()
        connection.execute(LATER)
        assert told.wait(120)
