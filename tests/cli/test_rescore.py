"""`couveuse rescore`: the diff, the question, the switch."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ask
from tests.engine.town import MODEL, NOW, Town, accepted
from tests.processes import ENVIRONMENT

ALICE, BOB = "alice@example.com", "bob@example.com"


@pytest.fixture
def town(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Town]:
    """A database that the command finds, with two leads."""
    monkeypatch.setenv("COUVEUSE_DATABASE_URL", database)
    monkeypatch.setenv("COUVEUSE_DATA", str(tmp_path / "data"))
    with Town(database) as found:
        found.take(accepted("Document Downloaded", NOW, email=ALICE), accepted("Quote Requested", NOW, email=BOB))
        yield found


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """The model, but a download is worth 500, so that no time makes less of it than a band."""
    path = tmp_path / "new.yaml"
    path.write_text(MODEL.replace("half_life: 30d", "").replace("points: 5", "points: 500"), encoding="utf-8")
    return path


def standings(town: Town) -> list[tuple[Any, ...]]:
    return town.rows("select version, standing from models order by id")


def test_it_works(ask: Ask, town: Town, new: Path) -> None:
    before = town.handovers(ALICE)
    answer = ask("rescore", new, "--yes")
    assert answer.code == 0, answer.err
    assert "Climb from town, version 1 to town, version 2" in " ".join(answer.out.split())
    assert ALICE in answer.out
    assert answer.lines[-1] == "town, version 2 acts on 2 leads. Nobody is handed over by it."
    assert standings(town) == [(1, "retired"), (2, "acting")]
    town.model_id = town.rows("select id from models where standing = 'acting'")[0][0]
    assert town.score(ALICE) == 500
    assert town.handovers(ALICE) == before


def test_a_diff_alone_publishes_nothing(ask: Ask, town: Town, new: Path) -> None:
    answer = ask("rescore", new, "--diff-only", "--format", "json")
    assert (answer.code, answer.lines[-1]) == (0, "Nothing was published.")
    told = json.loads(answer.out)
    assert [row["examples"] for row in told["climb"]] == [[ALICE]]
    assert standings(town) == [(1, "acting"), (2, "retired")]
    assert town.rows("select count(*) from lead_states") == [(2,)]


def test_where_nobody_can_be_asked_it_says_so_before_it_begins(ask: Ask, town: Town, new: Path) -> None:
    answer = ask("rescore", new)
    assert answer.code == 2
    assert answer.err.startswith("couveuse: say --yes to publish it, or --diff-only")
    assert standings(town) == [(1, "acting")]


def test_so_many_a_day_may_be_handed_over(ask: Ask, town: Town, new: Path) -> None:
    answer = ask("rescore", new, "--yes", "--hand-over", 3)
    assert answer.lines[-1].endswith("1 may be handed over, 3 a day at most, the best first.")
    assert town.rows("select per_day, lead_id from allowances join allowed on allowance_id = id") == [
        (3, town.lead(ALICE))
    ]


def test_a_model_that_is_no_model_is_refused(ask: Ask, town: Town, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("couveuse: 1\nname: bad\n", encoding="utf-8")
    assert ask("rescore", path, "--yes").code == 2
    assert ask("rescore").code == 2
    assert standings(town) == [(1, "acting")]


def test_nothing_is_half_made_where_nothing_was_begun(ask: Ask, town: Town) -> None:
    answer = ask("rescore", "--give-up")
    assert (answer.code, answer.lines) == (0, ["No model is half made."])


@pytest.mark.parametrize(("typed", "code", "standing"), [("y", 0, "acting"), ("n", 1, "retired")])
def test_on_a_terminal_it_asks(
    town: Town, new: Path, tmp_path: Path, database: str, typed: str, code: int, standing: str
) -> None:
    ours, theirs = pty.openpty()
    environment = {**ENVIRONMENT, "COUVEUSE_DATABASE_URL": database, "COUVEUSE_DATA": str(tmp_path), "TERM": "dumb"}
    command = [sys.executable, "-m", "couveuse.cli", "rescore", str(new)]
    try:
        process = subprocess.Popen(
            command, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, env=environment, text=True
        )
        os.close(theirs)
        asked = ""
        while "Publish town, version 2?" not in asked:
            asked += os.read(ours, 4096).decode()
        os.write(ours, f"{typed}\n".encode())
        while True:
            try:
                asked += os.read(ours, 4096).decode()
            except OSError:  # the other end is closed
                break
        out, _ = process.communicate(timeout=120)
    finally:
        os.close(ours)
    assert process.returncode == code, asked
    assert "Hand-overs that would be new" in out
    assert standings(town)[-1] == (2, standing)
