"""Imports on screen: which there are, what came of one, its rejected rows, and taking it back."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from django.http import Http404, HttpResponse
from psycopg import Connection

from couveuse.core.consent import Refusal
from couveuse.engine import jobs, uploading
from couveuse.engine.brought import Kept, kept
from couveuse.engine.job_kinds import UNDO_IMPORT
from couveuse.engine.live import model_of
from couveuse.engine.versions import Versions
from couveuse.report.names import Names
from couveuse.store import imports, rejects, uploads
from couveuse.store.imports import UNDONE, Import
from couveuse.store.rejects import StoredReject
from couveuse.web import database, failures
from couveuse.web.areas.start import saying
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect, render

PAGE: Final = 50
MOST_OPEN: Final = 20
# So many rows are fetched at a time for a file that is downloaded.
AT_ONCE: Final = 1_000
# How a spreadsheet would know a formula.
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_versions: Final = Versions()


def number(text: str) -> int | None:
    """A number of ours that stands in an address; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


@page(Permission.IMPORT)
def show(asked: Asked) -> HttpResponse:
    """Files that wait, and all imports, the newest first."""
    before = number(asked.request.GET.get("before", ""))
    with database.reading() as connection:
        found = imports.page(connection, before=2**31 - 1 if before is None else before, most=PAGE + 1)
        waiting = uploads.open_uploads(connection, MOST_OPEN) if before is None else []
    shown = found[:PAGE]
    following = f"/imports?before={shown[-1].id}" if len(found) > PAGE else ""
    return render(
        asked, "start/imports_rows.html" if asked.is_htmx and before is not None else "start/imports.html",
        title=asked.say("start_imports.title"), imports=[_line(each) for each in shown], waiting=waiting,
        following=following,
    )  # fmt: skip


def _line(found: Import) -> dict[str, Any]:
    counts = found.counts
    return {
        "id": found.id,
        "files": ", ".join(found.files),
        "standing": found.standing,
        "at": found.started_at,
        "rows": counts.get("rows", 0) + counts.get("lead_rows", 0),
        "facts": counts.get("facts", 0),
        "made": counts.get("made", 0),
        "rejected": sum(counts.get("rejects", {}).values()),
        "basis": found.consent.get("basis", ""),
    }


@page(Permission.IMPORT)
def one(asked: Asked, number: int) -> HttpResponse:
    """What came of an import, and the rows that it could not take, page by page."""
    after = _after(asked)
    with database.reading() as connection:
        found = _told(connection, number)
        rows = rejects.of_import(connection, number, after=after, most=PAGE + 1)
        upload = uploads.of_import(connection, number)
        undoing = jobs.latest(connection, UNDO_IMPORT, key=f"import {number}")
        names = Names(model_of(_versions.acting(connection).published), asked.language)
    shown = rows[:PAGE]
    following = f"/imports/{number}?after={shown[-1].id}" if len(rows) > PAGE else ""
    if asked.is_htmx and after:
        return render(asked, "start/rejects_rows.html", rows=_lines(asked, shown), following=following)
    return render(
        asked, "start/import.html", title=asked.say("start_import.title", number=number), told=found,
        stored=found.stored, line=_line(found.stored), reach=None if found.reach is None else asdict(found.reach),
        refusals=[refusal.value for refusal in Refusal], rows=_lines(asked, shown), following=following,
        upload=upload, undoing=undoing, is_undoing=undoing is not None and not undoing.standing.is_over,
        undo_failed=failures.why(asked, undoing), step=saying.step(asked, undoing) if undoing is not None else "",
        names=names, rejects=saying.by_reason(asked, found.stored.counts.get("rejects", {})),
    )  # fmt: skip


def _after(asked: Asked) -> int:
    text = asked.request.GET.get("after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _told(connection: Connection[Any], number: int) -> Kept:
    found = kept(connection, number)
    if found is None:
        raise Http404
    return found


def _lines(asked: Asked, rows: list[StoredReject] | Any) -> list[Mapping[str, Any]]:
    return [
        {
            "place": each.place,
            "reason": saying.reason(asked, each.reason),
            "cure": saying.cure(asked, each.reason),
            "body": each.body,
        }
        for each in rows
    ]


@page(Permission.IMPORT)
def rejects_csv(asked: Asked, number: int) -> HttpResponse:
    """The rows that an import could not take, as a table to correct them in."""
    with database.reading() as connection:
        if imports.import_by_id(connection, number) is None:
            raise Http404
        text = "".join(_csv(asked, connection, number))
    return HttpResponse(
        "\ufeff" + text,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="import-{number}-rejects.csv"'},
    )


def _csv(asked: Asked, connection: Connection[Any], number: int) -> Iterator[str]:
    heads = [asked.say(f"start_import.{name}") for name in ("place", "reason", "cure", "row")]
    yield _row(heads)
    after = 0
    while found := rejects.of_import(connection, number, after=after, most=AT_ONCE):
        for each in found:
            yield _row([each.place, saying.reason(asked, each.reason), saying.cure(asked, each.reason), each.body])
        after = found[-1].id


def _row(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow([guarded(cell) for cell in cells])
    return out.getvalue()


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula.

    >>> guarded("=1+1"), guarded("+33 1"), guarded("plain")
    ("'=1+1", "'+33 1", 'plain')
    """
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULAS) else cell


@page(Permission.IMPORT, methods=("GET", "POST"))
def undo(asked: Asked, number: int) -> HttpResponse:
    """What taking an import back does, and the button."""
    if asked.request.method == "POST":
        with database.writing() as connection:
            stored = _told(connection, number).stored
            if stored.standing == UNDONE and not _left(connection, number):
                return redirect(asked, f"/imports/{number}", "start_undo.done_before")
            uploading.ask_undo(connection, number, by=asked.who.by, now=asked.now)
        return redirect(asked, f"/imports/{number}", "start_undo.asked")
    with database.reading() as connection:
        found = _told(connection, number)
    return render(
        asked, "start/undo.html", title=asked.say("start_undo.title", number=number), stored=found.stored,
        line=_line(found.stored), reach=found.reach,
    )  # fmt: skip


def _left(connection: Connection[Any], number: int) -> int:
    from couveuse.store.undoing import count_identities

    return count_identities(connection, number)
