"""A person erased from their page, by an owner who types whom: everywhere, at once, and never to be taken back."""

from typing import Final

from django.http import Http404, HttpResponse
from django.urls import reverse

from couveuse import configuration
from couveuse.core.text import plain
from couveuse.engine import archiving
from couveuse.engine.erasing import Eraser
from couveuse.errors import BadInput
from couveuse.store import backups, cards, private
from couveuse.web import database
from couveuse.web.areas.leads.deeds import form, posted
from couveuse.web.areas.leads.record import known_number
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect, render

MOST_TOLD: Final = 20


@page(Permission.ERASE_LEADS, methods=("GET", "POST"))
def erase(asked: Asked, lead_id: int) -> HttpResponse:
    """Erase a person: the key that makes the lead has to be typed, as it stands on the page."""
    if asked.request.method != "POST":
        return form(asked, "leads/erase.html", lead_id)
    with database.reading() as connection:
        survivor = cards.survivor(connection, known_number(lead_id))
        if survivor is None:
            raise Http404
        card = cards.load_cards(connection, [survivor])[survivor]
    typed = posted(asked, "typed", 1_000)
    if plain(typed.strip()) != plain(card.key.strip()):
        errors = {"typed": asked.say("leads_erase.bad_typed")}
        return form(asked, "leads/erase.html", lead_id, status=422, errors=errors)
    settings = configuration.read()
    eraser = Eraser(private.url(settings), backups.folder_of(settings), archiving.taker(settings))
    try:
        done = eraser.erase(str(survivor), by=asked.who.by, now=asked.now)
    except BadInput:
        errors = {"typed": asked.say("leads_erase.ambiguous")}
        return form(asked, "leads/erase.html", lead_id, status=409, errors=errors)
    if not done.told:
        return redirect(asked, reverse("leads"), "leads_erase.done")
    return render(asked, "leads/erased.html", title=asked.say("leads_erase.erased"), told=done.told[:MOST_TOLD])
