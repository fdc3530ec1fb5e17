"""Points by hand: given, taken, or set, with a reason, as a fact like any other; known once for ever by its id."""

import json
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from psycopg import Connection

from couveuse.core.events import Adjustment
from couveuse.core.outcomes import Said
from couveuse.engine.recording import record, whose
from couveuse.errors import BadInput
from couveuse.store import audit

SCORE_ADJUSTED: Final = "Score Adjusted"
DID: Final = "adjusted a score"
# So many points at most may be given at once, and so long a reason may be.
MOST_POINTS: Final = 1e6
MOST_REASON: Final = 500


class BadAdjustment(BadInput):
    """Points, or a reason, that will not do; `field` is what has to be corrected."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class IdTaken(BadInput):
    """The id stands for another adjustment already."""


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The lead that holds the facts, and whether this is new, as far as the engine has folded what came before."""

    lead_id: int
    is_new: bool


def adjust(
    connection: Connection[Any], lead_id: int, kind: Adjustment, points: float | None, *,
    reason: str, id: str, by: str, now: int,
) -> Adjusted | None:  # fmt: skip
    """Record points by hand; None where there is no such lead. An id counts once, folded or not.

    Raises BadAdjustment, and IdTaken where the id stands for other points or for another lead.
    """
    reason = reason.strip()
    _check(kind, points, reason)
    # What an id, or a reason, says may be somebody's: the audit keeps digests.
    key, said_before = _digest(id), _digest(kind, points, reason)
    with connection.transaction():
        lead = whose(connection, lead_id)
        if lead is None:
            return None
        audit.lock(connection)
        known = audit.about_key(connection, DID, key)
        if known is not None:
            before = whose(connection, int(known["lead"]))
            if known["said"] != said_before or before is None or before.lead_id != lead.lead_id:
                raise IdTaken(f"{id}: this id stands for another adjustment; choose another one")
            return Adjusted(lead.lead_id, is_new=False)
        properties = {"kind": str(kind), "reason": reason} | ({} if points is None else {"points": points})
        record(connection, lead, [Said(SCORE_ADJUSTED, now, properties, {})], prefix=f"by-hand-{id}", now=now)
        about = {"lead": lead.lead_id, "key": key, "said": said_before}
        audit.record(connection, by=by, did=DID, about=about, now=now)
        return Adjusted(lead.lead_id, is_new=True)


def _check(kind: Adjustment, points: float | None, reason: str) -> None:
    if kind is Adjustment.RESET:
        if points is not None:
            raise BadAdjustment("points", "a reset has no points: leave them out")
    elif points is None or not -MOST_POINTS <= points <= MOST_POINTS:
        raise BadAdjustment("points", f"give a number from -{MOST_POINTS:,.0f} to {MOST_POINTS:,.0f}")
    if not reason or len(reason) > MOST_REASON or "\x00" in reason:
        raise BadAdjustment("reason", f"say why, in 1 to {MOST_REASON} characters")


def _digest(*parts: object) -> str:
    written = json.dumps(parts, ensure_ascii=False)
    return blake2b(written.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
