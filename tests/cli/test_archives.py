"""`couveuse archive` and `couveuse score instance`: what they print, and what they leave."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Ask
from tests.engine.town import DAY, MODEL, NOW, Town, accepted

ALICE, BOB = "alice@example.com", "bob@example.com"
LONG_AGO = NOW - 100 * DAY


@pytest.fixture
def town(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Town]:
    """A database that the commands find, with facts of a month that closed and of today."""
    monkeypatch.setenv("COUVEUSE_DATABASE_URL", database)
    monkeypatch.setenv("COUVEUSE_DATA", str(tmp_path / "data"))
    with Town(database) as found:
        found.take(
            accepted("Document Downloaded", LONG_AGO, email=ALICE),
            accepted("Traits Set", LONG_AGO + 1, email=ALICE, traits={"job_title": "CEO"}),
            accepted("Quote Requested", LONG_AGO + 2, email=BOB),
        )
        yield found


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "town.yaml"
    path.write_text(MODEL, encoding="utf-8")
    return path


def test_it_works(ask: Ask, town: Town, tmp_path: Path) -> None:
    assert ask("archive", "run", "--dry-run").out == "2026-02\n"
    answer = ask("archive", "run")
    assert answer.code == 0, answer.err
    assert answer.lines[0].startswith("2026-02: 3 events, ")
    assert (tmp_path / "data" / "archive" / "month=2026-02" / "manifest.json").is_file()
    assert ask("archive", "verify").lines == ["Every file is there, and holds what was written."]
    answer = ask("archive", "drop", "2026-02")
    assert answer.lines[-1] == "1 month dropped here: what was of them is read from the archive from now on."
    (row,) = map(json.loads, ask("archive", "status", "--format", "json").out.splitlines())
    assert (row["month"], row["here"], row["archived"]) == ("2026-02", 1, 3)
    assert row["dropped_at"] is not None
    assert "2026-02" in ask("archive", "status").out
    assert ask("archive", "status", "--format", "csv").out.splitlines()[1].startswith("2026-02,1,3,")


def test_a_broken_file_is_a_finding(ask: Ask, town: Town, tmp_path: Path) -> None:
    assert ask("archive", "run").code == 0
    (file,) = (tmp_path / "data" / "archive").rglob("*.parquet")
    file.write_bytes(file.read_bytes()[:-40])
    answer = ask("archive", "verify")
    assert answer.code == 1
    assert "put the file back from a copy" in answer.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("drop", "2026-2"), "2026-2: not a month; write it as 2026-01"),
        (("drop", "2026-03"), "2026-03: there are no facts of it"),
        (("run", "--month", "2199-01"), "2199-01: it has not ended yet"),
    ],
)
def test_what_cannot_be_is_refused(ask: Ask, town: Town, words: tuple[str, ...], said: str) -> None:
    answer = ask("archive", *words)
    assert answer.code == 2
    assert said in answer.err


def test_the_instance_is_scored_like_a_file(ask: Ask, town: Town, model: Path, tmp_path: Path) -> None:
    words = ("--model", model, "--format", "json")
    before = ask("score", "instance", *words)
    assert before.code == 0, before.err
    assert {json.loads(line)["lead"] for line in before.out.splitlines()} == {BOB, ALICE}
    assert ask("archive", "drop", "2026-02").code == 0
    town.take(accepted("Page Viewed", NOW, email=ALICE), accepted("Page Viewed", NOW + 1, anonymous_id="d1"))
    at = ("--at", "2026-06-01")
    scores = {row["lead"]: row for row in map(json.loads, ask("score", "instance", *words, *at).out.splitlines())}
    told = json.loads(ask("explain", "instance", "--lead", ALICE, *words, *at).out)
    assert told["score"] == scores[ALICE]["score"]
    assert [line["rule"] for line in told["ledger"] if line["kind"] == "points"] == ["download", "visit"]
    assert len(ask("score", "instance", "--visitors", *words).out.splitlines()) == 3
    assert not list((tmp_path / "data").glob("instance-*"))


def test_nothing_stands_beside_the_instance(ask: Ask, town: Town, model: Path, tmp_path: Path) -> None:
    for words in (("instance", "a.csv"), ("instance", "--leads", "b.csv")):
        answer = ask("score", *words, "--model", model)
        assert answer.code == 2
        assert "name no other file beside it" in answer.err


def test_what_was_known_at_an_instant(ask: Ask, town: Town, model: Path) -> None:
    town.take(accepted("Document Downloaded", LONG_AGO + 5, email=ALICE, received_at=NOW))
    scores = []
    for words in ((), ("--known-at", "2026-03-01")):
        answer = ask("score", "instance", "--model", model, "--format", "json", "--at", "2026-03-01", *words)
        scores += [row["behaviour"] for row in map(json.loads, answer.out.splitlines()) if row["lead"] == ALICE]
    assert scores[0] == pytest.approx(2 * scores[1])
