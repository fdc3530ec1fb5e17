"""`couveuse archive`: what closed months are archived, how they are, and dropping them here."""

import csv
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace

import typer

from couveuse import configuration, logs
from couveuse.archive.manifests import Manifest
from couveuse.archive.months import checked
from couveuse.cli import FINDING, note
from couveuse.cli.databases import database
from couveuse.cli.tables import many, print_rows
from couveuse.configuration import Configuration
from couveuse.core.times import iso
from couveuse.engine import archiving
from couveuse.engine.archiving import Archivist, Standing
from couveuse.engine.clocks import now_us
from couveuse.errors import BadInput

COLUMNS = ("month", "here", "archived", "bytes", "bytes_an_event", "written_at", "dropped_at", "place")


def status(form: str) -> None:
    """List the months: how many facts are here, and what is archived."""
    with database() as url:
        rows = [_row(each) for each in archiving.status(url, now_us())]
    if form == "json":
        for row in rows:
            print(json.dumps(row))
    elif form == "csv":
        writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        cells = [["" if row[name] is None else _cell(row[name]) for name in COLUMNS] for row in rows]
        print_rows("The archive", COLUMNS, cells, right=COLUMNS[1:5])


def _row(standing: Standing) -> dict[str, object]:
    known = standing.archived
    row: dict[str, object] = dict.fromkeys(COLUMNS)
    row |= {"month": standing.month, "here": standing.here}
    if known is not None:
        manifest = known.manifest
        row |= {
            "archived": manifest.rows,
            "bytes": manifest.bytes,
            "bytes_an_event": round(manifest.bytes / max(manifest.rows, 1), 1),
            "written_at": iso(known.written_at),
            "dropped_at": None if known.dropped_at is None else iso(known.dropped_at),
            "place": known.place,
        }
    return row


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def run(months: Sequence[str], *, dry_run: bool, processes: int) -> None:
    """Archive months that closed: those that are named, else all that are not archived or have changed since."""
    asked = [checked(month) for month in months]
    with database() as url, Archivist(url, _settings()) as archivist:
        wanted = asked or sorted({*archivist.due(), *archivist.changed()})
        if dry_run:
            for month in wanted:
                print(month)
            note(f"{many(len(wanted), 'month')} would be written to {archivist.place.address}.")
            return
        written = archivist.run(wanted, _tell, processes=processes or os.cpu_count() or 1)
        rows, size = sum(each.rows for each in written), sum(each.bytes for each in written)
    note(f"{many(rows, 'event')} in {many(len(written), 'month')}, {size / max(rows, 1):.1f} bytes each.")


def drop(months: Sequence[str]) -> None:
    """Drop months here, once it is sure that the archive holds them as they are."""
    asked = [checked(month) for month in months]
    if not asked:
        raise BadInput("name the months to drop, as 2026-01; see: couveuse archive status")
    with database() as url, Archivist(url, _settings()) as archivist:
        dropped = archivist.drop(asked, _tell)
    note(f"{many(len(dropped), 'month')} dropped here: what was of them is read from the archive from now on.")


def verify(months: Sequence[str]) -> None:
    """Read the archive to its end; exit code 1 where something in it is not what was written."""
    asked = [checked(month) for month in months]
    with database() as url, Archivist(url, _settings()) as archivist:
        found = archivist.verify(asked)
    for each in found:
        print(f"{each.month}: {each.reason}")
    if found:
        raise typer.Exit(FINDING)
    note("Every file is there, and holds what was written.")


def _tell(manifest: Manifest) -> None:
    note(f"{manifest.month}: {many(manifest.rows, 'event')}, {manifest.bytes / max(manifest.rows, 1):.1f} bytes each.")


def _settings() -> Configuration:
    """The settings; what is done is told by the commands themselves, and not logged as well."""
    settings = configuration.read()
    logs.set_up("archive", replace(settings, log="warning"))
    return settings
