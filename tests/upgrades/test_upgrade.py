"""What a version left is what the next one begins with: nothing is lost, nothing is told a second time."""

import gzip
import itertools
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest

from couveuse.engine.delivering import Tally
from couveuse.engine.dispatching import Dispatcher
from couveuse.engine.live import LiveModels
from couveuse.engine.looking import Looker
from couveuse.store import binaries, health, migrating
from tests.databases import administer, named
from tests.engine.town import DAY, Town, accepted, configuration
from tests.processes import couveuse_runs, lives, until

HERE = Path(__file__).parent
VERSIONS = sorted(path.name.removesuffix(".sql.gz") for path in HERE.glob("*.sql.gz"))
_numbers = itertools.count(1)


@cache
def said(version: str) -> dict[str, Any]:
    """What a version said of the database that it left."""
    return json.loads(gzip.decompress((HERE / f"{version}.json.gz").read_bytes()))


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def left(version: str, server: str) -> Iterator[str]:
    """A database as a version left it."""
    name = f"couveuse_left_{os.getpid()}_{next(_numbers)}"
    administer(server, f"create database {name}")
    url = named(server, name)
    psql = binaries.find_clients(15, by_tls=False).program("psql")
    script = gzip.decompress((HERE / f"{version}.sql.gz").read_bytes())
    subprocess.run(
        [psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url], input=script, check=True, capture_output=True
    )
    yield url
    from django.db import connection

    connection.close()
    administer(server, f"drop database {name} with (force)")


def upgrade(url: str, folder: Path, *words: str) -> tuple[int, str]:
    """`couveuse upgrade` as a process: its exit code, and what it said."""
    with couveuse_runs(folder, "upgrade", *words, database_url=url, data=folder / "data") as running:
        code = running.process.wait(120)
        said = running.said.read_text()
        running.said.unlink()
    return code, said


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]  # of this file


def now_said(url: str, version: str) -> dict[str, Any]:
    """What this version says of the same."""
    before = said(version)
    found: dict[str, Any] = {}
    with psycopg.connect(url) as connection:
        looker = Looker()
        model = next(each for each in LiveModels().load(connection) if each.acts)
        assert model.id == before["model"]
        query = "select i.key, l.id from leads l join identities i on i.id = l.root_id where i.key = any(%s)"
        for key, number in connection.execute(query, [list(before["leads"])]).fetchall():
            look = looker.look(connection, number, model, at=before["at"], now=before["at"])
            found[key] = {
                "score": round(look.reading.score, 6),
                "band": look.reading.band.id,
                "lines": [[line.at, line.rule, round(line.points, 9)] for line in look.lines],
            }
    return found


HANDOVERS = (
    "select i.key, h.team, h.treatment, h.kind, h.cause, h.at, h.withdrawn_at is not null from handovers h"
    " join leads l on l.id = h.lead_id join identities i on i.id = l.root_id order by h.id"
)


def test_there_is_a_version_to_upgrade_from() -> None:
    assert {"0.1.0", "0.2.0"} <= set(VERSIONS)
    assert all((HERE / f"{version}.sql.gz").stat().st_size < 300_000 for version in VERSIONS)


def test_it_works(left: str, version: str, tmp_path: Path) -> None:
    code, told = upgrade(left, tmp_path)
    assert code == 0, told
    assert {name for (name,) in rows(left, "select name from django_migrations where app = 'store'")} == {
        *health.migrations()
    }
    assert now_said(left, version) == said(version)["leads"]
    assert [list(row) for row in rows(left, HANDOVERS)] == said(version)["handovers"]
    for table, count in said(version)["rows"].items():
        assert rows(left, f"select count(*) from {table}") == [(count,)], table
    assert "The stored scores of" in told
    [backup] = (tmp_path / "data" / "backups").glob("couveuse-*")
    assert f"The way back: install the version of before, then: couveuse restore {backup}" in told
    # A second time does nothing.
    before = rows(left, "select * from handovers order by id")
    code, told = upgrade(left, tmp_path)
    assert code == 0, told
    assert "is at this version" in told
    assert rows(left, "select * from handovers order by id") == before
    assert [*(tmp_path / "data" / "backups").glob("couveuse-*")] == [backup]


def test_nothing_of_the_past_is_handed_over_anew_and_what_comes_is(left: str, version: str) -> None:
    due = "select count(*) from handovers where dispatched_at is null"
    if version != "0.1.0":  # which had hand-overs, and nobody who dispatched them
        before = rows(left, due)
        migrating.migrate(left)
        assert rows(left, due) == before
        return
    migrating.migrate(left)
    gone = "select count(*) from handovers where withdrawn_at is not null and withdrawal_told_at is null"
    assert rows(left, due) == rows(left, gone) == [(0,)]
    dispatcher = Dispatcher(left, configuration(), Tally())
    with psycopg.connect(left, autocommit=True) as connection:
        assert dispatcher.work(connection) == 0
    for table in ("tasks", "alerts", "intents"):
        assert rows(left, f"select count(*) from {table}") == [(0,)]
    with Town.again(left, said(version)["model"]) as town:
        town.work()  # what waited
        assert town.rows("select from inbox") == []
        assert len(town.rows("select from events")) == said(version)["rows"]["events"] + 1
        [(waited,)] = town.rows(due)
        assert dispatcher.work(town.connection) == waited
        assert len(town.rows("select from tasks")) == len(town.rows("select from alerts")) <= waited
        town.take(
            accepted(
                "Quote Requested", town.now + DAY, email="somebody.new@example.com", message_id="of the new version"
            )
        )
        assert town.score("somebody.new@example.com") == pytest.approx(20)
        assert town.rows(due)[0][0] > 0


def test_a_process_of_a_version_before_does_not_start(left: str, version: str, tmp_path: Path) -> None:
    """As this one is before the next: the database has a migration that it does not know."""
    migrating.migrate(left)
    with psycopg.connect(left) as connection:
        connection.execute("insert into django_migrations (app, name, applied) values ('store', '0099_next', now())")
    with couveuse_runs(tmp_path, "engine", database_url=left, data=tmp_path / "data") as running:
        assert running.process.wait(120) == 2
        assert "a newer version of Couveuse has made this database (0099_next)" in running.said.read_text()


def test_killed_in_the_middle_it_is_done_the_next_time(left: str, version: str, tmp_path: Path) -> None:
    """The tables are held up, so that the kill always meets it while it changes them."""
    waits = (
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        " and pid <> pg_backend_pid()"
    )
    with psycopg.connect(left) as holding:
        holding.execute("select from handovers" if version == "0.1.0" else "select from tasks")
        with couveuse_runs(tmp_path, "upgrade", "--no-backup", database_url=left, data=tmp_path / "data") as running:
            until(lambda: rows(left, waits) == [(1,)])
            everybody = running.children(deep=True)
            os.kill(running.process.pid, signal.SIGKILL)
            until(lambda: not any(map(lives, everybody)))
        holding.rollback()
    until(lambda: rows(left, waits) == [(0,)])
    code, told = upgrade(left, tmp_path, "--no-backup")
    assert code == 0, told
    assert now_said(left, version) == said(version)["leads"]
    assert [list(row) for row in rows(left, HANDOVERS)] == said(version)["handovers"]


def test_under_processes_that_run_nothing_is_changed(left: str, version: str, tmp_path: Path) -> None:
    before = rows(left, "select name from django_migrations")
    rows_of = "insert into processes (id, kind, host, pid, started_at, seen_at, counts) values"
    with psycopg.connect(left) as connection:
        connection.execute(
            f"{rows_of} (gen_random_uuid(), 'engine', 'far', 7, 1, extract(epoch from now()) * 1e6 + 6e8, '{{}}')"
        )
    code, told = upgrade(left, tmp_path)
    assert code == 2
    assert "engine 7 on far" in told
    assert "stop them, then try again" in told
    assert rows(left, "select name from django_migrations") == before
    assert not (tmp_path / "data" / "backups").exists()
