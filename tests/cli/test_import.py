"""`couveuse import`: what is asked about consent, what is told, what is listed and taken back."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from couveuse.core.times import DAY_US, iso
from tests.cli.conftest import Answer, Ask
from tests.engine.town import MODEL, NOW, publish
from tests.processes import ENVIRONMENT

CONSENT = ("--basis", "legitimate-interest", "--consent-source", "salon 2026", "--consent-date", "2026-03-01")
ROWS = [
    {"event": "Quote Requested", "occurred_at": iso(NOW - 30 * DAY_US), "email": "ana@example.com", "message_id": "1"},
    {"event": "Page Viewed", "occurred_at": iso(NOW - 30 * DAY_US), "user_id": "u1", "message_id": "2"},
    {"event": "Unsubscribed", "occurred_at": iso(NOW - 30 * DAY_US), "email": "bob@example.com", "message_id": "3"},
    {"event": "Page Viewed", "email": "bob@example.com"},
]


@pytest.fixture
def store(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[psycopg.Connection[Any]]:
    """A database that the command finds, with a model that acts."""
    monkeypatch.setenv("COUVEUSE_DATABASE_URL", database)
    monkeypatch.setenv("COUVEUSE_DATA", str(tmp_path / "data"))
    with psycopg.connect(database, autocommit=True) as connection:
        publish(connection, MODEL)
        yield connection


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.ndjson"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


def told(answer: Answer) -> dict[str, Any]:
    assert answer.code == 0, answer.err
    found: dict[str, Any] = json.loads(answer.out)
    return found


def count(store: psycopg.Connection[Any], table: str) -> int:
    row = store.execute(f"select count(*) from {table}").fetchone()  # type: ignore[arg-type]  # a name of ours
    assert row is not None
    return int(row[0])


def test_it_works(ask: Ask, store: psycopg.Connection[Any], events: Path) -> None:
    answer = ask("import", events, *CONSENT)
    assert answer.code == 0
    assert answer.out.splitlines() == [
        "Import 1: 4 rows, 3 new facts, 0 known already, 1 rejected.",
        "3 leads, 3 of them new.",
        "1 may be written to (marketing e-mail).",
        "The others may not (1: no e-mail; 1: withdrawn).",
    ]
    assert answer.lines == [
        "Rejected 1 row: no time (line 4); give `occurred_at`, or rename a column to it: --map occurred_at=COLUMN."
    ]
    assert count(store, "handovers") == 0


def test_it_says_the_same_as_json(ask: Ask, store: psycopg.Connection[Any], events: Path) -> None:
    assert told(ask("import", events, *CONSENT, "--format", "json")) == {
        "import": 1, "standing": "done", "files": ["events.ndjson"], "rows": 4, "facts": 3, "copies": 0, "rejected": 1,
        "leads": 3, "new_leads": 3, "may_be_written_to": 1,
        "may_not": {"no_address": 1, "suppressed": 0, "withdrawn": 1, "not_given": 0},
    }  # fmt: skip


def test_the_same_command_again_says_what_was_done(ask: Ask, store: psycopg.Connection[Any], events: Path) -> None:
    first = ask("import", events, *CONSENT)
    again = ask("import", events, *CONSENT)
    assert again.out == first.out
    assert again.lines[0].startswith("Import 1 has brought these files before, on 20")
    assert count(store, "imports") == 1


def test_a_rehearsal_says_it_all_and_writes_nothing(ask: Ask, store: psycopg.Connection[Any], events: Path) -> None:
    foreseen = told(ask("import", events, *CONSENT, "--dry-run", "--format", "json"))
    assert [count(store, table) for table in ("events", "leads", "imports", "rejects", "identities")] == [0] * 5
    done = told(ask("import", events, *CONSENT, "--format", "json"))
    assert {**foreseen, "import": 1, "standing": "done"} == done
    assert ask("import", events, *CONSENT, "--dry-run").lines[0].startswith("Import 1 has brought these files before")


def test_rejected_rows_are_kept_in_the_store_and_in_a_file(
    ask: Ask, store: psycopg.Connection[Any], events: Path, tmp_path: Path
) -> None:
    target = tmp_path / "rejects.ndjson"
    assert ask("import", events, *CONSENT, "--rejects", target).code == 0
    (row,) = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert (row["line"], row["reason"]) == (4, "no_time")
    assert store.execute("select reason, place, import_id from rejects").fetchall() == [
        ("no_time", "events.ndjson:4", 1)
    ]


def test_an_import_is_listed_and_taken_back(ask: Ask, store: psycopg.Connection[Any], events: Path) -> None:
    assert ask("import", events, *CONSENT).code == 0
    assert "events.ndjson" in ask("import", "--list").out
    listed = told(ask("import", "--list", "--format", "json"))
    assert (listed["import"], listed["standing"], listed["facts"], listed["new_leads"]) == (1, "done", 3, 3)
    taken = ask("import", "--undo", 1)
    assert (
        taken.out == "Import 1 was taken back: 3 facts, 3 leads folded again, 3 of them gone, since nothing is left.\n"
    )
    assert [count(store, table) for table in ("events", "leads", "identities", "seen", "consents", "rejects")] == [
        0
    ] * 6
    again = ask("import", "--undo", 1)
    assert (again.code, again.err) == (2, "couveuse: import 1: it was taken back already\n")
    assert told(ask("import", events, *CONSENT, "--format", "json"))["import"] == 2


# ---- What is asked -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--basis is missing: an import says on what basis"),
        (CONSENT[:2], "--consent-source is missing"),
        (CONSENT[:4], "--consent-date is missing"),
        (("--basis", "because"), "--basis because: say one of consent, legitimate-interest, contract"),
        ((*CONSENT, "--purpose", "sms"), "--purpose sms: say one of marketing-email, email-tracking"),
        ((*CONSENT[:5], "soon"), "--consent-date soon: not a time"),
        ((*CONSENT[:5], "2190-01-01"), "--consent-date 2190-01-01: that is in the future"),
        ((*CONSENT[:3], " ", *CONSENT[4:]), "--consent-source: say where"),
    ],
)
def test_what_is_missing_or_makes_no_sense_is_said_with_its_cure(
    ask: Ask, store: psycopg.Connection[Any], events: Path, words: tuple[str, ...], said: str
) -> None:
    answer = ask("import", events, *words)
    assert answer.code == 2
    assert answer.err.startswith(f"couveuse: {said}")
    assert count(store, "imports") == 0


def test_files_are_needed(ask: Ask, store: psycopg.Connection[Any]) -> None:
    answer = ask("import", *CONSENT)
    assert (answer.code, answer.err[:26]) == (2, "couveuse: say which files:")


def test_on_no_basis_nothing_more_is_asked(ask: Ask, store: psycopg.Connection[Any], events: Path) -> None:
    found = told(ask("import", events, "--basis", "none", "--format", "json"))
    assert (found["may_be_written_to"], found["may_not"]["not_given"]) == (0, 1)


def test_a_database_without_tables_is_said(
    ask: Ask, server: str, monkeypatch: pytest.MonkeyPatch, events: Path
) -> None:
    monkeypatch.setenv("COUVEUSE_DATABASE_URL", server)
    answer = ask("import", events, *CONSENT)
    assert (answer.code, answer.err) == (2, "couveuse: the database has no tables of ours yet: run couveuse migrate\n")


def test_on_a_terminal_it_asks(database: str, store: psycopg.Connection[Any], events: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {**ENVIRONMENT, "COUVEUSE_DATABASE_URL": database, "COUVEUSE_DATA": str(tmp_path), "TERM": "dumb"}
    command = [sys.executable, "-m", "couveuse.cli", "import", str(events), "--format", "json"]
    try:
        process = subprocess.Popen(
            command, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, env=environment, text=True
        )
        os.close(theirs)
        asked = ""
        for answer, question in (("contract", "basis"), ("form", "come from"), ("2026-01-31", "Since when")):
            while question not in asked:
                asked += os.read(ours, 4096).decode()
            os.write(ours, f"{answer}\n".encode())
        while True:
            try:
                asked += os.read(ours, 4096).decode()
            except OSError:  # the other end is closed
                break
        out, _ = process.communicate(timeout=120)
    finally:
        os.close(ours)
    assert process.returncode == 0, asked
    assert json.loads(out)["may_be_written_to"] == 1
    assert "Importing" in asked
    found = store.execute("select distinct basis, source, at from consents where is_declared").fetchall()
    assert found == [("contract", "form", 1_769_814_000_000_000)]


def test_a_french_table_is_read_as_it_stands_and_without_what_is_left_out(
    ask: Ask, store: psycopg.Connection[Any], tmp_path: Path
) -> None:
    path = tmp_path / "e.csv"
    path.write_text("Quoi;Le;Qui;Salaire\nQuote Requested;31/03/2026 9:05;ana@example.com;9\n", encoding="latin-1")
    answer = ask(
        "import", path, "--basis", "none", "--map", "event=Quoi", "--map", "occurred_at=Le", "--map", "email=Qui",
        "--dates", "day", "--leave-out", "Salaire", "--encoding", "latin-1",
    )  # fmt: skip
    assert answer.code == 0, answer
    assert store.execute("select at from events").fetchall() == [(1_774_940_700_000_000,)]  # 31 March, 7:05 UTC
    assert ask("import", path, "--basis", "none", "--leave-out", "Nowhere", "--map", "event=Quoi").code != 0
