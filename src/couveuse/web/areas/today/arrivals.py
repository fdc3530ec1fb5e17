"""Who ripens while the page is open: a part of it that asks again every few seconds."""

from django.http import HttpResponse

from couveuse.engine import today as engine
from couveuse.store.rosters import newest as newest_document
from couveuse.store.rosters import roster_of
from couveuse.web import database
from couveuse.web.areas.today.sight import Rows
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission, may
from couveuse.web.rendering import render

# So many at a time; who is further behind than this is told to load the page again.
MOST = 6


@page(Permission.SEE_TODAY)
def show(asked: Asked) -> HttpResponse:
    """Those who ripened after the instant that the address names; the next part asks from the newest one on."""
    after = _instant(asked)
    with database.reading() as connection:
        found, model = engine.arrived(
            connection,
            teams=asked.who.teams_seen,
            sees_tasks=may(asked.who, Permission.SEE_TASKS),
            since=after,
            shown=MOST,
        )
        roster = roster_of(None if (document := newest_document(connection)) is None or not found else document.text)
    rows = Rows(asked, model, roster).ripe(found) if model is not None else []
    newest = max([after, *(each.at for each in found)])
    return render(asked, "today/arrivals.html", rows=rows, newest=newest)


def _instant(asked: Asked) -> int:
    """Where to go on from: never so far back that a page would be filled."""
    text = asked.request.GET.get("after", "")
    given = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else asked.now
    return max(given, asked.now - 3_600_000_000)
