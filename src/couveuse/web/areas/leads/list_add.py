"""A lead added by hand: what is known of it, and on what basis it may be written to."""

import re
from typing import Any, Final
from uuid import uuid4

from django.http import HttpResponse
from django.urls import reverse

from couveuse.core.consent import Basis, Purpose
from couveuse.engine.by_hand import BadWord
from couveuse.engine.editing import FIELDS, MOST_TRAIT, NO_BASIS, Consent, IsThere, add_lead
from couveuse.store import listing
from couveuse.web import database
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect, render

ASKED: Final = ("first_name", "last_name", "company", "job_title", "telephone", "lead_source", "city", "country")
MOST_ID: Final = 100
_DIGEST: Final = re.compile("[0-9a-f]{32}")
PURPOSES: Final = (Purpose.MARKETING_EMAIL, Purpose.PHONE)


@page(Permission.EDIT_LEADS, methods=("GET", "POST"))
def add(asked: Asked) -> HttpResponse:
    """A form for a new lead; POST adds it."""
    if asked.request.method == "GET":
        return _form(asked, {}, {})
    given = asked.request.POST
    fields = {name: given.get(name, "")[: MOST_TRAIT + 1] for name in ASKED}
    basis, purposes = given.get("basis", ""), tuple(each for each in PURPOSES if each.value in given.getlist("purpose"))
    consent = Consent(basis, purposes, given.get("consent_source", "")[: MOST_TRAIT + 1]) if basis else None
    try:
        with database.writing() as connection:
            added = add_lead(
                connection, fields, email=given.get("email", "")[: MOST_TRAIT + 1], user_id="", consent=consent,
                id=given.get("id", "")[:MOST_ID] or uuid4().hex, by=asked.who.by, now=asked.now,
            )  # fmt: skip
    except BadWord as error:
        return _form(asked, given.dict(), {error.field: asked.words.known("leads_add_wrong", error.field)})
    except IsThere as error:
        return redirect(asked, reverse("lead", kwargs={"lead_id": error.lead_id}), "leads_add.is_there")
    return redirect(asked, reverse("leads_added", kwargs={"digest": added.digest}))


def _form(asked: Asked, given: dict[str, Any], errors: dict[str, str]) -> HttpResponse:
    bases = [("", asked.say("leads_add.choose")), *((each, asked.say(f"leads_add.basis_{each}")) for each in _bases())]
    purposes = asked.request.POST.getlist("purpose") if given else [each.value for each in PURPOSES]
    return render(
        asked, "leads/add.html", 422 if errors else 200, title=asked.say("leads_add.title"), given=given, errors=errors,
        fields=[FIELDS[name] for name in ASKED], bases=bases,
        purposes=[(each.value, each.value in purposes) for each in PURPOSES], token=given.get("id") or uuid4().hex,
        most=MOST_TRAIT,
    )  # fmt: skip


def _bases() -> list[str]:
    return [Basis.CONSENT.value, Basis.LEGITIMATE_INTEREST.value, Basis.CONTRACT.value, NO_BASIS]


@page(Permission.EDIT_LEADS)
def added(asked: Asked, digest: str) -> HttpResponse:
    """Where the lead that was added is, once the engine has taken it in; until then the page asks again."""
    with database.reading() as connection:
        lead_id = listing.lead_of(connection, bytes.fromhex(digest)) if _DIGEST.fullmatch(digest) else None
    if lead_id is not None:
        address = reverse("lead", kwargs={"lead_id": lead_id})
        if asked.is_htmx:
            return HttpResponse(status=204, headers={"HX-Redirect": str(address)})
        return redirect(asked, address, "leads_add.done")
    if asked.is_htmx:
        return HttpResponse(status=204)
    response = render(asked, "leads/added.html", title=asked.say("leads_add.waiting"), digest=digest)
    response["Refresh"] = "2"  # without JavaScript
    return response
