"""Views of the list of leads: kept under a name, renamed and deleted, one's own and those that all share."""

from django.http import Http404, HttpResponse
from django.urls import reverse

from couveuse.engine.finding import BadFilter, filters_in, query_of
from couveuse.store import lead_views
from couveuse.store.lead_views import BadView, View
from couveuse.web import database
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission, may
from couveuse.web.rendering import redirect, render


def may_change(asked: Asked, view: View) -> bool:
    """Whether somebody may rename or delete a view: their own, or a shared one where they may edit leads."""
    return view.user_id is not None or may(asked.who, Permission.EDIT_LEADS)


@page(Permission.SEE_LEADS, methods=("GET", "POST"))
def views(asked: Asked) -> HttpResponse:
    """The views that somebody may use; POST keeps another one."""
    if asked.request.method == "POST":
        return _save(asked)
    with database.reading() as connection:
        found = lead_views.views_of(connection, asked.who.user_id)
    changeable = {each.id for each in found if may_change(asked, each)}
    return render(
        asked, "leads/views.html", title=asked.say("leads_views.title"), views=found, changeable=changeable,
        most=lead_views.MOST_NAME,
    )  # fmt: skip


def _save(asked: Asked) -> HttpResponse:
    given = asked.request.POST
    is_shared = given.get("shared") == "1" and may(asked.who, Permission.EDIT_LEADS)
    owner = None if is_shared else asked.who.user_id
    try:
        query = query_of(filters_in(given.get("where", "")))
        with database.writing() as connection:
            lead_views.save(connection, owner, given.get("name", ""), query, by=asked.who.by, now=asked.now)
    except (BadView, BadFilter):
        return redirect(asked, reverse("leads_views"), "leads_views.refused", most=lead_views.MOST)
    return redirect(asked, f"{reverse('leads')}?{query}", "leads_views.kept")


@page(Permission.SEE_LEADS, methods=("POST",))
def change(asked: Asked, view_id: int) -> HttpResponse:
    """Call a view otherwise, or delete it."""
    given = asked.request.POST
    with database.writing() as connection:
        view = lead_views.view(connection, min(view_id, 2**63 - 1), asked.who.user_id)
        if view is None or not may_change(asked, view):
            raise Http404
        if given.get("do") == "delete":
            lead_views.remove(connection, view.id, view.user_id, by=asked.who.by, now=asked.now)
            return redirect(asked, reverse("leads_views"), "leads_views.deleted")
        try:
            is_done = lead_views.rename(
                connection, view.id, view.user_id, given.get("name", ""), by=asked.who.by, now=asked.now
            )
        except BadView:
            is_done = False
    return redirect(asked, reverse("leads_views"), "leads_views.renamed" if is_done else "leads_views.not_renamed")
