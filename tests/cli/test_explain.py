"""`couveuse explain`: the ledger, line by line, and its sum."""

import csv
import io
import json
import math
from pathlib import Path

import pytest

from tests.cli.conftest import Ask
from tests.cli.files import AT, HISTORY, MODEL, write

ASKED = ("--model", MODEL, "--at", AT)


@pytest.fixture
def events(tmp_path: Path) -> Path:
    return write(tmp_path, "events.ndjson", HISTORY)


def test_the_lines_sum_to_the_score(ask: Ask, events: Path) -> None:
    answer = ask("explain", events, "--lead", "ada@example.com", *ASKED, "--format", "json")
    assert (answer.code, answer.err) == (0, "")
    told = json.loads(answer.out)
    assert told["lead"] == "ada@example.com"
    assert math.isclose(sum(line["points"] for line in told["ledger"]), told["score"], abs_tol=1e-9)
    facts = {(line["fact"], line["rule"], line["points"]) for line in told["ledger"] if line["kind"] == "points"}
    assert facts >= {("m2", "download", 5.0), ("m6", "add", 4.0)}
    rows = list(
        csv.DictReader(io.StringIO(ask("explain", events, "--lead", "ada@example.com", *ASKED, "--format", "csv").out))
    )
    assert math.isclose(sum(float(row["points"]) for row in rows), told["score"], abs_tol=1e-9)
    assert rows[0].keys() == {"at", "event", "fact", "source", "rule", "kind", "points"}


def test_the_table_has_a_running_sum_and_labels_in_the_language_asked_for(ask: Ask, events: Path) -> None:
    english = ask("explain", events, "--lead", "ada@example.com", *ASKED).out
    french = ask("explain", events, "--lead", "ada@example.com", *ASKED, "--lang", "fr").out
    assert "Document Downloaded" in english
    assert "score " in english.splitlines()[-1]
    assert "= behaviour " in english.splitlines()[-1]
    assert english != french


@pytest.mark.parametrize("typed", ["ada@example.com", "ADA@Example.com", "  ada@EXAMPLE.com "])
def test_an_email_is_found_in_any_case(typed: str, ask: Ask, events: Path) -> None:
    answer = ask("explain", events, "--lead", typed, *ASKED, "--format", "json")
    assert json.loads(answer.out)["lead"] == "ada@example.com"


def test_a_visitor_is_explained_too(ask: Ask, events: Path) -> None:
    assert json.loads(ask("explain", events, "--lead", "phone", *ASKED, "--format", "json").out)["lead"] == "phone"


def test_a_lead_that_is_not_there_is_bad_input(ask: Ask, events: Path) -> None:
    answer = ask("explain", events, "--lead", "nobody@example.com", *ASKED)
    assert (answer.code, answer.out) == (2, "")
    assert answer.lines == [
        (
            "couveuse: --lead nobody@example.com: no such lead in this history; an e-mail is looked for trimmed, "
            "in lower case"
        )
    ]


def test_a_lead_known_from_a_leads_file_alone_is_explained_by_fit(ask: Ask, events: Path, tmp_path: Path) -> None:
    leads = write(tmp_path, "leads.csv", b"email,job_title\neve@example.com,CEO\n")
    told = json.loads(
        ask("explain", events, "--lead", "eve@example.com", "--leads", leads, *ASKED, "--format", "json").out
    )
    assert [(line["rule"], line["kind"], line["points"]) for line in told["ledger"]] == [
        ("decision-maker", "fit", 10.0)
    ]
