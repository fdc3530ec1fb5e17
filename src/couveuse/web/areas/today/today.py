"""The first page: what changed since the last working day, what waits for whoever looks, how the funnel moved."""

from django.http import HttpResponse

from couveuse.engine import today as engine
from couveuse.engine.live import NothingPublished
from couveuse.store import learnt as reports
from couveuse.web import database
from couveuse.web.areas.today import first_steps
from couveuse.web.areas.today.sight import Sight
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission, may
from couveuse.web.rendering import render


@page(Permission.SEE_TODAY)
def show(asked: Asked) -> HttpResponse:
    """The page, by role."""
    with database.reading() as connection:
        found = engine.look_at_today(
            connection,
            teams=asked.who.teams_seen,
            member=asked.who.member,
            sees_tasks=may(asked.who, Permission.SEE_TASKS),
            zone=asked.who.timezone,
            now=asked.now,
        )
        learnt = reports.latest(connection, found.model.published.id) if found is not None else None
        steps = first_steps.left(connection) if may(asked.who, Permission.IMPORT) else None
    if found is None:
        raise NothingPublished
    sight = Sight(asked, found, learnt)
    return render(asked, "today/today.html", title=asked.say("frame.today"), sight=sight, steps=steps)
