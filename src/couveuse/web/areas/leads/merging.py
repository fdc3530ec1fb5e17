"""Two leads that are one person: the other one found, both side by side with what they make, merged; and undone."""

from typing import Any, Final

from django.http import Http404, HttpResponse

from couveuse import configuration
from couveuse.engine import duplicates, finding
from couveuse.engine.batches import Folder
from couveuse.engine.findable import asked_words
from couveuse.engine.finding import Filters
from couveuse.engine.live import LiveModels
from couveuse.engine.merging import CannotMerge, merge, unmerge
from couveuse.engine.records import Record, TooLong, read_record
from couveuse.report.persons import person
from couveuse.store import cards, private
from couveuse.store.listing import FIRST
from couveuse.web import database, reading
from couveuse.web.areas.leads.asking_leads import Lister
from couveuse.web.areas.leads.deeds import form, lead_page, posted
from couveuse.web.areas.leads.record import known_number
from couveuse.web.areas.leads.showing import Shown
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.reading import looker
from couveuse.web.rendering import redirect, render

MOST_WORD: Final = 500
MOST_CALLED: Final = 12


@page(Permission.MERGE_LEADS, methods=("GET", "POST"))
def merge_leads(asked: Asked, lead_id: int) -> HttpResponse:
    """Find the other lead; see both side by side; merge one into the other."""
    if asked.request.method == "POST":
        return _merge(asked, lead_id)
    word, number = str(asked.request.GET.get("q", ""))[:MOST_WORD], str(asked.request.GET.get("with", ""))[:19]
    if number.isascii() and number.isdigit():
        return _side_by_side(asked, lead_id, int(number))
    with database.reading() as connection:
        survivor = cards.survivor(connection, known_number(lead_id))
        if survivor is None:
            raise Http404
        asked_for = duplicates.named(connection, word) - {survivor} if word.strip() else set()
        near = duplicates.near(connection, survivor)
        people = cards.load_cards(connection, sorted(asked_for | near.keys()))
        found = [people[each] for each in sorted(asked_for)] or _called(asked, connection, word, survivor)
    return form(
        asked, "leads/merge.html", lead_id, word=word, found=found, person=person,
        near=[(people[each], keys) for each, keys in near.items() if each in people],
    )  # fmt: skip


def _called(asked: Asked, connection: Any, word: str, but: int) -> list[cards.Card]:
    """Other leads whose name, company, address or number begins so, the best scores first."""
    word = word.strip()[: finding.MOST_TEXT].replace("\x00", "")
    if not asked_words(word):
        return []
    lister = Lister.of(asked, connection)
    page = finding.page_of(
        connection, looker(connection), lister.model, lister.wanted(Filters(q=word)), FIRST, most=MOST_CALLED,
        now=asked.now,
    )  # fmt: skip
    return [entry.card for entry in page.entries if entry.card.lead_id != but]


def _side_by_side(asked: Asked, lead_id: int, other_id: int, error: str = "", status: int = 200) -> HttpResponse:
    with database.reading() as connection:
        one, other = (_record(asked, connection, known_number(number)) for number in (lead_id, other_id))
    if one.lead_id == other.lead_id:
        return redirect(asked, lead_page(one.lead_id), "leads_merge.same")
    together = None
    if one.look is not None and other.look is not None:
        together = duplicates.together(one.look, other.look, one.model, now=asked.now)
    return render(
        asked, "leads/side_by_side.html", status, title=asked.say("leads_merge.title"), error=error,
        both=[Shown(asked, one), Shown(asked, other)], together=together, lead_id=one.lead_id,
    )  # fmt: skip


def _record(asked: Asked, connection: Any, lead_id: int) -> Record:
    try:
        found = read_record(connection, looker(connection), lead_id, reading.acting(connection), now=asked.now)
    except TooLong:
        found = None
    if found is None:
        raise Http404
    return found


def _merge(asked: Asked, lead_id: int) -> HttpResponse:
    numbers = [posted(asked, name, 19) for name in ("lead", "into")]
    if not all(each.isascii() and each.isdigit() for each in numbers) or str(lead_id) not in numbers:
        return redirect(asked, lead_page(known_number(lead_id)), "leads_merge.none_named")
    gone, into = (known_number(int(each)) for each in numbers)
    with database.writing() as connection:
        try:
            merge(connection, _folder(), LiveModels(), gone, into, by=asked.who.by, now=asked.now)
        except CannotMerge:
            return redirect(asked, lead_page(known_number(lead_id)), "leads_merge.cannot")
    return redirect(asked, lead_page(into), "leads_merge.done")


@page(Permission.MERGE_LEADS, methods=("POST",))
def undo(asked: Asked, lead_id: int, merge_id: int) -> HttpResponse:
    """Undo a merge of the lead: facts go back to whom they belong."""
    with database.writing() as connection:
        survivor = cards.survivor(connection, known_number(lead_id))
        merges = [] if survivor is None else cards.merges_of(connection, survivor)
        if known_number(merge_id) not in {each.id for each in merges if each.undone_at is None}:
            raise Http404
        try:
            back, _ = unmerge(connection, _folder(), LiveModels(), merge_id, by=asked.who.by, now=asked.now)
        except CannotMerge:
            return redirect(asked, lead_page(lead_id), "leads_merge.cannot_undo")
    return redirect(asked, lead_page(back), "leads_merge.undone")


def _folder() -> Folder:
    """One for each request: merges are rare, and what a folder remembers is of one connection's transactions."""
    return Folder(private.url(configuration.read()))
