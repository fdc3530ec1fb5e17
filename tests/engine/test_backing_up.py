"""A backup is there whole or not at all; what is restored is what was saved, less whoever was erased since."""

import errno
import itertools
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from couveuse.configuration import Configuration
from couveuse.engine.archiving import Archivist, taker
from couveuse.engine.backing_up import (
    Backup,
    BackupRuns,
    BadBackup,
    alone_in,
    back_up,
    back_up_if_due,
    list_backups,
    open_backup,
)
from couveuse.engine.erasing import Eraser
from couveuse.engine.restoring import NotEmpty, Restored, StillRunning, Wrong, restore
from couveuse.store import backups, dumps, migrating
from couveuse.store.dumps import NotRestored
from couveuse.store.migrating import NewerDatabase
from couveuse.store.processes import SignsOfLife
from tests.databases import administer, named
from tests.engine.town import DAY, NOW, Town, accepted, configuration
from tests.processes import until

_numbers = itertools.count(1)
LATER = NOW + 1000

ALICE, BOB = "alice.martin@example.com", "bob@example.com"


@pytest.fixture
def town(database: str) -> Iterator[Town]:
    with Town(database) as town:
        town.take(
            accepted("Quote Requested", email=ALICE),
            accepted("Page Viewed", NOW + 1, email=BOB, anonymous_id="device"),
        )
        yield town


@pytest.fixture
def settings(tmp_path: Path) -> Configuration:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret-key").write_text("a secret of forty letters or a few more, in all\n")
    return configuration(data=str(tmp_path / "data"), backups=str(tmp_path / "backups"), backup_at="03:10")


def test_it_works(town: Town, settings: Configuration) -> None:
    backup = back_up(town.url, settings, because="by hand", now=NOW)
    assert backup.place.parent == Path(settings.backups)
    assert backup.is_whole()
    assert open_backup(backup.place) == backup


@pytest.fixture
def empty(server: str) -> Iterator[str]:
    """The URL of a database in which nothing stands."""
    name = f"couveuse_empty_{os.getpid()}_{next(_numbers)}"
    administer(server, f"create database {name}")
    yield named(server, name)
    from django.db import connection

    connection.close()
    administer(server, f"drop database {name} with (force)")


def restored(url: str, settings: Configuration, backup: Backup, *, instead: bool = False) -> Restored:
    return restore(url, settings, backup.place, replace=instead, now=LATER, by="Claire")


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]  # of this file


EVERYTHING = (
    "select i.key, s.score, s.state from lead_states s join leads l on l.id = lead_id"
    " join identities i on i.id = root_id order by 1"
)


def test_what_is_restored_is_what_was_saved(town: Town, settings: Configuration, empty: str) -> None:
    backup = back_up(town.url, settings, because="by hand", now=NOW)
    found = restored(empty, settings, backup)
    assert rows(empty, EVERYTHING) == town.rows(EVERYTHING)
    assert found.checked == 2
    assert rows(empty, "select is_on, because from switches where name = 'stop'") == [(True, "restored")]
    with Town.again(empty, town.model_id) as there:
        there.take(accepted("Page Viewed", NOW + 10, email=BOB))
        assert there.score(BOB) == pytest.approx(2)


# Everything that makes a database more than its rows.
SHAPE = (
    "select 'index', indexdef from pg_indexes where schemaname = 'public'"
    " union all select 'trigger', pg_get_triggerdef(oid) from pg_trigger where not tgisinternal"
    " union all select 'constraint', conrelid::regclass || ' ' || pg_get_constraintdef(oid) from pg_constraint"
    " where connamespace = 'public'::regnamespace"
    " union all select 'function', pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace"
    " union all select 'sequence', sequencename || coalesce(last_value::text, '') from pg_sequences"
    " union all select 'column', table_name || column_name || data_type || coalesce(column_default, '')"
    " from information_schema.columns where table_schema = 'public'"
)


def test_indexes_triggers_and_numbers_come_back(town: Town, settings: Configuration, empty: str) -> None:
    backup = back_up(town.url, settings, because="by hand", now=NOW)
    # PostgreSQL writes the condition of this index of allauth's another way once it was dumped.
    shape = {each for each in town.rows(SHAPE) if "unique_authenticator_type" not in each[1]}
    restored(empty, settings, backup)
    written = ("audit", "backups", "django_migrations")  # that it is restored, and was
    told = {("sequence", name) for kind, name in shape if kind == "sequence" and name.startswith(written)}
    assert shape - told <= set(rows(empty, SHAPE))


def test_who_was_erased_since_is_erased_again(town: Town, settings: Configuration, empty: str) -> None:
    backup = back_up(town.url, settings, because="by hand", now=NOW)
    Eraser(town.url, Path(settings.backups)).erase(ALICE, by="Claire", now=NOW + 1)
    found = restored(empty, settings, backup)
    assert found.erased == 1
    assert rows(empty, f"select 1 from identities where key = '{ALICE}'") == []
    assert rows(empty, EVERYTHING) == town.rows(EVERYTHING)
    assert [at for (at,) in rows(empty, "select at from erasures")] == [NOW + 1]


def test_an_erasure_that_only_the_database_knew_which_is_replaced_is_made_again(
    town: Town, settings: Configuration, tmp_path: Path
) -> None:
    backup = back_up(town.url, settings, because="by hand", now=NOW)
    Eraser(town.url, tmp_path / "another machine").erase(ALICE, by="Claire", now=NOW + 1)
    assert restored(town.url, settings, backup, instead=True).erased == 1
    assert [key for key, *_ in town.rows(EVERYTHING)] == [BOB]


def test_one_that_was_made_before_the_backup_is_not_made_again(town: Town, settings: Configuration, empty: str) -> None:
    """Who has come back since has facts of their own."""
    Eraser(town.url, Path(settings.backups)).erase(ALICE, by="Claire", now=NOW + 1)
    town.take(accepted("Page Viewed", NOW + 2, email=ALICE))
    backup = back_up(town.url, settings, because="by hand", now=NOW + 3)
    assert restored(empty, settings, backup).erased == 0
    assert [key for key, *_ in rows(empty, EVERYTHING)] == [ALICE, BOB]


def test_nothing_goes_out_of_what_was_restored(town: Town, settings: Configuration, empty: str) -> None:
    town.connection.execute(
        "insert into intents (key, channel, audience, kind, target, about, standing, made_at, due_at) values"
        " ('flying', 'email', 'team', 'ripe', '{}', '{}', 'flying', 1, 1),"
        " ('waiting', 'email', 'team', 'ripe', '{}', '{}', 'waiting', 1, 1),"
        " ('outside', 'webhook', 'outside', 'ripe', '{}', '{}', 'waiting', 1, 1),"
        " ('done', 'email', 'team', 'ripe', '{}', '{}', 'done', 1, 1)"
    )
    backup = back_up(town.url, settings, because="by hand", now=NOW)
    restored(empty, settings, backup)
    assert rows(empty, "select key, standing, unknowns from intents order by id") == [
        ("flying", "parked", 0),
        ("waiting", "waiting", 1),
        ("outside", "parked", 0),
        ("done", "done", 0),
    ]


def test_a_database_that_is_not_empty_is_replaced_only_where_that_is_said(town: Town, settings: Configuration) -> None:
    backup = back_up(town.url, settings, because="by hand", now=NOW)
    town.take(accepted("Page Viewed", NOW + 2, email="carol@example.com"))
    town.connection.execute("create table of_a_newer_version (lead_id bigint references leads (id))")
    with pytest.raises(NotEmpty, match="--yes"):
        restored(town.url, settings, backup)
    assert town.lead("carol@example.com") is not None
    restored(town.url, settings, backup, instead=True)
    assert town.lead("carol@example.com") is None
    assert town.rows("select to_regclass('of_a_newer_version')") == [(None,)]


def test_tables_of_something_else_are_never_touched(town: Town, settings: Configuration, empty: str) -> None:
    backup = back_up(town.url, settings, because="by hand", now=NOW)
    with psycopg.connect(empty) as connection:
        connection.execute("create table invoices (id integer)")
    with pytest.raises(NotEmpty, match="something else"):
        restored(empty, settings, backup, instead=True)
    assert rows(empty, "select count(*) from invoices") == [(0,)]


def test_nothing_is_restored_under_running_processes(town: Town, settings: Configuration) -> None:
    backup = back_up(town.url, settings, because="by hand", now=NOW)
    with SignsOfLife(town.url, "engine"):
        until(lambda: bool(town.rows("select from processes where kind = 'engine' and pid <> 0")))
        with pytest.raises(StillRunning, match=f"engine {os.getpid()} on"):
            restored(town.url, settings, backup, instead=True)


def test_a_backup_that_was_damaged_is_refused(town: Town, settings: Configuration, empty: str) -> None:
    backup = back_up(town.url, settings, because="by hand", now=NOW)
    dump = backup.place / "database.dump"
    content = bytearray(dump.read_bytes())
    content[len(content) // 2] ^= 1
    dump.write_bytes(content)
    with pytest.raises(BadBackup, match="not whole"):
        restored(empty, settings, backup)
    assert rows(empty, "select to_regclass('leads')::text") == [(None,)]


def test_a_dump_that_fails_in_the_middle_changes_nothing(town: Town, settings: Configuration) -> None:
    """Even where its manifest was made to fit: all of it is one transaction, and its rows are counted."""
    backup = back_up(town.url, settings, because="by hand", now=NOW)
    town.take(accepted("Page Viewed", NOW + 2, email="carol@example.com"))
    manifest = dict(backup.manifest)
    manifest["tables"] = {**backup.tables, "leads": 3}
    (backup.place / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(NotRestored, match="the table leads does not hold"):
        restored(town.url, settings, backup, instead=True)
    assert town.lead("carol@example.com") is not None


def test_a_backup_of_a_newer_version_is_refused(town: Town, settings: Configuration, empty: str) -> None:
    town.connection.execute("insert into django_migrations (app, name, applied) values ('store', '0099_later', now())")
    backup = back_up(town.url, settings, because="by hand", now=NOW)
    with pytest.raises(BadBackup, match="install that version"):
        restored(empty, settings, backup)


@pytest.mark.parametrize("text", ["", "{}", '{"couveuse_backup": 1}', "[]"])
def test_what_is_no_backup_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(BadBackup, match="this is no backup"):
        open_backup(tmp_path)
    assert list_backups(tmp_path.parent) == []


def test_a_restoring_that_was_cut_short_lets_no_process_in(
    town: Town, settings: Configuration, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = back_up(town.url, settings, because="by hand", now=NOW)
    Eraser(town.url, Path(settings.backups)).erase(ALICE, by="Claire", now=NOW + 1)

    def cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Eraser, "replay", cut)
        with pytest.raises(KeyboardInterrupt):
            restored(empty, settings, backup)
    with psycopg.connect(empty) as connection, pytest.raises(NewerDatabase, match="couveuse restore again"):
        migrating.refuse_newer(connection)
    restored(empty, settings, backup, instead=True)
    with psycopg.connect(empty) as connection:
        migrating.refuse_newer(connection)
    assert [key for key, *_ in rows(empty, EVERYTHING)] == [BOB]


def test_a_state_that_is_not_what_the_facts_say_is_found(town: Town, settings: Configuration, empty: str) -> None:
    town.connection.execute("update lead_states set score = score + 1")
    states = [state for _, _, state in town.rows(EVERYTHING)]
    town.connection.execute("update lead_states set state = %s", [states[0]])
    backup = back_up(town.url, settings, because="by hand", now=NOW)
    with pytest.raises(Wrong, match="is not what its facts say"):
        restored(empty, settings, backup)


# ---- With an archive -------------------------------------------------------------------------------------------------


def dropped(town: Town, settings: Configuration) -> None:
    """Facts of a month that stands in the archive alone."""
    past = NOW - 150 * DAY
    town.take(accepted("Document Downloaded", past, email=ALICE), accepted("Document Downloaded", past + 1, email=BOB))
    with Archivist(town.url, settings, lambda: NOW) as archivist:
        months = [manifest.month for manifest in archivist.run(archivist.due())]
        archivist.drop(months)


def test_an_archive_that_was_written_again_since_counts_as_it_is(
    town: Town, settings: Configuration, empty: str
) -> None:
    dropped(town, settings)
    backup = back_up(town.url, settings, because="by hand", now=NOW)
    assert [(each["events"], each["dropped"]) for each in backup.manifest["archive"]["months"]] == [(2, True)]
    eraser = Eraser(town.url, Path(settings.backups), taker(settings))
    assert eraser.erase(ALICE, by="Claire", now=NOW + 1).proof["archive"] == 1
    found = restore(
        empty, settings, backup.place, replace=False, now=LATER, by="Claire", archive=taker(settings)
    )  # fmt: skip
    assert (found.erased, found.checked, found.lacking) == (1, 1, [])
    assert rows(empty, EVERYTHING) == town.rows(EVERYTHING)


def test_an_archive_that_is_not_there_is_told(town: Town, settings: Configuration, empty: str) -> None:
    dropped(town, settings)
    backup = back_up(town.url, settings, because="by hand", now=NOW)
    (settings.data / "archive").rename(settings.data / "away")
    found = restored(empty, settings, backup)
    assert found.checked == 0
    assert "2025-12" in found.lacking[0]


# ---- What is in a backup, and who may read it ------------------------------------------------------------------------


def test_only_its_owner_reads_a_backup(town: Town, settings: Configuration) -> None:
    backup = back_up(town.url, settings, because="by hand", now=NOW)
    modes = {path.name: path.stat().st_mode & 0o777 for path in [backup.place, *backup.place.iterdir()]}
    assert modes.pop(backup.place.name) == 0o700
    assert modes == {"database.dump": 0o600, "secret-key": 0o600, "manifest.json": 0o600}


def test_the_key_comes_back_and_the_one_that_stood_there_is_kept(
    town: Town, settings: Configuration, empty: str
) -> None:
    backup = back_up(town.url, settings, because="by hand", now=NOW)
    key = settings.data / "secret-key"
    key.write_text("another one")
    assert str(key) in restored(empty, settings, backup).key
    assert key.read_text().startswith("a secret of forty letters")
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.with_name("secret-key.before-restore").read_text() == "another one"


def test_a_key_of_the_environment_is_in_no_backup(town: Town, settings: Configuration) -> None:
    given = replace(settings, secret_key="k" * 40)
    backup = back_up(town.url, given, because="by hand", now=NOW)
    assert not (backup.place / "secret-key").exists()
    assert "environment" in backup.manifest["secret_key"]


def test_no_password_stands_where_others_may_read_it(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUVEUSE_SECRET_KEY", "of ours")
    url = town.url.replace("couveuse@", "couveuse:pa%3Ass%5C@")
    with dumps.access(url, town.connection) as access:
        words = " ".join([*access.command("pg_dump"), *map(str, access.environment.items())])
        assert "pa:ss" not in words
        assert "of ours" not in words
        kept = Path(access.environment["PGPASSFILE"])
        assert kept.stat().st_mode & 0o777 == 0o600
        assert kept.read_text() == "*:*:*:*:pa\\:ss\\\\\n"
    assert not kept.exists()


# ---- Whole or not at all ---------------------------------------------------------------------------------------------


def test_one_that_fails_leaves_nothing_and_is_told(
    town: Town, settings: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "database.dump")

    with monkeypatch.context() as patch:
        patch.setattr(dumps, "dump", full)
        with pytest.raises(OSError, match="No space left"):
            back_up(town.url, settings, because="by hand", now=NOW)
    assert [path.name for path in Path(settings.backups).iterdir()] == [".lock"]
    assert town.rows("select error, bytes from backups") == [("database.dump: No space left on device", None)]


def test_what_was_left_of_one_that_was_killed_goes_with_the_next(town: Town, settings: Configuration) -> None:
    left = Path(settings.backups) / ".couveuse-20260101T000000Z-unfinished"
    left.mkdir(parents=True)
    (left / "manifest.json").write_text("{}")
    town.connection.execute("insert into backups (at, place, because) values (1, 'x', 'schedule')")
    assert list_backups(Path(settings.backups)) == []
    back_up(town.url, settings, because="by hand", now=NOW)
    assert not left.exists()
    assert town.rows("select error from backups order by at") == [("it was ended by force",), ("",)]


def test_two_at_once_are_one(town: Town, settings: Configuration, tmp_path: Path) -> None:
    elsewhere = replace(settings, backups=str(tmp_path / "elsewhere"))
    with psycopg.connect(town.url) as connection:
        assert backups.hold(connection)
        with pytest.raises(BackupRuns):
            back_up(town.url, elsewhere, because="by hand", now=NOW)
    Path(settings.backups).mkdir()
    with alone_in(Path(settings.backups)), pytest.raises(BackupRuns):
        back_up(town.url, settings, because="by hand", now=NOW)
    one = back_up(town.url, settings, because="by hand", now=NOW)
    other = back_up(town.url, settings, because="by hand", now=NOW)
    assert other.place.name == f"{one.place.name}-2"


def test_facts_that_come_meanwhile_are_not_in_it(
    town: Town, settings: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is of one instant, and what comes is folded meanwhile."""
    whole = dumps.dump

    def slow(*words: Any, **named: Any) -> None:
        town.take(accepted("Page Viewed", NOW + 40 * 86_400_000_000, email="carol@example.com"))
        whole(*words, **named)

    monkeypatch.setattr(dumps, "dump", slow)
    backup = back_up(town.url, settings, because="by hand", now=NOW + 35 * 86_400_000_000)
    assert backup.tables["leads"] == 2
    assert town.score("carol@example.com") is not None


# ---- By schedule -----------------------------------------------------------------------------------------------------

TEN_PAST_THREE = NOW // DAY * DAY + (3 * 60 + 10) * 60_000_000


def test_the_days_backup_is_made_once(town: Town, settings: Configuration) -> None:
    made = [back_up_if_due(town.url, settings, TEN_PAST_THREE + minutes * 60_000_000) for minutes in (0, 1, 700, 1439)]
    assert [each is not None for each in made] == [True, False, False, False]
    assert back_up_if_due(town.url, settings, TEN_PAST_THREE + DAY) is not None
    assert town.rows("select because, error from backups") == [("schedule", "")] * 2


def test_none_is_made_where_none_is_scheduled(town: Town, settings: Configuration) -> None:
    assert back_up_if_due(town.url, replace(settings, backup_at="off"), TEN_PAST_THREE) is None
    assert town.rows("select from backups") == []


def test_one_by_hand_is_not_the_days(town: Town, settings: Configuration) -> None:
    back_up(town.url, settings, because="by hand", now=TEN_PAST_THREE + 1)
    assert back_up_if_due(town.url, settings, TEN_PAST_THREE + 2) is not None


def test_one_that_fails_is_tried_again_after_an_hour(
    town: Town, settings: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise dumps.NotDumped("it does not work: try again")

    with monkeypatch.context() as patch:
        patch.setattr(dumps, "dump", failing)
        assert back_up_if_due(town.url, settings, TEN_PAST_THREE) is None
    assert back_up_if_due(town.url, settings, TEN_PAST_THREE + 59 * 60_000_000) is None
    assert back_up_if_due(town.url, settings, TEN_PAST_THREE + 60 * 60_000_000) is not None
    assert town.rows("select error from backups order by id") == [("it does not work: try again",), ("",)]


def test_the_oldest_by_schedule_make_room(town: Town, settings: Configuration) -> None:
    by_hand = back_up(town.url, settings, because="by hand", now=NOW - 30 * DAY)
    few = replace(settings, backups_kept=2)
    for day in range(4):
        back_up_if_due(town.url, few, TEN_PAST_THREE + day * DAY)
    kept = list_backups(Path(settings.backups))
    assert [backup.at for backup in kept] == [TEN_PAST_THREE + 3 * DAY, TEN_PAST_THREE + 2 * DAY, by_hand.at]
    assert town.rows("select count(*) from backups where removed_at is not null") == [(2,)]
