"""What SQL makes of a row of typed cells is what the core makes of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.history import dirty
from tests.history.told import COLUMNS, Told, staged, told_by_core, told_by_sql

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
