"""Alerts that nobody has acknowledged: all of them, page by page, and somebody who has seen one or all."""

from typing import Final

from django.http import Http404, HttpResponse

from couveuse.core.times import DAY_US
from couveuse.engine.live import NothingPublished
from couveuse.engine.today import UNSEEN_DAYS
from couveuse.store import alerts, today
from couveuse.store.rosters import newest, roster_of
from couveuse.store.versions import acting
from couveuse.web import database
from couveuse.web.areas.today.sight import Rows
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission, may_see_team
from couveuse.web.rendering import redirect, render

SHOWN = 50
# What the first page hears once an alert was seen: it asks for what waits now.
ACKNOWLEDGED: Final = "acknowledged"


@page(Permission.SEE_TASKS)
def unseen(asked: Asked) -> HttpResponse:
    """The alerts of the last days, the newest first; for htmx the next of them."""
    with database.reading() as connection:
        model, document = acting(connection), newest(connection)
        found, number = today.unseen(
            connection, teams=asked.who.teams_seen, since=_since(asked), shown=SHOWN, before=_place(asked)
        )
    if model is None:
        raise NothingPublished
    rows = Rows(asked, model, roster_of(None if document is None else document.text)).unseen(found)
    following = f"{found[-1].at}.{found[-1].id}" if number > len(found) else ""
    template = "today/alerts_rows.html" if asked.is_htmx else "today/alerts.html"
    return render(asked, template, title=asked.say("today_waits.unseen"), rows=rows, following=following)


@page(Permission.DO_TASKS, methods=("POST",))
def acknowledge(asked: Asked, alert_id: int) -> HttpResponse:
    """One, of a team whose tasks one sees; for htmx the row goes, and the first page asks what waits now."""
    with database.writing() as connection, connection.transaction():
        found = alerts.alert(connection, alert_id)
        if found is None or not may_see_team(asked.who, found.team):
            raise Http404
        alerts.acknowledge(connection, alert_id, by=asked.who.by, now=asked.now)
    if asked.is_htmx:
        return HttpResponse("", headers={"HX-Trigger": ACKNOWLEDGED})
    return redirect(asked, "/today", toast="today_waits.acknowledged")


@page(Permission.DO_TASKS, methods=("POST",))
def acknowledge_all(asked: Asked) -> HttpResponse:
    """All that were there when the page was made; what came since stays."""
    text = asked.request.POST.get("until", "")
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise Http404
    until = min(int(text), asked.now)
    with database.writing() as connection:
        number = today.see_all(
            connection, teams=asked.who.teams_seen, since=_since(asked), until=until, by=asked.who.by, now=asked.now
        )
    key = "today_waits.all_acknowledged" if number != 1 else "today_waits.acknowledged"
    return redirect(asked, "/today", toast=key, n=asked.formats.number(number))


def _since(asked: Asked) -> int:
    return asked.now - UNSEEN_DAYS * DAY_US


def _place(asked: Asked) -> tuple[int, int]:
    """Where the list goes on."""
    at, _, number = asked.request.GET.get("after", "").partition(".")
    if all(part.isascii() and part.isdigit() and len(part) < 19 for part in (at, number)):
        return int(at), int(number)
    return today.NEWEST
