"""The palette: leads, companies, pages and actions, found by a few letters; a whole page without JavaScript."""

from typing import Any, Final, NamedTuple

from django.http import HttpResponse
from django.urls import reverse

from couveuse.core.text import plain
from couveuse.engine import finding
from couveuse.engine.findable import asked_words
from couveuse.engine.finding import MOST_TEXT, Entry, Filters
from couveuse.report.persons import person
from couveuse.store import companies
from couveuse.store.listing import FIRST
from couveuse.web import database
from couveuse.web.areas.leads.asking_leads import Lister, address_of
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission, may
from couveuse.web.reading import looker
from couveuse.web.rendering import render

MOST_LEADS: Final = 8
MOST_COMPANIES: Final = 4
# Pages and actions: the key of their words, their address, and what one must be allowed to.
PAGES: Final = (
    ("today", "/today", Permission.SEE_TODAY), ("leads", "/leads", Permission.SEE_LEADS),
    ("companies", "/companies", Permission.SEE_LEADS), ("desk", "/desk", Permission.SEE_TASKS),
    ("scoring", "/scoring", Permission.SEE_SCORING), ("settings", "/settings", Permission.MANAGE_TEAM),
    ("me", "/settings/me", Permission.OWN_ACCOUNT), ("docs", "/docs", Permission.SEE_DOCS),
)  # fmt: skip
ACTIONS: Final = (
    ("add", "/leads/add", Permission.EDIT_LEADS), ("export", "/leads/export", Permission.EXPORT_LEADS),
    ("hot", "/leads?temperature=hot", Permission.SEE_LEADS), ("mine", "/leads?mine=1", Permission.SEE_LEADS),
    ("views", "/leads/views", Permission.SEE_LEADS), ("import", "/imports/new", Permission.IMPORT),
)  # fmt: skip


class Hit(NamedTuple):
    """One thing that was found."""

    name: str
    about: str
    address: str


@page(Permission.SEE_LEADS)
def find(asked: Asked) -> HttpResponse:
    """What a few letters find; for htmx as a part of the palette."""
    text = asked.request.GET.get("q", "").strip()[:MOST_TEXT].replace("\x00", "")
    leads, firms = _leads(asked, text) if asked_words(text) else ([], [])
    groups = [
        ("leads", leads), ("companies", firms), ("pages", _known(asked, PAGES, text)),
        ("actions", _known(asked, ACTIONS, text)),
    ]  # fmt: skip
    template = "leads/found.html" if asked.is_htmx else "leads/find.html"
    every = address_of(Filters(q=text)) if len(leads) >= MOST_LEADS else ""
    return render(
        asked, template, title=asked.say("leads_find.title"), q=text, groups=[each for each in groups if each[1]],
        every=every,
    )  # fmt: skip


def _leads(asked: Asked, text: str) -> tuple[list[Hit], list[Hit]]:
    with database.reading() as connection:
        lister = Lister.of(asked, connection)
        wanted = lister.wanted(Filters(q=text))
        found = finding.page_of(
            connection, looker(connection), lister.model, wanted, FIRST, most=MOST_LEADS, now=asked.now
        )
        firms, _ = companies.list_companies(
            connection, lister.model.id, begins=text.lower(), after="", most=MOST_COMPANIES
        )
    names = lister.names([])
    hits = [_hit(asked, entry, names) for entry in found.entries]
    known = [(names.short(each.name or each.domain, 60), each.domain if each.name else "", each.id) for each in firms]
    return hits, [Hit(name, about, _company(number)) for name, about, number in known]


def _hit(asked: Asked, entry: Entry, names: Any) -> Hit:
    who = person(entry.card.traits)
    company = who.company or entry.card.company or entry.card.domain or ""
    name = names.short(who.name or entry.card.key, 60)
    about = " · ".join(part for part in (names.short(company, 40), asked.formats.score(entry.reading.score)) if part)
    return Hit(name, about, str(reverse("lead", kwargs={"lead_id": entry.card.lead_id})))


def _company(number: int) -> str:
    return str(reverse("company", kwargs={"company_id": number}))


def _known(asked: Asked, known: tuple[tuple[str, str, Permission], ...], text: str) -> list[Hit]:
    """Pages and actions each word of whose name, or of what it is also called, begins so."""
    wanted = plain(text).split()
    found = []
    for key, address, permission in known:
        if not may(asked.who, permission) or (key == "mine" and asked.who.member is None):
            continue
        name = asked.say(f"leads_find.{key}")
        words = plain(f"{name} {asked.say(f'leads_find.{key}_also')}").split()
        if all(any(word.startswith(each) for word in words) for each in wanted):
            found.append(Hit(name, "", address))
    return found
