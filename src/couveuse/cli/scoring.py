"""`couveuse score`: the leads in the order in which someone should care about them, and what else was asked for."""

import csv
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from couveuse.cli import note
from couveuse.cli.asking import Asked, give_notices, readied, scored
from couveuse.core.times import iso, microseconds
from couveuse.errors import BadInput
from couveuse.history.scoring import ORDER, Scoring, written_as

KEYS = (
    "lead", "score", "behaviour", "fit", "band", "rate", "stage", "temperature", "class", "persona", "maturity",
    "routes", "last_event_at",
)  # fmt: skip
# How many leads a table prints where nobody says.
TABLE_ROWS = 50
# How many leads have a page of their own in the report where nobody says.
PAGES = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of a scored history."""

    format: str = "table"
    out: str | None = None
    html: str | None = None
    ledger: str | None = None
    states: str | None = None
    rejects: str | None = None
    top: int | None = None
    rates: bool = False
    won: str | None = None
    strict: bool = False
    language: str = "en"


def score(asked: Asked, wanted: Wanted) -> None:
    """Score, and print or write what is wanted."""
    if wanted.won and not asked.leads:
        raise BadInput("--won: it names a column of the leads' file; say which file: --leads FILE")
    _check_targets(wanted)
    asking = readied(
        asked,
        won=wanted.won,
        want_lines=wanted.ledger is not None,
        want_states=wanted.states is not None,
        want_rules=wanted.html is not None,
        want_dossiers=wanted.html is not None,
        want_rates=wanted.rates or wanted.html is not None,
    )
    with (
        asking as request,
        scored(request, asked.master, rejects=wanted.rejects, strict=wanted.strict) as scoring,
    ):
        give_notices(scoring, request.model)
        _write_files(scoring, wanted)
        if wanted.out is None:
            PRINTERS[wanted.format](scoring, wanted)
        if wanted.rates or wanted.won:
            from couveuse.cli.rates import print_rates

            print_rates(scoring)
        if wanted.html:
            _write_report(scoring, wanted)


def _check_targets(wanted: Wanted) -> None:
    """What cannot be written is said before an hour of work, not after it."""
    for target in (wanted.out, wanted.ledger, wanted.states):
        if target is not None:
            written_as(Path(target))
    for target in (wanted.out, wanted.html, wanted.ledger, wanted.states, wanted.rejects):
        if target is None:
            continue
        path = Path(target)
        if path.is_dir():
            raise BadInput(f"{target}: this is a folder; name a file in it")
        if not path.resolve().parent.is_dir():
            raise BadInput(f"{target}: its folder does not exist; make it first")
        if not os.access(path if path.exists() else path.resolve().parent, os.W_OK):
            raise BadInput(f"{target}: may not be written; choose another folder, or ask for the right to write there")


def _write_files(scoring: Scoring, wanted: Wanted) -> None:
    limit = f" limit {wanted.top}" if wanted.top is not None else ""
    columns = ", ".join(f'"{key}"' for key in KEYS)
    if wanted.out:
        scoring.write(f"select {columns} from scores order by {ORDER}{limit}", Path(wanted.out))
    if wanted.ledger:
        scoring.write('select * from lines order by lead, "at", fact, rule, "kind"', Path(wanted.ledger))
    if wanted.states:
        scoring.write("select * from states order by lead, sort", Path(wanted.states))


def _write_report(scoring: Scoring, wanted: Wanted) -> None:
    from couveuse.cli.gathering import gather
    from couveuse.report import render

    assert wanted.html is not None  # the caller looked
    page = render(gather(scoring, language=wanted.language, pages=wanted.top or PAGES))
    Path(wanted.html).write_text(page, encoding="utf-8")
    note(f"Wrote the report to {wanted.html}.")


def plain(row: Mapping[str, object]) -> dict[str, object]:
    """A score as JSON has it."""
    told = {key: row[key] for key in KEYS}
    last = row["last_event_at"]
    told["last_event_at"] = None if last is None else iso(microseconds(last))  # type: ignore[arg-type]  # a time
    return told


def _print_json(scoring: Scoring, wanted: Wanted) -> None:
    for row in scoring.scores(wanted.top):
        sys.stdout.write(json.dumps(plain(row), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _print_csv(scoring: Scoring, wanted: Wanted) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(KEYS)
    for row in scoring.scores(wanted.top):
        told = plain(row)
        told["routes"] = routes_text(row)
        writer.writerow(["" if told[key] is None else told[key] for key in KEYS])
    sys.stdout.flush()


def routes_text(row: Mapping[str, object]) -> str:
    """Routes in one cell: team, treatment and cause of each."""
    routes = row["routes"]
    assert isinstance(routes, list)  # as the scores' schema says
    return "; ".join(f"{route['team']}: {route['treatment']} ({route['cause']})" for route in routes)


def _print_table(scoring: Scoring, wanted: Wanted) -> None:
    from couveuse.cli.tables import print_scores

    top = wanted.top or TABLE_ROWS
    rows: Iterator[dict[str, object]] = scoring.scores(top)
    print_scores(list(rows), scoring)
    left = scoring.counts.leads + (scoring.counts.visitors if scoring.request.visitors else 0) - top
    if left > 0:
        note(f"{left:,} more lead{'' if left == 1 else 's'}; --top N shows more, --out FILE writes them all.")


PRINTERS = {"table": _print_table, "json": _print_json, "csv": _print_csv}
