"""Somebody has seen an alert: it waits for nobody any more."""

from django.http import Http404, HttpResponse

from couveuse.store import alerts
from couveuse.web import database
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission, may_see_team
from couveuse.web.rendering import redirect


@page(Permission.DO_TASKS, methods=("POST",))
def acknowledge(asked: Asked, alert_id: int) -> HttpResponse:
    """Of a team whose tasks one sees; for htmx the row goes, and nothing else changes."""
    with database.writing() as connection, connection.transaction():
        found = alerts.alert(connection, alert_id)
        if found is None or not may_see_team(asked.who, found.team):
            raise Http404
        alerts.acknowledge(connection, alert_id, by=asked.who.by, now=asked.now)
    if asked.is_htmx:
        return HttpResponse("")
    return redirect(asked, "/today", toast="today_waits.acknowledged")
