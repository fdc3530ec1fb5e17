"""Rows stand under the same columns whatever the format that holds them."""

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.history.told import staged, told_by_core, told_by_sql

ADA, BOB = " Ada@Example.com ", "bob@example.com"
ROWS = (
    {"event": "Page Viewed", "occurred_at": "2026-03-01T10:00:00+01:00", "email": ADA, "message_id": "a"},
    {"event": "Verdict Given", "occurred_at": "2026-03-01 10:00", "email": BOB, "of": "a", "verdict": "no"},
    {"event": "Page Viewed", "occurred_at": "yesterday", "user_id": "7"},
    {"event": "Group Joined", "occurred_at": "2026-03-02", "anonymous_id": "device"},
)
COLUMNS = ("event", "occurred_at", "email", "user_id", "anonymous_id", "message_id", "of", "verdict", "group")


def test_the_same_rows_are_told_alike_of_every_format(tmp_path: Path) -> None:
    lines, table, typed = (tmp_path / f"rows.{ending}" for ending in ("ndjson", "csv", "parquet"))
    lines.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(ROWS)
    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    pq.write_table(pa.Table.from_pylist([{name: row.get(name) for name in COLUMNS} for row in ROWS], schema), typed)
    told = []
    for file in (lines, table, typed):
        with staged(tmp_path, file) as staging:
            told.append(told_by_sql(staging))
    assert told == [{place: told_by_core(row) for place, row in enumerate(ROWS, 1)}] * 3
