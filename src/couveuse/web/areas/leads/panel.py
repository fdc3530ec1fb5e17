"""The side panel of a lead in the list: who it is, what to do, and why it has its score, before its page is opened."""

from typing import Final

from django.http import Http404, HttpResponse
from django.urls import reverse

from couveuse.engine import records
from couveuse.engine.calling import number_of
from couveuse.engine.records import TooLong
from couveuse.web import database, reading
from couveuse.web.areas.leads.record import known_number
from couveuse.web.areas.leads.showing import Shown, call_of
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.reading import looker
from couveuse.web.rendering import redirect, render

# So many lines of the receipt say why.
MOST_LINES: Final = 5


@page(Permission.SEE_LEADS)
def panel(asked: Asked, lead_id: int) -> HttpResponse:
    """A lead in short, as a part of the list; whoever asks for it as a page is led to the lead's own."""
    if not asked.is_htmx:
        return redirect(asked, reverse("lead", kwargs={"lead_id": known_number(lead_id)}))
    with database.reading() as connection:
        model = reading.acting(connection)
        try:
            found = records.read_record(connection, looker(connection), known_number(lead_id), model, now=asked.now)
        except TooLong:  # its page says what can be done
            found = None
        if found is None:
            raise Http404
        shown = Shown(asked, found)
        number = number_of(
            connection, shown.person.telephone, found.around.said, is_known=found.around.is_known, now=asked.now
        )
    return render(
        asked, "leads/panel.html", shown=shown, record=found, around=found.around, reading=found.reading,
        call=call_of(number), receipt=shown.receipt(MOST_LINES, "leads_receipt.elsewhere"),
        row=None if shown.page is None else shown.page.row,
    )  # fmt: skip
