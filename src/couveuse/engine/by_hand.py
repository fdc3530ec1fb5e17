"""What people of ours say of one lead by hand: facts, recorded once for each id, with who said it in the audit.

An id stands for one thing that was said of one lead: a form that is sent twice, or a program that tries again, says it
once. What is said is decided by whoever calls; the audit keeps digests, for it may be somebody's.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from psycopg import Connection

from couveuse.core.outcomes import Said
from couveuse.engine.recording import Whose, record, whose
from couveuse.errors import BadInput
from couveuse.store import audit


class BadWord(BadInput):
    """Something that was said will not do; `field` is what has to be corrected."""

    known_as = "gone_meanwhile"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class IdTaken(BadInput):
    """The id stands for something else already: choose another one."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """The lead that holds the facts, and whether this is new, as far as the engine has folded what came before."""

    lead_id: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody does to a lead: what the audit calls it, under which id, and the digest of all that it says."""

    did: str
    id: str
    said: str
    another: str = "something else"  # for what else its id may stand, as an error says it


def once(
    connection: Connection[Any], lead_id: int, deed: Deed, write: Callable[[Whose], None], *, by: str, now: int,
    about: Mapping[str, object] | None = None,
) -> ByHand | None:  # fmt: skip
    """Do something to a lead, in a transaction, if it was not done before; None where there is no such lead.

    Raises IdTaken where the id stands for something else, or for another lead. `about` holds numbers and words of ours
    for the audit.
    """
    key = digest_of(deed.id)
    with connection.transaction():
        lead = whose(connection, lead_id)
        if lead is None:
            return None
        audit.lock(connection)
        known = audit.about_key(connection, deed.did, key)
        if known is not None:
            before = whose(connection, int(known["lead"]))
            if known["said"] != deed.said or before is None or before.lead_id != lead.lead_id:
                raise IdTaken(f"{deed.id}: this id stands for {deed.another}; choose another one")
            return ByHand(lead.lead_id, is_new=False)
        write(lead)
        entry = {**(about or {}), "lead": lead.lead_id, "key": key, "said": deed.said}
        audit.record(connection, by=by, did=deed.did, about=entry, now=now)
        return ByHand(lead.lead_id, is_new=True)


def say(
    connection: Connection[Any], lead_id: int, said: Sequence[Said], *, did: str, id: str, by: str, now: int,
    about: Mapping[str, object] | None = None,
) -> ByHand | None:  # fmt: skip
    """Record facts of a lead once; as `once`."""

    def write(lead: Whose) -> None:
        record(connection, lead, said, prefix=f"by-hand-{lead.lead_id}-{digest_of(did, id)}", now=now)

    what = digest_of(*((each.event, sorted(each.properties.items()), sorted(each.traits.items())) for each in said))
    return once(connection, lead_id, Deed(did, id, what), write, by=by, now=now, about=about)


def digest_of(*parts: object) -> str:
    """By what something that was said is known, without saying it."""
    written = json.dumps(parts, ensure_ascii=False, default=str)
    return blake2b(written.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
