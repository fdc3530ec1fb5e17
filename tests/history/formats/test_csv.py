"""What SQL makes of a row of text is what the core makes of it."""

import csv
import json
from pathlib import Path
from random import Random

import pytest

from couveuse.core.events import csv_value
from tests.history import dirty
from tests.history.told import COLUMNS, TEXTS, parsed, staged, told_by_core, told_by_sql


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
