"""`couveuse model`: check says every error with its line, diff who changes band, and score refuses bad models."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Ask
from tests.cli.files import a_view, write

GOOD = """couveuse: 1
name: good
timezone: Europe/Paris
rules:
  - {id: view, event: Page Viewed, points: 5}
  - {id: quote, event: Quote Requested, points: 20}
bands:
  - {id: low, up_to: 10, rate: 0.05, temperature: cold}
  - {id: mid, up_to: 20, rate: 0.25, temperature: warm}
  - {id: high, rate: 0.5, temperature: hot}
"""
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
)

# What is wrong, and on which line the error stands.
BROKEN: dict[str, tuple[str, int | None]] = {
    "an unknown operator": (GOOD.replace("points: 5", "points: 5, where: {path: {looks_like: x}}"), 5),
    "a duplicate id": (GOOD.replace("id: quote", "id: view"), 6),
    "bands out of order": (GOOD.replace("up_to: 20", "up_to: 5"), 9),
    "a bad duration": (GOOD.replace("rules:", "half_life: a while\nrules:"), 4),
    "a cap on a rule that does not exist": (GOOD + "caps: [{rules: [nothing], points: 5, per: day}]\n", 11),
    "a rule in two caps": (
        GOOD + "caps: [{rules: [view], points: 5, per: day}, {rules: [view], points: 9, per: week}]\n",
        11,
    ),
    "a YAML bomb": (BOMB + GOOD, None),
    "no YAML": ("rules: [\n", None),
    "not a mapping": ("- 1\n", None),
    "empty": ("", None),
}


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD)
    return path


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_model_is_a_finding_of_check_and_bad_input_to_score(case: str, ask: Ask, tmp_path: Path) -> None:
    content, line = BROKEN[case]
    path = tmp_path / "broken.yaml"
    path.write_text(content)
    answer = ask("model", "check", path)
    assert (answer.code, answer.out) == (1, "")
    assert answer.lines[-1] == f"{path}: 1 error" or (line is None and answer.lines[-1].startswith(f"{path}: "))
    assert any("broken.yaml" in said and (line is None or f":{line}:" in said) for said in answer.lines), answer.err
    events = write(tmp_path, "events.ndjson", [a_view(1)])
    answer = ask("score", events, "--model", path)
    assert (answer.code, answer.out) == (2, "")
    assert "broken.yaml" in answer.err


def test_every_error_is_said_and_not_only_the_first(ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(GOOD.replace("id: quote", "id: view").replace("up_to: 20", "up_to: 5"))
    answer = ask("model", "check", path)
    assert answer.lines[-1] == f"{path}: 2 errors"
    assert len(answer.lines) >= 3


def test_a_good_model_is_fine(ask: Ask, good: Path) -> None:
    answer = ask("model", "check", good)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == f"{good}: fine (2 behaviour rules, 0 fit rules, 3 bands, Europe/Paris)\n"


def test_a_model_that_is_nowhere_names_the_presets(ask: Ask, tmp_path: Path) -> None:
    events = write(tmp_path, "events.ndjson", [a_view(1)])
    answer = ask("score", events, "--model", "nowhere")
    assert (answer.code, answer.out) == (2, "")
    assert "bareme-b2b, parcours-achat, bareme-complet" in answer.err
    assert ask("model", "check", "nowhere").code == 1


def test_presets_are_listed_and_shown(ask: Ask, tmp_path: Path) -> None:
    english, french = ask("model", "presets").out, ask("model", "presets", "--lang", "fr").out
    assert [line.split()[0] for line in english.splitlines()] == ["bareme-b2b", "parcours-achat", "bareme-complet"]
    assert english != french
    for name in ("bareme-b2b", "parcours-achat", "bareme-complet"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(ask("model", "presets", "--show", name).out)
        assert ask("model", "check", path).code == 0
    answer = ask("model", "presets", "--show", "nothing")
    assert answer.lines == [
        "couveuse: --show nothing: no such preset; there are: bareme-b2b, parcours-achat, bareme-complet"
    ]


def test_the_schema_is_json(ask: Ask) -> None:
    assert json.loads(ask("model", "schema").out)["title"]


# ---- diff ---------------------------------------------------------------------------------------------------

OTHER = GOOD.replace("points: 5", "points: 12").replace("points: 20", "points: 8").replace("name: good", "name: other")
HISTORY = [
    *(a_view(day, f"view{day}@example.com") for day in range(1, 8)),
    *({**a_view(day, f"quote{day}@example.com"), "event": "Quote Requested"} for day in range(1, 4)),
    *({**a_view(day, "still@example.com"), "event": "Webinar Attended"} for day in range(1, 3)),
]


def bands(ask: Ask, events: Path, model: Path) -> dict[str, tuple[str, float]]:
    out = ask("score", events, "--model", model, "--at", "2026-04-01", "--format", "json").out
    rows = [json.loads(line) for line in out.splitlines()]
    return {row["lead"]: (row["band"], row["score"]) for row in rows}


@pytest.mark.parametrize("turned", [False, True])
def test_diff_counts_who_changes_band_as_two_scorings_do(turned: bool, ask: Ask, good: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(OTHER)
    events = write(tmp_path, "events.ndjson", HISTORY)
    before, after = (other, good) if turned else (good, other)
    was, now = bands(ask, events, before), bands(ask, events, after)
    order = ["low", "mid", "high"]
    answer = ask("model", "diff", before, after, "--on", events, "--at", "2026-04-01", "--format", "json")
    told = json.loads(answer.out)
    for key, sign in (("climb", 1), ("fall", -1)):
        expected: dict[tuple[str, str], list[str]] = {}
        for lead, (band, _) in was.items():
            if sign * (order.index(now[lead][0]) - order.index(band)) > 0:
                expected.setdefault((band, now[lead][0]), []).append(lead)
        found = {(row["from"], row["to"]): row for row in told[key]}
        assert {pair: row["leads"] for pair, row in found.items()} == {
            pair: len(leads) for pair, leads in expected.items()
        }
        for pair, row in found.items():
            assert set(row["examples"]) <= set(expected[pair])
            assert len(row["examples"]) == min(5, len(expected[pair]))
    assert told["climb"] or told["fall"]
    assert told["stay"] == sum(was[lead][0] == now[lead][0] for lead in was)
    assert told["score_changed"] == sum(was[lead][1] != now[lead][1] for lead in was)


def test_diff_prints_both_directions(ask: Ask, good: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(OTHER)
    events = write(tmp_path, "events.ndjson", HISTORY)
    out = ask("model", "diff", good, other, "--on", events, "--at", "2026-04-01", "--examples", "1").out
    assert "Climb from good.yaml to other.yaml" in out
    assert "Fall from good.yaml to other.yaml" in out
    assert "Another score: 10 leads; in the same band: 1 lead." in out
    assert out.count("@example.com") == 2


def test_diff_says_which_hand_overs_would_be_new(ask: Ask, good: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(GOOD.replace("points: 20}", "points: 20, route: {team: sales, treatment: make-appointment}}"))
    events = write(tmp_path, "events.ndjson", HISTORY)
    words = ("--on", events, "--at", "2026-03-04", "--format", "json")
    handed = json.loads(ask("model", "diff", good, other, *words).out)["new_hand_overs"]
    assert handed == [
        {
            "team": "sales",
            "treatment": "make-appointment",
            "leads": 3,
            "examples": ["quote1@example.com", "quote2@example.com", "quote3@example.com"],
        }
    ]
    assert json.loads(ask("model", "diff", other, good, *words).out)["new_hand_overs"] == []
