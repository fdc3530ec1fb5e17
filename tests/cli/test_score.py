"""`couveuse score`: one history in every form gives one answer; every option does what it says."""

import csv
import io
import json
import math
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow.parquet as pq
import pytest

from couveuse.cli.scoring import KEYS
from couveuse.core.events import Fact, check
from couveuse.core.fold import advance, canonical, fold
from couveuse.core.plan import plan
from couveuse.core.reading import at as reading_at
from couveuse.core.state import unpacked
from couveuse.core.times import instant
from couveuse.documents.reading import read_model
from tests.cli.conftest import Ask
from tests.cli.files import AT, FORMS, HISTORY, MODEL, a_view, ndjson, write

ASKED = ("--model", MODEL, "--at", AT)
ZONE = ZoneInfo("Europe/Paris")


@pytest.fixture
def events(tmp_path: Path) -> Path:
    return write(tmp_path, "events.ndjson", HISTORY)


def scores(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def facts_of(email: str) -> list[Fact]:
    rows = [check(row, zone=ZONE, latest=2**60) for row in HISTORY if row.get("email") == email]
    return canonical([row.fact for row in rows])  # type: ignore[union-attr]  # the history is clean


# ---- Forms of files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_one_history_gives_the_same_scores(form: str, ask: Ask, events: Path, tmp_path: Path) -> None:
    expected = ask("score", events, *ASKED, "--format", "json")
    (tmp_path / "other").mkdir()
    other = write(tmp_path / "other", form, FORMS[form](HISTORY))
    answer = ask("score", other, *ASKED, "--format", "json")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == expected.out
    assert [row["lead"] for row in scores(answer.out)] == ["bob@example.com", "ada@example.com"]


def test_a_folder_and_a_glob_are_all_their_files(ask: Ask, events: Path, tmp_path: Path) -> None:
    expected = ask("score", events, *ASKED, "--format", "json")
    folder = tmp_path / "many"
    (folder / "inner").mkdir(parents=True)
    write(folder, "a.csv", HISTORY[:2])
    write(folder, "b.ndjson", HISTORY[2:4])
    write(folder, "c.parquet", HISTORY[4:5])
    write(folder / "inner", "d.xlsx", HISTORY[5:])
    (folder / "readme.md").write_text("not read")
    assert ask("score", folder, *ASKED, "--format", "json").out == expected.out
    glob = ask("score", folder / "*.*[vnt]", folder / "inner" / "*.xlsx", *ASKED, "--format", "json")
    assert glob.out == expected.out


def test_columns_may_be_renamed(ask: Ask, events: Path, tmp_path: Path) -> None:
    renamed = [
        {{"email": "courriel", "path": "chemin"}.get(name, name): value for name, value in row.items()}
        for row in HISTORY
    ]
    words = ("--map", "email=courriel", "--map", "path=chemin")
    expected = ask("score", events, *ASKED, "--format", "json").out
    for name in ("r.ndjson", "r.csv", "r.parquet", "r.xlsx"):
        assert ask("score", write(tmp_path, name, renamed), *ASKED, "--format", "json", *words).out == expected


LEADS = (
    {"email": "ada@example.com", "job_title": "Directeur achats"},
    {"email": "eve@example.com", "job_title": "CEO"},
)


@pytest.mark.parametrize("name", ["l.csv", "l.ndjson", "l.parquet", "l.xlsx"])
def test_leads_may_be_in_any_form(name: str, ask: Ask, events: Path, tmp_path: Path) -> None:
    leads = write(tmp_path, name, _leads(name))
    answer = ask("score", events, *ASKED, "--leads", leads, "--format", "json")
    fits = {row["lead"]: row["fit"] for row in scores(answer.out)}
    assert fits == {"ada@example.com": 10.0, "bob@example.com": 0.0, "eve@example.com": 10.0}
    assert "Traits of the leads' file hold since always" in answer.err


def _leads(name: str) -> bytes:
    import pyarrow as pa

    from tests.cli import files

    if name.endswith(".parquet"):
        out = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(list(LEADS)), out)
        return out.getvalue()
    return {".csv": files.text, ".ndjson": files.ndjson, ".xlsx": files.workbook}[name[1:]](LEADS)


@pytest.mark.parametrize("name", ["e.csv", "e.ndjson", "e.parquet", "e.xlsx"])
def test_a_lead_is_set_aside_by_a_fact_or_by_a_column_of_the_leads(name: str, ask: Ask, tmp_path: Path) -> None:
    said = {"event": "Traits Set", "occurred_at": "2026-02-20T09:00:00Z", "email": "bob@example.com"}
    events = write(tmp_path, name, [*HISTORY, {**said, "traits.lead_class": "vendor"}])
    leads = write(tmp_path, "leads.csv", b"email,lead_class\nada@example.com,Student\neve@example.com,nobody\n")
    answer = ask("score", events, *ASKED, "--leads", leads, "--format", "json")
    classes = {row["lead"]: (row["class"], row["routes"]) for row in scores(answer.out)}
    assert classes["ada@example.com"] == ("student", [])
    assert classes["bob@example.com"] == ("vendor", [])
    assert classes["eve@example.com"][0] is None


# ---- How it is printed --------------------------------------------------------------------------------------


def test_json_has_one_object_a_line_best_first_with_these_keys(ask: Ask, events: Path) -> None:
    answer = ask("score", events, *ASKED, "--format", "json")
    rows = scores(answer.out)
    assert [list(row) for row in rows] == [list(KEYS)] * 2
    assert KEYS == (
        "lead",
        "score",
        "behaviour",
        "fit",
        "band",
        "rate",
        "stage",
        "temperature",
        "class",
        "persona",
        "maturity",
        "routes",
        "last_event_at",
    )
    best = rows[0]
    assert (best["lead"], best["temperature"], best["stage"]) == ("bob@example.com", "hot", "decision")
    assert best["last_event_at"] == "2026-03-06T10:00:00Z"
    assert {"team": "sales", "treatment": "make-appointment", "cause": "quote"} in best["routes"]  # type: ignore[operator]


def test_csv_has_a_header_and_a_row_a_lead(ask: Ask, events: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(ask("score", events, *ASKED, "--format", "csv").out)))
    assert [row["lead"] for row in rows] == ["bob@example.com", "ada@example.com"]
    assert "sales: make-appointment (quote)" in rows[0]["routes"]


def test_the_table_says_who_should_call_whom_and_why(ask: Ask, events: Path) -> None:
    out = ask("score", events, *ASKED).out
    assert "sales: make-appointment (quote)" in out
    assert (
        "2 leads from 6 facts (1 copy and 0 rejected rows left out), bareme-complet, as of 2026-03-10T00:00:00Z" in out
    )
    assert "\x1b" not in out


def test_top_gives_the_best_ones(ask: Ask, events: Path, tmp_path: Path) -> None:
    assert [row["lead"] for row in scores(ask("score", events, *ASKED, "--format", "json", "--top", 1).out)] == [
        "bob@example.com"
    ]
    answer = ask("score", events, *ASKED, "--top", 1)
    assert "ada@" not in answer.out
    assert answer.lines == ["1 more lead; --top N shows more, --out FILE writes them all."]
    ask("score", events, *ASKED, "--top", 1, "--out", tmp_path / "top.csv")
    assert len((tmp_path / "top.csv").read_text().splitlines()) == 2


def test_visitors_are_scored_where_they_are_asked_for(ask: Ask, events: Path) -> None:
    rows = scores(ask("score", events, *ASKED, "--format", "json", "--visitors").out)
    assert {row["lead"] for row in rows} == {"ada@example.com", "bob@example.com", "phone"}


# ---- Files written ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_scores_are_written_in_three_forms(form: str, ask: Ask, events: Path, tmp_path: Path) -> None:
    target = tmp_path / f"scores.{form}"
    answer = ask("score", events, *ASKED, "--out", target)
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    with duckdb.connect() as connection:
        rows = connection.sql(f"select lead, score, band from '{target}'").fetchall()
        assert connection.sql(f"describe select * from '{target}'").fetchall()[0][0] == "lead"
    printed = scores(ask("score", events, *ASKED, "--format", "json").out)
    assert rows == [(row["lead"], row["score"], row["band"]) for row in printed]


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_the_ledger_sums_to_the_scores(form: str, ask: Ask, events: Path, tmp_path: Path) -> None:
    target = tmp_path / f"ledger.{form}"
    answer = ask("score", events, *ASKED, "--ledger", target, "--format", "json", "--visitors")
    with duckdb.connect() as connection:
        sums = dict(connection.sql(f"select lead, sum(points) from '{target}' group by 1").fetchall())
    for row in scores(answer.out):
        assert math.isclose(sums.pop(row["lead"], 0.0), float(str(row["score"])), abs_tol=1e-9)
    assert not sums


def test_live_folding_goes_on_from_the_states_written(ask: Ask, tmp_path: Path) -> None:
    model = read_model(MODEL).model
    planned = plan(model)
    for email in ("ada@example.com", "bob@example.com"):
        facts = facts_of(email)
        first = [row for row in HISTORY if row.get("email") == email and row["message_id"] == facts[0].message_id]
        events = write(tmp_path, "first.ndjson", first)
        ask(
            "score",
            events,
            "--model",
            MODEL,
            "--at",
            AT,
            "--states",
            tmp_path / "states.parquet",
            "--out",
            tmp_path / "s.csv",
        )
        (told,) = pq.read_table(tmp_path / "states.parquet").to_pylist()
        assert (told["lead"], told["sort"]) == (email, "email")
        state = unpacked(planned, told["state"])
        for fact in facts[1:]:
            state = advance(planned, state, fact)
        whole = fold(planned, facts, email=email)
        state.answers, whole.answers = [], []  # what was asked on the way, and may be asked again
        assert state == whole
        state.answers = whole.answers = [-1] * planned.layout.held
        at = instant(AT, ZONE)
        assert at is not None
        assert reading_at(planned, state, at) == reading_at(planned, whole, at)


def test_the_report_is_one_page_in_french_or_english(ask: Ask, events: Path, tmp_path: Path) -> None:
    sections = ("bands", "data", "funnel", "leads", "pages", "rules", "sources", "telling")
    for language in ("en", "fr"):
        target = tmp_path / f"{language}.html"
        answer = ask("score", events, *ASKED, "--html", target, "--lang", language)
        assert answer.lines[-1] == f"Wrote the report to {target}."
        page = target.read_text(encoding="utf-8")
        assert f'<html lang="{language}"' in page
        assert "ada@example.com" in page
        for section in sections:
            assert f'id="{section}-title"' in page
        assert "http://" not in page.replace("http://www.w3.org", "")


UNWRITABLE = {
    "folder missing": ("{folder}/missing/scores.csv", "its folder does not exist; make it first"),
    "a folder": ("{folder}", "this is a folder; name a file in it"),
}


@pytest.mark.parametrize("option", ["--out", "--html", "--ledger", "--states", "--rejects"])
@pytest.mark.parametrize("case", UNWRITABLE)
def test_what_cannot_be_written_is_said_before_the_work(
    case: str, option: str, ask: Ask, events: Path, tmp_path: Path
) -> None:
    where, cure = UNWRITABLE[case]
    (tmp_path / "folder.csv").mkdir()
    target = where.format(folder=tmp_path / "folder.csv")
    answer = ask("score", events, *ASKED, option, target)
    assert (answer.code, answer.out, answer.err) == (2, "", f"couveuse: {target}: {cure}\n")


def test_what_the_file_system_refuses_is_said_with_the_target(ask: Ask, events: Path) -> None:
    for option, target in (("--out", "/proc/scores.csv"), ("--ledger", "/proc/ledger.csv")):
        answer = ask("score", events, *ASKED, option, target)
        assert answer.code == 2
        assert answer.lines[-1].startswith(f"couveuse: {target}: ")
        assert "copy it again" not in answer.err


def test_a_target_says_by_its_name_how_it_is_written(ask: Ask, events: Path, tmp_path: Path) -> None:
    answer = ask("score", events, *ASKED, "--out", tmp_path / "scores.doc")
    assert answer.lines == [
        (
            f"couveuse: {tmp_path / 'scores.doc'}: end the name in .parquet, .ndjson or .csv, to say how it is "
            "to be written"
        )
    ]


# ---- Instants -----------------------------------------------------------------------------------------------


def test_as_of_an_instant_later_facts_count_for_nothing(ask: Ask, events: Path) -> None:
    answer = ask("score", events, "--model", MODEL, "--at", "2026-03-04T00:00:00Z", "--format", "json")
    found = {row["lead"]: row["score"] for row in scores(answer.out)}
    assert found["bob@example.com"] == 0.0
    assert answer.lines == ["Facts after 2026-03-04T00:00:00Z count for nothing as of that instant."]


def test_a_later_verdict_counts_unless_it_was_not_known(ask: Ask, tmp_path: Path) -> None:
    verdict = {
        "event": "Verdict Given",
        "occurred_at": "2026-03-20T00:00:00Z",
        "email": "ada@example.com",
        "of": "v1",
        "verdict": "machine",
    }
    events = write(tmp_path, "e.ndjson", [a_view(1, message_id="v1"), verdict])
    words = ("--model", MODEL, "--at", AT, "--format", "json")
    assert scores(ask("score", events, *words).out)[0]["score"] == 0.0
    assert scores(ask("score", events, *words, "--known-at", AT).out)[0]["score"] > 0.0  # type: ignore[operator]


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        (("--at", "tomorrow"), "--at tomorrow: not a time; write it in ISO 8601, as 2026-07-01 or"),
        (("--known-at", "x"), "--known-at x: not a time; write it in ISO 8601"),
        (("--map", "email"), "--map email: write it as --map new=old, as --map email=courriel"),
        (("--won", "won"), "--won: it names a column of the leads' file; say which file: --leads FILE"),
        (("--memory", "much"), "--memory much: not an amount of memory; write it as --memory 900MB"),
        (("--memory", "1MB"), "give more with --memory, as --memory 4GB"),
        (("--leads", "missing.csv"), "missing.csv: no such file; check the path"),
        (("--processes", "-1"), "Invalid value for '--processes'"),
        (("--top", "0"), "Invalid value for '--top'"),
        (("--format", "yaml"), "'yaml' is not one of 'table', 'json', 'csv'"),
        (("--lang", "de"), "'de' is not one of 'fr', 'en'"),
        (("--colour",), "--colour"),
    ],
)
def test_a_bad_option_is_said_in_one_line(words: tuple[str, ...], cure: str, ask: Ask, events: Path) -> None:
    answer = ask("score", events, "--model", MODEL, *words)
    assert (answer.code, answer.out) == (2, "")
    (line,) = answer.lines
    assert line.startswith("couveuse: ")
    assert cure in line


def test_a_column_that_is_renamed_must_be_there(ask: Ask, tmp_path: Path) -> None:
    events = write(tmp_path, "e.csv", HISTORY[:2])
    (line,) = ask("score", events, *ASKED, "--map", "email=courriel").lines
    assert line.startswith(f"couveuse: --map: {events} has no column 'courriel'; it has: event, occurred_at, email")


# ---- Rates --------------------------------------------------------------------------------------------------


def test_conversions_of_the_leads_file_make_rates(ask: Ask, tmp_path: Path) -> None:
    events = write(tmp_path, "e.ndjson", [a_view(day, f"l{day}@example.com") for day in range(1, 9)])
    leads = [{"email": f"l{day}@example.com", "signed": ("Oui" if day <= 2 else "non")} for day in range(1, 9)]
    path = tmp_path / "leads.ndjson"
    path.write_bytes(ndjson(leads))
    answer = ask("score", events, *ASKED, "--leads", path, "--won", "signed")
    (low,) = [
        line.split() for line in answer.out.splitlines() if line.startswith("low ") and "%" in line and "to" in line
    ]
    assert low[:5] == ["low", "8", "8", "2", "25.0%"]
    bad = write(tmp_path, "bad.csv", b"email,signed\nl1@example.com,perhaps\n")
    assert "'perhaps' says neither won nor lost" in ask("score", events, *ASKED, "--leads", bad, "--won", "signed").err
    assert "has no such column" in ask("score", events, *ASKED, "--leads", bad, "--won", "sold").err
