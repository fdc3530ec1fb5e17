"""Leads that may be one person: who is known by a word, who stood beside somebody's keys, what two make as one.

Nothing is merged here, and nothing by itself: two e-mails are two leads until a person says otherwise.
"""

from collections.abc import Mapping
from typing import Any, Final

from psycopg import Connection

from couveuse.core.reading import Reading
from couveuse.core.text import email as email_of
from couveuse.engine.live import LiveModel
from couveuse.engine.looking import Look, look_at
from couveuse.store import cards, identities
from couveuse.store.identities import DEVICE, EMAIL, USER_ID
from couveuse.store.leads import Who
from couveuse.store.statements import statement

_NEAR = statement("records", "near")
MOST_NEAR: Final = 10


def named(connection: Connection[Any], word: str) -> set[int]:
    """The leads that an e-mail, a user id, a device or a lead's number means."""
    word = word.strip()
    if not word or "\x00" in word:
        return set()
    nodes = [(EMAIL, email_of(word)), (USER_ID, word), (DEVICE, word)]
    found = {each.lead_id for each in identities.find_identities(connection, nodes).values()}
    if word.isascii() and word.isdigit() and len(word) < 19:
        found.add(cards.survivor(connection, int(word)))
    return {each for each in found if each is not None}


def near(connection: Connection[Any], lead_id: int) -> Mapping[int, list[str]]:
    """Other leads whose keys stood in one row with this one's, each with those keys of its own."""
    rows = connection.execute(_NEAR, {"lead": lead_id, "most": MOST_NEAR}).fetchall()
    return {number: list(keys) for number, keys in rows}


def together(one: Look, other: Look, model: LiveModel, *, now: int) -> Reading:
    """What two leads' facts say as one lead's, the first one's, which stays."""
    stored = sorted([*one.stored, *other.stored], key=lambda each: each.fact.key)
    who = Who(
        one.lead_id, one.who.email, one.who.is_known or other.who.is_known, is_empty=False,
        given=(*one.who.given, *other.who.given),
    )  # fmt: skip
    return look_at(one.lead_id, who, model.plan, stored, at=None, now=now).reading
