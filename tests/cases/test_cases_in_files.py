"""Every case holds in files: NDJSON in its order and shuffled, Parquet, and CSV where a table can say it."""

import json
import math
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from couveuse.core.times import DAY_US, instant
from couveuse.history.scoring import Request, Scoring, score
from tests.cases.loader import Case
from tests.cases.test_cases import EVERY

FORMS = ("ndjson", "ndjson shuffled", "ndjson.gz in two files", "parquet")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", EVERY)
def test_case(case: Case, form: str, tmp_path: Path) -> None:
    if form == "parquet" and not _is_tabular(case):
        form = "ndjson"  # a column of a table has one type; this case mixes several in one
    events = _write(case, form, tmp_path)
    leads = ()
    if case.leads:
        (tmp_path / "leads.jsonl").write_text("".join(json.dumps(lead) + "\n" for lead in case.leads))
        leads = (str(tmp_path / "leads.jsonl"),)
    at = instant(case.at, ZoneInfo("UTC"))
    assert at is not None
    request = Request(events, case.model, at, at + 3650 * DAY_US, leads, want_lines=True, processes=1)
    with score(request) as scoring:
        _compare(case, scoring)


def _write(case: Case, form: str, folder: Path) -> tuple[str, ...]:
    facts = list(case.facts) or [
        {"event": "Nothing", "occurred_at": "2000-01-01T00:00:00Z", "email": "nobody@example.com"}
    ]
    if form == "ndjson shuffled":
        Random(case.id).shuffle(facts)
    if form == "parquet":
        pq.write_table(pa.Table.from_pylist(_flat(facts)), folder / "events.parquet")
        return (str(folder / "events.parquet"),)
    if "gz" in form:
        import gzip

        for index in range(2):
            with gzip.open(folder / f"events-{index}.ndjson.gz", "wt") as file:
                file.writelines(json.dumps(fact) + "\n" for fact in facts[index::2])
        return (str(folder / "events-*.ndjson.gz"),) if len(facts) > 1 else (str(folder / "events-0.ndjson.gz"),)
    (folder / "events.ndjson").write_text("".join(json.dumps(fact) + "\n" for fact in facts))
    return (str(folder / "events.ndjson"),)


def _flat(facts: list[dict[str, object]]) -> list[dict[str, object]]:
    """Every column in every row, as a table has it."""
    columns = list(dict.fromkeys(column for fact in facts for column in fact))
    return [{column: fact.get(column) for column in columns} for fact in facts]


def _is_tabular(case: Case) -> bool:
    kinds: dict[str, set[type]] = {}
    for fact in case.facts:
        for column, value in fact.items():
            if value is not None:
                kinds.setdefault(column, set()).add(type(value))
    # A null within an object is lost in a table, where it says nothing.
    nulls = any(isinstance(value, dict) and None in value.values() for fact in case.facts for value in fact.values())
    return bool(case.facts) and not nulls and all(len(found) == 1 for found in kinds.values())


def _compare(case: Case, scoring: Scoring) -> None:
    rows = {row["lead"]: row for row in scoring.scores()}
    lines: dict[object, list[dict[str, object]]] = {}
    for line in scoring.rows("select * from lines"):
        lines.setdefault(line["lead"], []).append(line)
    for lead, expected in case.expect.items():
        if expected == "absent":
            assert lead not in rows
            continue
        row = rows[lead]
        assert math.isclose(sum(float(str(line["points"])) for line in lines.get(lead, [])), row["score"], abs_tol=1e-9)
        for key, value in dict(expected).items():
            if key == "ledger":
                _compare_lines(value, lines.get(lead, []))
            elif key == "routes":
                assert {tuple(r.values()) for r in row["routes"]} == {tuple(r.values()) for r in value}, lead
            elif isinstance(value, (int, float)):
                assert row[key] == pytest.approx(value, abs=1e-9), (lead, key)
            else:
                assert row[key] == value, (lead, key)


def _compare_lines(expected: dict[str, object], lines: list[dict[str, object]]) -> None:
    counted = ("points", "cap", "cut", "fit", "total") + (("decay",) if expected["is"] == "decayed" else ())
    net: dict[tuple[object, object], float] = {}
    for line in lines:
        if line["kind"] in counted:
            key = (line["fact"], line["rule"])
            net[key] = net.get(key, 0.0) + float(str(line["points"]))
    wanted = {(line["fact"], line["rule"]): line["points"] for line in expected["lines"]}
    assert {key: points for key, points in net.items() if abs(points) > 1e-9} == pytest.approx(wanted, abs=1e-9)
