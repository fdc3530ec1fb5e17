"""One lead: who, and what to do now; what happened, with its points; the receipt, now or as of any instant."""

from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.urls import reverse

from couveuse.core import times
from couveuse.engine import records, timelines
from couveuse.engine.calling import number_of
from couveuse.engine.records import MOST_IN_PAGE, Record, TooLong, Wanted
from couveuse.engine.timelines import OF_FOLDED, Place, Show
from couveuse.web import database, reading
from couveuse.web.api.asking import cursor_of, parts_of
from couveuse.web.areas.leads.showing import Call, Shown, call_of
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.problems import Problem
from couveuse.web.reading import looker
from couveuse.web.rendering import redirect, render

# So much of a timeline stands on a page, and so many rows of the receipt beside it.
MOST: Final = 40
MOST_ROWS: Final = 24
# The whole ledger on a page of its own shows so many; of a lead of very many facts so many, page by page.
MOST_WHOLE: Final = 2_000
MOST_LONG: Final = 200
MOST_DIGITS: Final = 12
# Asks for the ledger of a lead of very many facts, which takes a moment.
FOLD: Final = "fold"
LARGEST: Final = 2**63 - 1


class AsOf:
    """As of which instant a lead is asked for, and by what was known at which; texts are as they were given."""

    def __init__(self, asked: Asked) -> None:
        zone = self._zone = ZoneInfo(asked.who.timezone)
        self.given = {name: asked.request.GET.get(name, "").strip()[:40] for name in ("at", "known_at")}
        found = {name: times.instant(text, zone) if text else None for name, text in self.given.items()}
        self.at, self.known_at = found["at"], found["known_at"]
        self.wrong = [name for name, text in self.given.items() if text and found[name] is None]

    def local(self, name: str) -> str:
        """An instant as a field of a form takes it, by the reader's clock; '' where none was given."""
        at = self.at if name == "at" else self.known_at
        return "" if at is None else times.moment(at).astimezone(self._zone).strftime("%Y-%m-%dT%H:%M")

    @property
    def is_now(self) -> bool:
        """Whether the lead is asked for as it is."""
        return self.at is None and self.known_at is None


def known_number(lead_id: int) -> int:
    """A number that may be a lead's; raises Http404."""
    if lead_id > LARGEST:
        raise Http404
    return lead_id


@page(Permission.SEE_LEADS)
def record(asked: Asked, lead_id: int) -> HttpResponse:
    """The page of a lead; of one that is part of another, the way there. For htmx: the next rows of its timeline."""
    as_of = AsOf(asked)
    try:
        found, shown, call, line = _read(asked, known_number(lead_id), as_of)
    except TooLong:
        return _too_long(asked, lead_id)
    if found.lead_id != lead_id:
        return redirect(asked, _address(asked, found.lead_id))
    if asked.is_htmx and "after" in asked.request.GET:
        return render(asked, "leads/timeline.html", shown=shown, record=found, **line)
    if found.is_unfolded and not as_of.is_now:
        return _being_folded(asked, shown, as_of)
    bill = shown.receipt(MOST_ROWS, "leads_receipt.elsewhere")
    return render(
        asked, "leads/record.html", title=shown.title, shown=shown, record=found, around=found.around, call=call,
        reading=found.reading, as_of=as_of, receipt=bill, row=_row(shown), token=uuid4().hex, curve=shown.curve,
        most=MOST_IN_PAGE, **line,
    )  # fmt: skip


@page(Permission.SEE_LEADS)
def receipt(asked: Asked, lead_id: int) -> HttpResponse:
    """The whole ledger of a lead, folded from its facts; of one with very many, first what is known without them.

    For htmx without the page around it.
    """
    as_of, is_part = AsOf(asked), asked.is_htmx and FOLD not in asked.request.GET
    until = asked.request.GET.get("until", "")
    wanted = Wanted(
        as_of.at, as_of.known_at, is_folded=is_part or FOLD in asked.request.GET,
        until=int(until) if until.isascii() and until.isdigit() and len(until) < MOST_DIGITS else None,
        most=MOST_ROWS if is_part else MOST_LONG, with_curve=not is_part and not until,
    )  # fmt: skip
    try:
        with database.reading() as connection:
            found = _record(asked, known_number(lead_id), connection, wanted)
    except TooLong:
        return _too_long(asked, lead_id)
    shown = Shown(asked, found)
    if found.lead_id != lead_id:
        return redirect(asked, reverse("leads_receipt", kwargs={"lead_id": found.lead_id}))
    if found.is_unfolded:
        return _being_folded(asked, shown, as_of)
    bill = shown.receipt(
        MOST_ROWS if is_part else MOST_WHOLE, "leads_receipt.elsewhere" if is_part else "receipt.carried_note_live"
    )
    return render(
        asked, "leads/receipt_part.html" if is_part else "leads/receipt.html", title=shown.title, shown=shown,
        record=found, as_of=as_of, receipt=bill, curve="" if is_part else shown.curve, reading=found.reading,
        pages=() if is_part else _pages(asked, found),
    )  # fmt: skip


def _being_folded(asked: Asked, shown: Shown, as_of: AsOf) -> HttpResponse:
    """What can be said at once of a lead of very many facts; all else comes when they have been read again."""
    query = {**{name: values[-1] for name, values in asked.request.GET.lists() if values}, FOLD: "1"}
    return render(
        asked, "leads/folding.html", title=shown.title, shown=shown, record=shown.record, as_of=as_of,
        reading=shown.record.reading, whole=f"{asked.request.path}?{urlencode(query)}",
    )  # fmt: skip


def _pages(asked: Asked, found: Record) -> list[tuple[str, str]]:
    """The ways from a page of a long ledger to the lines before it and after it, each with its word."""
    long = found.long
    if long is None:
        return []
    kept = {name: asked.request.GET[name] for name in ("at", "known_at") if asked.request.GET.get(name)}
    told = long.entries - long.before.entries - long.after.entries
    ends = []
    if long.before.entries:
        ends.append(("leads_receipt.earlier_page", long.before.entries))
    if long.after.entries:
        ends.append(("leads_receipt.later_page", min(long.before.entries + told + MOST_LONG, long.entries)))
    return [(word, f"{asked.request.path}?{urlencode({**kept, FOLD: '1', 'until': end})}") for word, end in ends]


def _too_long(asked: Asked, lead_id: int) -> HttpResponse:
    """Why nothing is folded; as a part of a page it is no error, which htmx would not show."""
    return render(
        asked, "leads/too_long.html", 200 if asked.is_htmx else 422, title=asked.say("leads_receipt.too_long"),
        lead_id=lead_id, most=records.MOST_ON_DEMAND,
    )  # fmt: skip


def _read(asked: Asked, lead_id: int, as_of: AsOf) -> tuple[Record, Shown, Call, dict[str, Any]]:
    with database.reading() as connection:
        wanted = Wanted(as_of.at, as_of.known_at, is_folded=FOLD in asked.request.GET)
        found = _record(asked, lead_id, connection, wanted)
        shown = Shown(asked, found)
        number = number_of(
            connection, shown.person.telephone, found.around.said, is_known=found.around.is_known, now=asked.now
        )
        return found, shown, call_of(number), _timeline(asked, connection, found, shown, as_of)


def _record(asked: Asked, lead_id: int, connection: Any, wanted: Wanted) -> Record:
    model = reading.acting(connection)
    found = records.read_record(connection, looker(connection), lead_id, model, now=asked.now, wanted=wanted)
    if found is None:
        raise Http404
    return found


def _timeline(asked: Asked, connection: Any, found: Record, shown: Shown, as_of: AsOf) -> dict[str, Any]:
    """The rows of a page of the timeline, its filters, and where it goes on."""
    word = asked.request.GET.get("show", "")
    offered = [each for each in Show if found.look is not None or each not in OF_FOLDED]
    show = Show(word) if word in offered else None
    page = timelines.page_of(
        connection, looker(connection), found, show, after=_place(asked.request.GET.get("after")), most=MOST,
        until=as_of.at, has_points=shown.has_points,
    )  # fmt: skip
    kept = {name: text for name, text in as_of.given.items() if text}
    if FOLD in asked.request.GET:
        kept[FOLD] = "1"

    def address(**more: str) -> str:
        return str(reverse("lead", kwargs={"lead_id": found.lead_id}, query={**kept, **more}))

    following = None
    if page.next is not None:
        narrowed = {} if show is None else {"show": show.value}
        following = address(**narrowed, after=cursor_of(*page.next))
    filters = [(None, address()), *((each, address(show=each.value)) for each in offered)]
    return {"rows": list(shown.rows(page.entries)), "next": following, "show": show, "filters": filters}


def _place(cursor: str | None) -> Place | None:
    """The place that a link names; a link that was changed begins anew."""
    try:
        parts = parts_of(cursor, (int, int, str, str))
    except Problem:
        return None
    return None if parts is None else (parts[0], parts[1], parts[2], parts[3])


def _row(shown: Shown) -> Any:
    return None if shown.page is None else shown.page.row


def _address(asked: Asked, lead_id: int) -> str:
    query = asked.request.META.get("QUERY_STRING", "")
    address = reverse("lead", kwargs={"lead_id": lead_id})
    return f"{address}?{query}" if query else address
