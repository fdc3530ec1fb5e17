"""What the papers show is what happens: the README's example and options, the worked examples of a score."""

import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from couveuse.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SCORE = (ROOT / "docs" / "concepts" / "score.md").read_text(encoding="utf-8")


def block(text: str, language: str) -> str:
    """The first fenced block of that language."""
    found = re.search(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def couveuse(tmp_path, monkeypatch, capsys) -> Callable[..., str]:
    """What the command prints, run in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["couveuse", *words])
        with pytest.raises(SystemExit) as end:
            main()
        shown = capsys.readouterr()
        assert not end.value.code, shown.err
        return shown.out

    return run


def words_of(text: str) -> list[list[str]]:
    """Lines of text without regard to the width of columns."""
    return [line.split() for line in text.splitlines() if line.strip()]


def test_the_readmes_model_has_ten_lines():
    assert len(block(README, "yaml").splitlines()) == 10


def test_the_readmes_commands_print_what_it_shows(couveuse, tmp_path):
    (tmp_path / "events.csv").write_text(block(README, "csv"), encoding="utf-8")
    (tmp_path / "model.yaml").write_text(block(README, "yaml"), encoding="utf-8")
    shows_output = r"^\$ \.venv/bin/(couveuse (?:model|score|explain) .*)$"  # the others run a server, or ask for one
    commands = [shlex.split(line)[1:] for line in re.findall(shows_output, README, re.MULTILINE)]
    printed = {words[0]: couveuse(*words) for words in commands}
    assert set(printed) == {"model", "score", "explain"}
    shown = words_of(block(README, "text"))
    assert [line for line in shown if line not in words_of(printed["explain"])] == []
    first, second = (line for line in printed["score"].splitlines() if "@" in line)
    assert first.split()[:2] == ["alice@example.com", "26.0"]
    assert second.split()[:2] == ["bob@example.org", "1.0"]


def test_the_options_that_the_readme_names_exist(couveuse):
    commands = (("score",), ("explain",), ("model", "diff"), ("key", "create"))
    shown = "".join(couveuse(*words, "--help") for words in commands)
    named = set(re.findall(r"(?<!-)--[a-z]+", README))
    assert {"--leads", "--html", "--rejects"} <= named <= set(re.findall(r"--[a-z]+", shown))


# The worked examples: clauses added to the page's model, facts of one lead, the instant, and what the page says.
DOWNLOAD, CLICK, VIEW = "Document Downloaded", "Email Clicked", "Page Viewed"
QUOTE = ("2026-01-01T09:00:00+01:00", "Quote Requested", {})
DIRECTOR = ("2026-03-01T08:00:00+01:00", "Traits Set", {"traits": {"job_title": "Directrice des achats"}})


def march(day: int, event: str, time: str = "09:00", **properties: object) -> tuple[str, str, dict[str, object]]:
    """A fact of March 2026, Paris time."""
    return f"2026-03-{day:02}T{time}:00+01:00", event, properties


def adjusted(**properties: object) -> list[tuple[str, str, dict[str, object]]]:
    """The decision-maker who downloads, is adjusted, and comes back."""
    return [DIRECTOR, march(2, DOWNLOAD), march(3, "Score Adjusted", **properties), march(4, VIEW)]


CAP = "caps: [{rules: [download], points: 12, per: week}]"
DECAY = "half_life: 90d"
EXAMPLES = [
    ("a click and a download", "", [march(2, CLICK, strength="strong"), march(2, DOWNLOAD, "09:10")], "03-03", 8),
    ("visits", "", [march(2, VIEW, time) for time in ("09:00", "09:20", "09:45", "10:30")], "03-03", 2),
    ("a cap", CAP, [march(day, DOWNLOAD) for day in (2, 3, 4, 9)], "03-10", 17),
    ("half after 90 days", DECAY, [QUOTE], "04-01T09:00:00+01:00", 10),
    ("a quarter after 180 days", DECAY, [QUOTE], "06-30T09:00:00+01:00", 5),
    ("a raise", "", adjusted(kind="raise", points=30), "03-05", 31),
    ("a set", "", adjusted(kind="set", points=12), "03-05", 13),
    ("a click, a download and a quote request", "",
     [march(2, CLICK, strength="strong"), march(2, DOWNLOAD, "09:10"), march(3, "Quote Requested")], "03-04", 28),
]  # fmt: skip


@pytest.mark.parametrize(("clause", "facts", "day", "score"), [e[1:] for e in EXAMPLES], ids=[e[0] for e in EXAMPLES])
def test_the_worked_examples_hold(couveuse, tmp_path, clause, facts, day, score):
    (tmp_path / "model.yaml").write_text(block(SCORE, "yaml") + clause + "\n", encoding="utf-8")
    rows = [{"event": name, "occurred_at": at, "email": "alice@example.com", **more} for at, name, more in facts]
    (tmp_path / "events.ndjson").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    at = f"2026-{day}" if "T" in day else f"2026-{day}T00:00:00+01:00"
    words = ("score", "events.ndjson", "--model", "model.yaml", "--at", at, "--format", "json")
    lead = json.loads(couveuse(*words))
    assert lead["score"] == pytest.approx(score)
