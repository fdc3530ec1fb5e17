"""The list of leads: the best score or the newest first, filtered and searched, page by page."""

from typing import Any, Final

from django.http import HttpResponse

from couveuse.engine import finding
from couveuse.engine.finding import BadFilter, Filters, query_of
from couveuse.store import findable, listing
from couveuse.store.listing import FEW, FIRST
from couveuse.web import database
from couveuse.web.areas.leads import asking_leads
from couveuse.web.areas.leads.asking_leads import Lister, address_of, filters_of, place_of
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.reading import looker
from couveuse.web.rendering import render

MOST: Final = 50


@page(Permission.SEE_LEADS)
def leads(asked: Asked) -> HttpResponse:
    """The leads that meet what is asked; for htmx the rows that follow, where `after` says from where on."""
    place = place_of(asked)
    wrong = ""
    try:
        filters = filters_of(asked.request.GET)
    except BadFilter as error:
        filters, wrong = Filters(), asked.words.known("leads_wrong", error.field)
    with database.reading() as connection:
        lister = Lister.of(asked, connection)
        try:
            wanted = lister.wanted(filters)
        except BadFilter as error:
            filters, wrong = Filters(), asked.words.known("leads_wrong", error.field)
            wanted = lister.wanted(filters)
        found = finding.page_of(
            connection, looker(connection), lister.model, wanted, place or FIRST, most=MOST, order=lister.order,
            now=asked.now,
        )  # fmt: skip
        lately = {e.card.lead_id: e.reading.last_event_at for e in found.entries if e.reading.last_event_at is not None}
        events = listing.last_events(connection, lately) if lately else {}
        names = lister.names([entry.reading.score for entry in found.entries])
        rows = lister.rows(found.entries, names, events)
        following = None if found.next is None else address_of(
            filters, **lister.ordered, after=asking_leads.after(found.next)
        )  # fmt: skip
        shown: dict[str, Any] = {"rows": rows, "next": following, "names": names, "filters": filters}
        if asked.is_htmx and place is not None:
            return render(asked, "leads/list_rows.html", **shown)
        counted = found.total if place is None else None
        if counted is None and place is None:
            counted = listing.count_leads(connection, lister.model.id, wanted)
        note = lister.note(filters)
        waiting = findable.waiting(connection, 1) if filters.q and not rows else 0
    return render(
        asked, "leads/list.html", title=asked.say("leads_list.title"), lister=lister, wrong=wrong, most=FEW,
        counted=counted, tags=lister.tags(filters), note=note, views=lister.around.views, own=_own_views(asked),
        query=query_of(filters), is_waiting=bool(waiting), given=dict_of(filters), **shown,
    )  # fmt: skip


def dict_of(filters: Filters) -> dict[str, list[str]]:
    """All values of each name."""
    found: dict[str, list[str]] = {}
    for name, value in filters.pairs():
        found.setdefault(name, []).append(value)
    return found


def _own_views(asked: Asked) -> list[tuple[str, str, str]]:
    """The views that are there from the start: their query, address and name."""
    mine = [(Filters(mine=True), "mine")] if asked.who.member is not None else []
    known = [
        (Filters(), "all"), *mine, (Filters(temperature=("hot",)), "hot"), (Filters(ripened=7), "ripened"),
        (Filters(temperature=("hot",), owner=("nobody",)), "unowned"),
    ]  # fmt: skip
    return [(query_of(each), address_of(each), asked.say(f"leads_views.{name}")) for each, name in known]
