"""What SQL makes of a row is what the core makes of it: the reason, the instant, the keys, the name it is known by."""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from couveuse.core.events import Row, check, csv_value
from couveuse.core.plan import plan
from couveuse.documents.presets import preset
from couveuse.documents.reading import parse_model
from couveuse.history import inputs
from couveuse.history.loose import REF_BITS, splits
from couveuse.history.staging import Options, Staging, connect
from tests.history import dirty

ZONE = ZoneInfo("Europe/Paris")
LATEST = 1_800_000_000_000_000  # 15 January 2027
MODEL = parse_model(preset("bareme-complet"), "bareme-complet").model
Told = tuple[object, ...]


@contextmanager
def staged(folder: Path, *files: Path) -> Iterator[Staging]:
    with connect(folder, threads=1, memory="900MB") as connection:
        staging = Staging(connection, folder, plan(MODEL), Options(ZONE, LATEST))
        staging.stage_events(inputs.find([str(file) for file in files], work=folder))
        staging.count_rejects()
        yield staging


def told_by_sql(staging: Staging) -> dict[int, Told]:
    """Row by row: the reason, or what the fact is known by."""
    rows = staging.sql(
        f"""select j.ref & {(1 << REF_BITS) - 1}, j.reason, j.event, j.inst, j.email, j.user_id, j.anonymous_id,
            j.source, f.mid
        from judged j left join facts f using (ref) order by 1"""
    )
    return {int(str(place)): (reason,) if reason else tuple(told) for place, reason, *told in rows}


def told_by_core(row: object) -> Told:
    found = check(row, zone=ZONE, latest=LATEST)
    if not isinstance(found, Row):
        return (found.reason.value,)
    fact = found.fact
    return fact.event, fact.at, found.email, found.user_id, found.anonymous_id, fact.source, fact.message_id


def parsed(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None


@pytest.mark.parametrize("seed", range(2))
def test_a_line_of_json_is_what_the_core_says(seed: int, tmp_path: Path) -> None:
    rng = Random(seed)
    lines = [dirty.line(rng) for _ in range(1500)]
    (tmp_path / "dirty.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with staged(tmp_path, tmp_path / "dirty.ndjson") as staging:
        found = told_by_sql(staging)
    expected = [line for line in lines if line.strip()]
    assert len(found) == len(expected)
    for place, line in enumerate(expected, 1):
        assert found[place] == told_by_core(parsed(line)), line[:500]


def cell(value: object) -> str:
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def as_the_core_reads(cells: dict[str, str]) -> dict[str, object]:
    """A row of CSV: cells that are numbers are numbers, empty ones are not there, and objects stand as JSON."""
    row: dict[str, object] = {}
    for name, text in cells.items():
        if text == "":
            continue
        value = parsed(text) if name in ("properties", "context", "traits") else None
        row[name] = value if value is not None else text if name in TEXTS else csv_value(text)
    return row


TEXTS = ("event", "occurred_at", "email", "user_id", "anonymous_id", "message_id", "source")
COLUMNS = (
    *TEXTS,
    "properties",
    "traits.job_title",
    "properties.path",
    "title",
    "group",
    "purpose",
    "kind",
    "points",
    "of",
    "of_source",
    "verdict",
    "context",
    "traits",
    "amount",
)


@pytest.mark.parametrize("seed", range(2))
def test_a_row_of_csv_is_what_the_core_says(seed: int, tmp_path: Path) -> None:
    rng = Random(seed)
    rows = [{name: cell(value) for name, value in dirty.row(rng).items() if name in COLUMNS} for _ in range(800)]
    with (tmp_path / "dirty.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    with staged(tmp_path, tmp_path / "dirty.csv") as staging:
        found = told_by_sql(staging)
    assert len(found) == len(rows)
    for place, row in enumerate(rows, 1):
        assert found[place] == told_by_core(as_the_core_reads(row)), row


NUMBERS = ("points", "amount")
OBJECTS = ("properties", "context", "traits")


def parquet_rows(rng: Random, folder: Path) -> Iterator[tuple[dict[str, object], Told]]:
    """Rows as a table with typed columns holds them, as the core would read them, and what SQL says."""
    tables: list[dict[str, object]] = []
    for _ in range(800):
        made = dirty.row(rng)
        row: dict[str, object] = {}
        for name in COLUMNS:
            value = made.get(name)
            if name in OBJECTS:
                row[name] = json.dumps(value) if isinstance(value, dict) else None
            else:
                row[name] = value if isinstance(value, float if name in NUMBERS else str) else None
        if row["title"] and "\x00" in str(row["title"]):
            row["title"] = None  # the model does not read it, and a column that nobody reads is not looked at
        tables.append(row)
    kinds = [(name, pa.float64() if name in NUMBERS else pa.string()) for name in COLUMNS]
    pq.write_table(pa.Table.from_pylist(tables, pa.schema(kinds)), folder / "dirty.parquet")
    with staged(folder, folder / "dirty.parquet") as staging:
        found = told_by_sql(staging)
    for place, row in enumerate(tables, 1):
        given = {name: value for name, value in row.items() if value is not None}
        for name in OBJECTS:
            if name in given:
                given[name] = json.loads(str(given[name]))
        yield given, found[place]


@pytest.mark.parametrize("seed", range(2))
def test_a_row_of_parquet_is_what_the_core_says(seed: int, tmp_path: Path) -> None:
    for row, found in parquet_rows(Random(seed), tmp_path):
        assert found == told_by_core(row), row


def test_a_dotted_path_is_looked_for_whole_first() -> None:
    assert splits("a.b.c") == [("a.b.c",), ("a", "b.c"), ("a", "b", "c")]
