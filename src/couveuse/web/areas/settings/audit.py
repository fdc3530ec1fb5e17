"""The journal of what was done by hand: who, what, about which lead, when."""

from typing import Final
from urllib.parse import urlencode

from django.http import HttpResponse

from couveuse.store import audit
from couveuse.web import database
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import render

PLACE: Final = "/settings/audit"
PAGE: Final = 50
# Which values are instants, and which are words of ours: the table that they stand in.
INSTANTS: Final = ("until", "backup_at")
VALUES: Final = {"role": "role", "from": "role", "to": "role", "act": "settings_act"}


@page(Permission.SEE_AUDIT)
def show(asked: Asked) -> HttpResponse:
    """A page of it, the newest first."""
    given = asked.request.GET
    by, did = given.get("by", "")[:300], given.get("did", "")[:300]
    lead, before = number(given.get("lead", "")), number(given.get("before", ""))
    with database.reading() as connection:
        found = audit.page(
            connection, by=by or None, did=did or None, lead=lead, before=2**63 - 1 if before is None else before,
            most=PAGE + 1,
        )  # fmt: skip
        whose, deeds = audit.whose(connection), audit.deeds(connection)
    shown = found[:PAGE]
    chosen = {name: value for name, value in (("by", by), ("did", did), ("lead", lead)) if value}
    following = f"{PLACE}?{urlencode({**chosen, 'before': shown[-1].id})}" if len(found) > PAGE else ""
    return render(
        asked, "settings/audit_rows.html" if asked.is_htmx and before is not None else "settings/audit.html",
        title=asked.say("settings_nav.audit"), entries=shown, whose=whose, deeds=deeds, by=by, did=did,
        lead="" if lead is None else lead, following=following, deed=lambda did: deed(asked, did),
        about=lambda entry: about(asked, entry.about),
    )  # fmt: skip


def number(text: str) -> int | None:
    """A number of ours that stands in an address; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def deed(asked: Asked, did: str) -> str:
    """What was done, in words; what no table names is told as it stands."""
    slug = "".join(c if c.isalnum() else "_" for c in did)
    found = asked.words.known("settings_did", slug)
    return did if found == slug else found


def about(asked: Asked, told: object) -> list[tuple[str, str]]:
    """What it was about, by name; digests, and what holds nothing, say nothing to anybody."""
    pairs = told.items() if isinstance(told, dict) else ()
    return [
        (name, _value(asked, name, value))
        for name, value in pairs
        if name not in ("key", "said", "lead") and value not in (None, "", [])
    ]


def _value(asked: Asked, name: str, value: object) -> str:
    """A value as people read it: yes or no, an instant, a word of ours in both languages, else as it stands."""
    if isinstance(value, bool):
        return asked.say("settings_audit.yes" if value else "settings_audit.no")
    if name in INSTANTS and isinstance(value, int):
        return asked.formats.instant(value)
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return asked.words.known(VALUES.get(name, ""), str(value))
