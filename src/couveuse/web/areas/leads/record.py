"""One lead: who, and what to do now; what happened, with its points; the receipt, now or as of any instant."""

from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.urls import reverse

from couveuse.core import times
from couveuse.engine import records, timelines
from couveuse.engine.calling import number_of
from couveuse.engine.records import MOST_IN_PAGE, Record, TooLong
from couveuse.engine.timelines import OF_FOLDED, Place, Show
from couveuse.report import figures
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
# The whole ledger on a page of its own shows so many; older ones are brought forward in one.
MOST_WHOLE: Final = 2_000
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
    bill = shown.receipt(MOST_ROWS, "leads_receipt.elsewhere")
    return render(
        asked, "leads/record.html", title=shown.title, shown=shown, record=found, around=found.around, call=call,
        reading=found.reading, as_of=as_of, receipt=bill, row=_row(shown), token=uuid4().hex,
        curve=figures.curve(shown.names, shown.page) if shown.page is not None else "", most=MOST_IN_PAGE, **line,
    )  # fmt: skip


@page(Permission.SEE_LEADS)
def receipt(asked: Asked, lead_id: int) -> HttpResponse:
    """The whole ledger of a lead, folded from its facts whatever it costs; for htmx without the page around it."""
    as_of = AsOf(asked)
    try:
        with database.reading() as connection:
            found = _record(asked, known_number(lead_id), connection, as_of, is_wanted=True)
    except TooLong:
        return _too_long(asked, lead_id)
    shown = Shown(asked, found)
    if found.lead_id != lead_id:
        return redirect(asked, reverse("leads_receipt", kwargs={"lead_id": found.lead_id}))
    curve = figures.curve(shown.names, shown.page) if shown.page is not None else ""
    elsewhere = "leads_receipt.elsewhere" if asked.is_htmx else "receipt.carried_note_live"
    template = "leads/receipt_part.html" if asked.is_htmx else "leads/receipt.html"
    most = MOST_ROWS if asked.is_htmx else MOST_WHOLE
    return render(
        asked, template, title=shown.title, shown=shown, record=found, as_of=as_of,
        receipt=shown.receipt(most, elsewhere), curve=curve, reading=found.reading,
    )  # fmt: skip


def _too_long(asked: Asked, lead_id: int) -> HttpResponse:
    return render(
        asked, "leads/too_long.html", 422, title=asked.say("leads_receipt.too_long"), lead_id=lead_id,
        most=records.MOST_ON_DEMAND,
    )  # fmt: skip


def _read(asked: Asked, lead_id: int, as_of: AsOf) -> tuple[Record, Shown, Call, dict[str, Any]]:
    with database.reading() as connection:
        found = _record(asked, lead_id, connection, as_of, is_wanted=False)
        shown = Shown(asked, found)
        number = number_of(
            connection, shown.person.telephone, found.around.said, is_known=found.around.is_known, now=asked.now
        )
        return found, shown, call_of(number), _timeline(asked, connection, found, shown, as_of)


def _record(asked: Asked, lead_id: int, connection: Any, as_of: AsOf, *, is_wanted: bool) -> Record:
    model = reading.acting(connection)
    found = records.read_record(
        connection, looker(connection), lead_id, model, now=asked.now, as_of=as_of.at, known_at=as_of.known_at,
        is_wanted=is_wanted,
    )  # fmt: skip
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
