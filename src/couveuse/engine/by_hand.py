"""What people of ours say of one lead by hand: facts, recorded once for each id, with who said it in the audit.

An id stands for one thing that was said of one lead: a form that is sent twice, or a program that tries again, says it
once. What is said is decided by whoever calls; the audit keeps digests, for it may be somebody's.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from psycopg import Connection

from couveuse.core.outcomes import Said
from couveuse.engine.adjusting import IdTaken
from couveuse.engine.recording import record, whose
from couveuse.errors import BadInput
from couveuse.store import audit

__all__ = ["BadWord", "ByHand", "IdTaken", "digest_of", "say"]


class BadWord(BadInput):
    """Something that was said will not do; `field` is what has to be corrected."""

    known_as = "gone_meanwhile"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True, slots=True)
class ByHand:
    """The lead that holds the facts, and whether anything new was said."""

    lead_id: int
    is_new: bool


def say(
    connection: Connection[Any], lead_id: int, said: Sequence[Said], *, did: str, id: str, by: str, now: int,
    about: Mapping[str, object] | None = None,
) -> ByHand | None:  # fmt: skip
    """Record facts of a lead, in a transaction; None where there is no such lead.

    Raises IdTaken where the id stands for something else. `about` holds numbers and words of ours for the audit.
    """
    key = digest_of(id)
    what = digest_of(*((each.event, sorted(each.properties.items()), sorted(each.traits.items())) for each in said))
    with connection.transaction():
        lead = whose(connection, lead_id)
        if lead is None:
            return None
        audit.lock(connection)
        known = audit.about_key(connection, did, key)
        if known is not None:
            before = whose(connection, int(known["lead"]))
            if known["said"] != what or before is None or before.lead_id != lead.lead_id:
                raise IdTaken(f"{id}: this id stands for something else; choose another one")
            return ByHand(lead.lead_id, is_new=False)
        record(connection, lead, said, prefix=f"by-hand-{lead.lead_id}-{digest_of(did, id)}", now=now)
        entry = {**(about or {}), "lead": lead.lead_id, "key": key, "said": what}
        audit.record(connection, by=by, did=did, about=entry, now=now)
        return ByHand(lead.lead_id, is_new=True)


def digest_of(*parts: object) -> str:
    """By what something that was said is known, without saying it."""
    written = json.dumps(parts, ensure_ascii=False, default=str)
    return blake2b(written.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
