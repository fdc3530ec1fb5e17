"""`couveuse backup`, `backups`, `restore` and `erase`: what is said, what is refused, and what a kill leaves."""

import itertools
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from couveuse.store.processes import SignsOfLife
from tests.cli.conftest import Ask
from tests.databases import administer, named
from tests.engine.town import NOW, Town, accepted
from tests.processes import Running, couveuse_runs, lives, until

ALICE, BOB = "alice.martin@example.com", "bob@example.com"
_numbers = itertools.count(1)


@pytest.fixture
def town(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """A town whose database and folders are the configured ones."""
    monkeypatch.setenv("COUVEUSE_DATABASE_URL", database)
    monkeypatch.setenv("COUVEUSE_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret-key").write_text("a secret of forty letters or a few more, in all\n")
    with Town(database) as town:
        town.take(accepted("Quote Requested", email=ALICE), accepted("Page Viewed", NOW + 1, email=BOB))
        yield town


@pytest.fixture
def empty(server: str) -> Iterator[str]:
    name = f"couveuse_empty_{os.getpid()}_{next(_numbers)}"
    administer(server, f"create database {name}")
    yield named(server, name)
    from django.db import connection

    connection.close()
    administer(server, f"drop database {name} with (force)")


def test_it_works(town: Town, ask: Ask, empty: str, tmp_path: Path) -> None:
    made = ask("backup")
    assert made.code == 0, made.err
    place = made.out.strip()
    assert Path(place).parent == tmp_path / "data" / "backups"
    assert "holds the key that signs links" in made.err
    listed = json.loads(ask("backups", "--format", "json").out)
    assert (listed["place"], listed["because"], listed["error"]) == (place, "by hand", "")
    assert place in ask("backups").out
    back = ask("restore", place, "--database-url", empty)
    assert back.code == 0, back.err
    assert "stored scores of 2 leads were folded again" in back.err
    assert back.lines[-1] == "Then let it go: couveuse outgoing go"
    with psycopg.connect(empty) as connection:
        assert connection.execute("select count(*) from leads").fetchone() == (2,)


def test_a_folder_of_ones_own(town: Town, ask: Ask, tmp_path: Path) -> None:
    place = Path(ask("backup", "--to", tmp_path / "disk").out.strip())
    assert place.parent == tmp_path / "disk"
    assert ask("backups").err == f"There is none in {tmp_path / 'data' / 'backups'}; make one: couveuse backup\n"


def test_a_failure_is_listed(town: Town, ask: Ask) -> None:
    town.connection.execute(
        "insert into backups (at, ended_at, place, because, error) values (1, 2, 'x', 'schedule', 'the disk is full')"
    )
    assert "the disk is full" in ask("backups", "--format", "csv").out


def test_nothing_is_replaced_unasked(town: Town, ask: Ask) -> None:
    place = ask("backup").out.strip()
    refused = ask("restore", place)
    assert refused.code == 2
    assert "say --yes to replace all that stands in it" in refused.err
    assert ask("restore", place, "--yes").code == 0


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://couveuse:secret@db.example.com/couveuse", "a password on a command line can be read by others"),
        ("mysql://db.example.com/couveuse", "write it as postgresql://user@host/database"),
    ],
)
def test_a_bad_address_is_refused(town: Town, ask: Ask, url: str, said: str) -> None:
    refused = ask("restore", "anywhere", "--database-url", url)
    assert refused.code == 2
    assert said in refused.err
    assert "secret@" not in refused.err


def test_what_is_no_backup_is_refused(town: Town, ask: Ask, tmp_path: Path) -> None:
    refused = ask("restore", tmp_path)
    assert refused.code == 2
    assert "this is no backup" in refused.err


def test_a_running_instance_is_not_restored(town: Town, ask: Ask) -> None:
    place = ask("backup").out.strip()
    with SignsOfLife(town.url, "web"):
        until(lambda: bool(town.rows("select from processes where pid <> 0")))
        refused = ask("restore", place, "--yes")
    assert refused.code == 2
    assert "stop them, or wait 20 s if they were killed" in refused.err


def test_from_the_private_postgresql_to_ones_own(empty: str, tmp_path: Path) -> None:
    """As docs/howto/own-postgresql.md has it: each command as a process."""
    (tmp_path / "events.csv").write_text(
        "event,occurred_at,email,path\nQuote Requested,2026-06-10T16:40:00+02:00,alice@example.com,/devis\n"
    )

    def run(*words: str, **settings: object) -> str:
        with couveuse_runs(tmp_path, *words, data=tmp_path / "data", log_format="text", **settings) as running:
            assert running.process.wait(120) == 0, running.said.read_text()
        return running.said.read_text()

    run("migrate", "--publish-first")
    run("import", "events.csv", "--basis", "none", "--processes", "1")
    run("backup")
    [place] = (tmp_path / "data" / "backups").glob("couveuse-*")
    assert "stored scores of 1 lead were folded again" in run("restore", str(place), "--database-url", empty)
    assert "events wait" in run("upgrade", database_url=empty)
    with psycopg.connect(empty) as connection:
        assert connection.execute("select key from identities").fetchall() == [("alice@example.com",)]


# ---- Erasing ---------------------------------------------------------------------------------------------------------


def test_a_person_is_erased(town: Town, ask: Ask) -> None:
    answer = ask("erase", ALICE, "--yes")
    assert answer.code == 0, answer.err
    assert ["leads", "1"] in [line.split() for line in answer.out.splitlines()]
    assert "1 lead with 1 key erased" in answer.err
    assert town.lead(ALICE) is None


def test_nobody_is_erased_unasked(town: Town, ask: Ask) -> None:
    refused = ask("erase", ALICE)
    assert refused.code == 2
    assert "say --yes" in refused.err
    assert town.lead(ALICE) is not None


def test_who_is_not_known_cannot_be_erased(town: Town, ask: Ask) -> None:
    refused = ask("erase", "nobody@example.com", "--yes")
    assert refused.code == 2
    assert "nothing is recorded of such a person" in refused.err


# ---- Killed ----------------------------------------------------------------------------------------------------------


def is_held_up(town: Town) -> bool:
    """Whether one of PostgreSQL's own programs waits for a lock."""
    query = "select from pg_stat_activity where application_name = 'couveuse dump' and wait_event_type = 'Lock'"
    return bool(town.rows(query))


def kill(running: Running) -> None:
    """kill -9 of the command alone; what it has started ends by itself."""
    everybody = running.children(deep=True)
    assert any("postgres" in command or "pg_" in command or "psql" in command for command in everybody.values())
    os.kill(running.process.pid, signal.SIGKILL)
    until(lambda: not any(map(lives, everybody)))


def test_one_that_is_killed_leaves_no_half_and_no_process(town: Town, ask: Ask, tmp_path: Path) -> None:
    settings = {"database_url": town.url, "data": tmp_path / "data"}
    first = Path(ask("backup").out.strip())
    with psycopg.connect(town.url) as holding:
        holding.execute("lock table only events in access exclusive mode")  # pg_dump waits, and nobody else
        with couveuse_runs(tmp_path, "backup", **settings) as running:
            until(lambda: is_held_up(town))
            kill(running)
        holding.rollback()
    [left] = first.parent.glob(".couveuse-*-unfinished")
    assert list(first.parent.glob("couveuse-*")) == [first]
    second = Path(ask("backup").out.strip())
    assert sorted(first.parent.glob("couveuse-*")) == [first, second]
    assert not left.exists()
    assert town.rows("select error from backups order by id") == [("",), ("it was ended by force",), ("",)]


def test_a_restoring_that_is_killed_changes_nothing(town: Town, ask: Ask, tmp_path: Path) -> None:
    place = ask("backup").out.strip()
    town.take(accepted("Page Viewed", NOW + 2, email="carol@example.com"))
    with psycopg.connect(town.url) as holding:
        holding.execute("lock table standings in access share mode")
        settings = {"database_url": town.url, "data": tmp_path / "data"}
        with couveuse_runs(tmp_path, "restore", place, "--yes", **settings) as running:
            until(lambda: is_held_up(town))  # some tables are dropped already
            kill(running)
        holding.rollback()
    assert town.lead("carol@example.com") is not None
    assert ask("restore", place, "--yes").code == 0
    assert town.lead("carol@example.com") is None
