"""`couveuse link LEAD`: the address of a lead's page, for someone without an account."""

from typing import Any

from psycopg import Connection

from couveuse import configuration
from couveuse.cli import note
from couveuse.core.text import email as email_of
from couveuse.core.times import DAY_US, iso
from couveuse.engine.clocks import now_us
from couveuse.engine.links import PATH, Link, Links
from couveuse.errors import BadInput
from couveuse.store import cards, connections, identities, private, secrets
from couveuse.store.identities import EMAIL, USER_ID


def link(lead: str, days: int, language: str | None) -> None:
    """Print the address; raises BadInput where no lead is meant, or two are."""
    settings = configuration.read()
    with connections.connect(private.url(settings), "link") as connection:
        found = {each.lead_id for each in _named(connection, lead) if each.lead_id is not None}
        if lead.isascii() and lead.isdigit() and len(lead) < 19:
            survivor = cards.survivor(connection, int(lead))
            found |= {survivor} if survivor is not None else set()
    if not found:
        raise BadInput(f"{lead}: no such lead; name it by its e-mail, its user id or its number")
    if len(found) > 1:
        raise BadInput(f"{lead}: one lead has this user id and another one this number; name it by its e-mail")
    now = now_us()
    signed = Link(found.pop(), now + days * DAY_US, language)
    note(f"Whoever has this link may read the lead's page until {iso(signed.expires_at // 10**6 * 10**6)}.")
    print(settings.url + PATH + Links(secrets.secret_key(settings)).sign(signed))


def _named(connection: Connection[Any], lead: str) -> list[identities.Identity]:
    nodes = [(EMAIL, email_of(lead)), (USER_ID, lead.strip())]
    return list(identities.find_identities(connection, nodes).values())
