"""Leads as a file: which ones and how is asked, and who took how many is written down."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Final

from django.http import HttpResponse, StreamingHttpResponse
from psycopg import Connection

from couveuse.engine import finding
from couveuse.engine.finding import BadFilter, Filters, Page, filters_in, query_of
from couveuse.engine.lead_files import COLUMNS, MEDIA_TYPES, Format, Taken, written
from couveuse.store.listing import FEW, Wanted
from couveuse.web import database
from couveuse.web.api.asking import now_us
from couveuse.web.areas.leads.asking_leads import Lister, address_of, filters_of
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.reading import looker
from couveuse.web.rendering import redirect, render

MOST_CHOSEN: Final = 2_000


@page(Permission.EXPORT_LEADS, methods=("GET", "POST"))
def export(asked: Asked) -> HttpResponse:
    """What a file would hold, and in which form; POST answers the file itself, while it is read."""
    is_wanted = asked.request.method == "POST"
    try:
        filters = filters_in(asked.request.POST.get("where", "")) if is_wanted else filters_of(asked.request.GET)
        with database.reading() as connection:
            lister = Lister.of(asked, connection)
            wanted = lister.wanted(filters)
            counted = None if is_wanted else finding.counted(connection, lister.model, wanted)
    except BadFilter:
        return redirect(asked, address_of(Filters(), "leads_export"), "leads_bulk.refused")
    if is_wanted:
        chosen = _chosen(asked, wanted)
        if chosen is None:
            return redirect(asked, address_of(filters), "leads_bulk.none")
        return _file(asked, lister, filters, chosen)
    return render(
        asked, "leads/export.html", title=asked.say("leads_export.title"), counted=counted, most=FEW, columns=COLUMNS,
        tags=lister.tags(filters), q=filters.q, where=query_of(filters), back=address_of(filters),
    )  # fmt: skip


def _chosen(asked: Asked, wanted: Wanted) -> Wanted | None:
    """All that meet the filters, or the leads that were chosen; None where none was."""
    if asked.request.POST.get("all") == "1":
        return wanted
    given = asked.request.POST.getlist("lead")[:MOST_CHOSEN]
    numbers = [int(each) for each in given if each.isascii() and each.isdigit() and len(each) < 19]
    return Wanted(leads=numbers) if numbers else None


def _file(asked: Asked, lister: Lister, filters: Filters, wanted: Wanted) -> StreamingHttpResponse:
    format_ = Format.NDJSON if asked.request.POST.get("format") == Format.NDJSON else Format.CSV
    pages = finding.every_page(database.reading, looker, lister.model, wanted, now=asked.now)
    return streamed(pages, Taken(asked.who.by, filters, format_))


def streamed(pages: Iterator[Page], taken: Taken) -> StreamingHttpResponse:
    """A file that is sent while it is read."""
    day = datetime.fromtimestamp(now_us() / 1e6, UTC).date().isoformat()
    response = StreamingHttpResponse(
        written(pages, taken, writing, now_us), content_type=MEDIA_TYPES[taken.format]
    )  # fmt: skip
    response["Content-Disposition"] = f'attachment; filename="leads-{day}.{taken.format.value}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def writing() -> AbstractContextManager[Connection[Any]]:
    """A connection to write down who took what."""
    return database.writing()
