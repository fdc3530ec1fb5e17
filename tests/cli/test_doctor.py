"""`couveuse doctor`: all is well, or each finding with its cure; it changes nothing."""

import os
import platform
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg import Connection

from couveuse import configuration
from couveuse.cli.doctoring import address
from couveuse.engine import doctoring
from couveuse.store import health
from couveuse.store.health import Check
from couveuse.store.processes import SignsOfLife
from couveuse.store.write_keys import KeyKind, create_key
from tests.cli.conftest import Ask
from tests.processes import free_port

pytestmark = pytest.mark.usefixtures("durable")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def connection(database: str) -> Iterator[Connection[Any]]:
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


@pytest.fixture
def well(database: str, connection: Connection[Any], data: Path) -> dict[str, str]:
    """The settings of an instance in which all is well."""
    connection.execute(
        "insert into models (name, version, document, our_domains, our_addresses, standing, published_by, progress)"
        """ values ('m', 1, '', '["example.com"]', '[]', 'acting', '', '{}')"""
    )
    create_key(connection, kind=KeyKind.SERVER, source="site")
    for kind in ("engine", "web", "deliverer", "workshop"):
        SignsOfLife(database, kind).beat(connection)
    return {
        "COUVEUSE_DATABASE_URL": database,
        "COUVEUSE_DATA": str(data),
        "COUVEUSE_OUR_DOMAINS": "example.com",
        "COUVEUSE_PORT": str(free_port()),
    }


def found(settings: Mapping[str, str]) -> dict[str, Check]:
    return {check.name: check for check in doctoring.checks(configuration.read(settings), address)}


def wrong(settings: Mapping[str, str]) -> dict[str, str]:
    return {name: check.cure for name, check in found(settings).items() if not check.is_fine}


def test_it_works(well: dict[str, str], ask: Ask, monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    for name, value in well.items():
        monkeypatch.setenv(name, value)
    answer = ask("doctor")
    assert (answer.code, answer.err) == (0, "")
    assert "WRONG" not in answer.out
    assert {line.split()[1] for line in answer.out.splitlines()} >= {"Python", "database", "clock", "engine", "backlog"}
    assert not data.exists()


def test_a_finding_is_an_exit_code_and_a_cure(ask: Ask, monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    monkeypatch.delenv("COUVEUSE_DATABASE_URL", raising=False)  # set where Django was set up
    monkeypatch.setenv("COUVEUSE_DATA", str(data))
    monkeypatch.setenv("COUVEUSE_PORT", str(free_port()))
    answer = ask("doctor")
    assert answer.code == 1
    lines = answer.out.splitlines()
    place = next(place for place, line in enumerate(lines) if line.startswith("WRONG"))
    assert "the private PostgreSQL does not run" in lines[place]
    assert lines[place + 1].strip() == "run: couveuse up"
    assert lines[-1] == "1 finding."
    assert not data.exists()


def test_a_database_that_is_away(well: dict[str, str]) -> None:
    well["COUVEUSE_DATABASE_URL"] = f"postgresql://couveuse@127.0.0.1:{free_port()}/couveuse"
    assert wrong(well) == {"database": "start it, or correct COUVEUSE_DATABASE_URL"}


def test_a_database_without_tables(well: dict[str, str], server: str) -> None:
    well["COUVEUSE_DATABASE_URL"] = server
    assert wrong(well) == {"migrations": "run: couveuse migrate"}


INTENT = "insert into intents (key, channel, audience, kind, target, about, standing, made_at, due_at) values ('k', "
INTENT += "'email', 'team', 'handed_over', '{}', '{}',"
SWITCH = 'insert into switches (name, is_on, at, "by") values'


class Broken(NamedTuple):
    """What is done to an instance, and the finding that it makes."""

    statement: str
    name: str
    cure: str


@pytest.mark.parametrize(
    "broken",
    [
        Broken("delete from models", "model", "publish one"),
        Broken("delete from processes where kind = 'engine'", "engine", "couveuse engine"),
        Broken("delete from processes where kind = 'web'", "web", "couveuse web"),
        Broken("delete from processes where kind = 'deliverer'", "deliverers", "couveuse deliver"),
        Broken("delete from processes where kind = 'workshop'", "workshop", "couveuse deliver"),
        Broken(f"{INTENT} 'waiting', 1, 1)", "mail", "COUVEUSE_MAIL_URL"),
        Broken(f"{INTENT} 'parked', 1, 1)", "outgoing", "couveuse outgoing replay"),
        Broken(f"{INTENT} 'dead', 1, 1)", "outgoing", "couveuse outgoing replay"),
        Broken(f"{SWITCH} ('stop', true, 1, 'alice')", "red button", "couveuse outgoing go"),
        Broken(f"{SWITCH} ('rehearsal', true, 1, 'alice')", "rehearsal", "couveuse outgoing go"),
        Broken(
            "insert into endpoints (id, url, sealed, made_at, failing_since) values ('crm', 'https://crm', '', 1, 1)",
            "endpoint crm",
            "couveuse outgoing try",
        ),
        Broken("update write_keys set revoked_at = now()", "write keys", "couveuse key create"),
        Broken("update models set our_domains = '[]'", "our own", "couveuse rescore"),
        Broken("delete from django_migrations where app = 'store'", "migrations", "couveuse migrate"),
    ],
    ids=lambda broken: broken.name,
)
def test_what_is_wrong_is_found_with_its_cure(
    well: dict[str, str], connection: Connection[Any], broken: Broken
) -> None:
    connection.execute(broken.statement)  # type: ignore[arg-type]  # the tests' own words
    cures = wrong(well)
    assert list(cures) == [broken.name]
    assert broken.cure in cures[broken.name]


def test_rejects_of_the_last_day_are_told_by_reason(well: dict[str, str], connection: Connection[Any]) -> None:
    now = time.time_ns() // 1000
    for reason, at in [("no_event", now), ("no_event", now), ("too_old", now), ("no_who", now - 2 * 86_400_000_000)]:
        connection.execute(
            "insert into rejects (received_at, source, reason, body) values (%s, 'site', %s, '')", [at, reason]
        )
    check = found(well)["rejects"]
    assert check == Check("rejects", "3 in the last day: no_event (2), too_old (1)", "see: couveuse rejects")


def test_outcomes_that_no_deliverer_records(well: dict[str, str], connection: Connection[Any]) -> None:
    connection.execute(
        "insert into tasks (lead_id, episode_id, team, treatment, opened_at, due_at, rate, value, expected, score, "
        "settles_at) select n, n, 'sales', 'call', 1, 1, 0, 0, 0, 0, case when n > 1 then "
        "(extract(epoch from now() - make_interval(mins => n)) * 1000000)::bigint end from generate_series(1, 4) n"
    )
    told = found(well)["outcomes"]
    assert told.says == "3 were said and are not recorded yet, for 4 minutes"
    assert "couveuse deliver" in told.cure


def test_leads_that_nobody_counts(well: dict[str, str], connection: Connection[Any]) -> None:
    assert "counting" not in found(well)
    put = "insert into rollups (name, model_id, at, took, counted) values ('leads', 1, %s, 1, '{}')"
    connection.execute(put, [time.time_ns() // 1000 - 5 * 3_600_000_000])
    told = found(well)["counting"]
    assert told.says == "leads were last counted 5 hours ago: the first page is as old"
    assert "couveuse deliver" in told.cure
    connection.execute("delete from processes where kind = 'workshop'")
    assert "counting" not in found(well)  # that none is there is told already


def test_a_team_that_no_document_has(well: dict[str, str], connection: Connection[Any]) -> None:
    connection.execute(
        "insert into tasks (lead_id, episode_id, team, treatment, opened_at, due_at, rate, value, expected, score) "
        "values (1, 1, 'sales', 'call', 1, 1, 0, 0, 0, 0), (2, 2, 'known', 'call', 1, 1, 0, 0, 0, 0)"
    )
    connection.execute("insert into teams (id) values ('known')")
    told = {name: check for name, check in found(well).items() if name.startswith("team ")}
    assert {name: check.says for name, check in told.items()} == {
        "team sales": "1 task is open, and no document of a team has it"
    }
    assert "couveuse team apply" in told["team sales"].cure


def test_a_full_backlog(well: dict[str, str], connection: Connection[Any]) -> None:
    connection.execute("insert into inbox (lane, events, received_at, packet) values (0, 7, 1, '')")
    assert "backlog" in wrong({**well, "COUVEUSE_BACKLOG": "7"})


def test_a_port_that_somebody_else_uses(well: dict[str, str], connection: Connection[Any]) -> None:
    import socket

    with socket.create_server(("127.0.0.1", int(well["COUVEUSE_PORT"]))):
        assert wrong(well) == {}  # our own web process
        connection.execute("update processes set host = 'elsewhere'")
        assert wrong(well) == {"address": "stop it, or set COUVEUSE_PORT"}


def test_a_disk_that_is_nearly_full(well: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctoring, "FREE_BYTES", 1 << 60)
    assert wrong(well) == {"data folder": "free some disk space"}


def test_a_clock_that_is_off(well: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 5_000_000_000)
    assert wrong(well) == {"clock": "set both clocks by NTP"}


def test_a_database_that_may_lose_what_was_acknowledged(well: dict[str, str], connection: Connection[Any]) -> None:
    name = connection.info.dbname
    connection.execute(f'alter database "{name}" set synchronous_commit = off')  # type: ignore[arg-type]  # ours
    assert wrong(well) == {"durability": "set synchronous_commit to on"}


def test_a_secret_that_others_may_read(well: dict[str, str], data: Path) -> None:
    data.mkdir()
    (data / "secret-key").write_text("x" * 50)
    (data / "secret-key").chmod(0o644)
    assert wrong(well) == {"secret key": f"run: chmod 600 {data}/secret-key"}


def test_a_folder_that_is_a_file(well: dict[str, str], data: Path) -> None:
    data.write_text("")
    assert wrong(well) == {"data folder": "correct its rights, or set COUVEUSE_DATA to another one"}


def test_backups_that_are_not_scheduled_are_told_and_no_finding(well: dict[str, str]) -> None:
    assert found(well)["backups"].says.startswith("none was made yet; none is scheduled (COUVEUSE_BACKUP_AT")
    assert found(well)["backups"].is_fine


@pytest.mark.parametrize(
    ("row", "is_fine"),
    [
        ("extract(epoch from now()) * 1e6 - 47 * 3600e6, 1, 'x', 'schedule', ''", True),
        ("extract(epoch from now()) * 1e6 - 49 * 3600e6, 1, 'x', 'schedule', ''", False),
        ("extract(epoch from now()) * 1e6, 1, 'x', 'schedule', 'the disk is full'", False),
    ],
)
def test_backups_that_are_late_or_failed(
    well: dict[str, str], connection: Connection[Any], row: str, is_fine: bool
) -> None:
    well["COUVEUSE_BACKUP_AT"] = "03:10"
    assert found(well)["backups"].is_fine  # of a new instance none is missed yet
    connection.execute(f"insert into backups (at, ended_at, place, because, error) values ({row})")  # type: ignore[arg-type]
    assert found(well)["backups"].is_fine is is_fine


def test_an_old_instance_that_never_made_one(well: dict[str, str], connection: Connection[Any]) -> None:
    well["COUVEUSE_BACKUP_AT"] = "03:10"
    connection.execute("update django_migrations set applied = now() - interval '3 days'")
    assert "couveuse backup" in wrong(well)["backups"]


def test_a_damaged_private_folder(data: Path) -> None:
    (data / "postgresql").mkdir(parents=True)
    (data / "postgresql" / "PG_VERSION").write_text("12")
    cures = wrong({"COUVEUSE_DATA": str(data), "COUVEUSE_PORT": str(free_port())})
    assert cures["PostgreSQL"] == "install postgresql-12"


def test_it_looks_as_the_probes_do(well: dict[str, str], connection: Connection[Any]) -> None:
    names = [check.name for check in health.checks(health.look(connection), 1)]
    assert set(names) <= set(found(well))
    assert os.environ.get("COUVEUSE_PORT") is None


def test_whether_a_process_lives_here(
    well: dict[str, str], connection: Connection[Any], ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in well.items():
        monkeypatch.setenv(name, value)
    answer = ask("doctor", "--alive", "engine")
    assert (answer.code, answer.out) == (0, f"engine {os.getpid()}\n")
    assert ask("doctor", "--alive", "workshop").out == f"workshop {os.getpid()}\n"
    connection.execute("delete from processes where kind = 'deliverer'")
    assert ask("doctor", "--alive", "deliverer").code == 1
    monkeypatch.setattr(platform, "node", lambda: "elsewhere")
    assert ask("doctor", "--alive", "engine").code == 1
