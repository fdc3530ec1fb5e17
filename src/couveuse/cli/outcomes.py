"""`couveuse outcomes`: what came of leads, as a CRM exports it, recorded row by row."""

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import typer

from couveuse.cli import FINDING, note
from couveuse.cli.databases import database
from couveuse.cli.tables import many
from couveuse.engine.clocks import now_us
from couveuse.engine.outcomes_in import COLUMNS, Became, Result, take_outcomes
from couveuse.errors import BadInput
from couveuse.store.connections import connect

BY = "command line"
STANDARD_INPUT = "-"
DELIMITERS = ",;\t"
Row = Mapping[str, object]


def record(path: str, renames: Mapping[str, str], *, dry_run: bool, form: str) -> None:
    """Record the outcomes of a file, and tell what became of each row; exit code 1 where a row was refused."""
    rows = read_rows(path, renames)
    counted: Counter[Became] = Counter()
    with database() as url, connect(url, "outcomes", autocommit=True) as connection:
        places: list[int] = []
        taken = take_outcomes(connection, _noting(rows, places), by=BY, now=now_us(), dry_run=dry_run)
        for result in taken:
            counted[result.became] += 1
            _tell(places[-1], result, form)
    _sum_up(counted, dry_run)
    if counted[Became.REFUSED]:
        raise typer.Exit(FINDING)


def _noting(rows: Iterator[tuple[int, Row]], places: list[int]) -> Iterator[Row]:
    """The rows; the line of the one that was given last stands at the end of `places`."""
    for line, row in rows:
        places[:] = [line]
        yield row


def _tell(line: int, result: Result, form: str) -> None:
    if form == "json":
        told: dict[str, Any] = {
            "line": line, "became": result.became, "lead": result.lead_id, "tasks": list(result.tasks),
            "field": result.field or None, "reason": result.reason or None,
        }  # fmt: skip
        typer.echo(json.dumps(told, ensure_ascii=False))
    elif result.became is Became.REFUSED:
        note(f"line {line}: {result.reason}")


def _sum_up(counted: Mapping[Became, int], dry_run: bool) -> None:
    recorded, known, wrong = (counted.get(each, 0) for each in (Became.RECORDED, Became.KNOWN, Became.REFUSED))
    would, end = ("would be ", " Nothing was written.") if dry_run else ("", "")
    note(f"{many(recorded, 'outcome')} {would}recorded, {known:,} known before, {wrong:,} refused.{end}")


# ---- Files -----------------------------------------------------------------------------------------------------------


def read_rows(path: str, renames: Mapping[str, str]) -> Iterator[tuple[int, Row]]:
    """The rows of a CSV or NDJSON file with their lines, under our names; raises BadInput where there are none."""
    if path == STANDARD_INPUT:
        text = sys.stdin.read()
    else:
        try:
            text = Path(path).read_bytes().decode("utf-8-sig")
        except OSError as error:
            raise BadInput(f"{path}: {error.strerror or error}; give a file that can be read") from None
        except UnicodeDecodeError:
            raise BadInput(f"{path}: it is not written in UTF-8; save it as CSV UTF-8") from None
    lines = text.lstrip("\ufeff")
    if not lines.strip():
        raise BadInput(f"{path}: it is empty")
    rows = _json_rows(lines) if lines.lstrip().startswith("{") else _csv_rows(path, lines, renames)
    return ((line, _renamed(row, renames)) for line, row in rows)


def _renamed(row: Row, renames: Mapping[str, str]) -> Row:
    return {**row, **{new: row.get(old) for new, old in renames.items()}}


def _json_rows(text: str) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            yield number, row if isinstance(row, dict) else {}


def _csv_rows(path: str, text: str, renames: Mapping[str, str]) -> Iterator[tuple[int, Row]]:
    head = text.splitlines()[0]
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.DictReader(StringIO(text, newline=""), delimiter=delimiter)
    names = [name.strip() for name in reader.fieldnames or []]
    reader.fieldnames = names
    known = {new for new, old in renames.items() if old in names} | set(names)
    if "outcome" not in known or not known & {"email", "crm_id"}:
        raise BadInput(
            f"{path}: its header has no column outcome, and email or crm_id; its columns may be {', '.join(COLUMNS)}: "
            "rename one with --map outcome=COLUMN"
        )
    return _cells(path, reader)


def _cells(path: str, reader: "csv.DictReader[str]") -> Iterator[tuple[int, Row]]:
    try:
        for row in reader:
            yield reader.line_num, {name: value for name, value in row.items() if name}
    except csv.Error as error:
        raise BadInput(f"{path}, line {reader.line_num}: {error}; quote cells that hold the delimiter") from None
