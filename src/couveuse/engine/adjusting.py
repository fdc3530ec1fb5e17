"""Points by hand: given, taken, or set, with a reason, as a fact like any other; known once for ever by its id."""

from typing import Any, Final

from psycopg import Connection

from couveuse.core.events import Adjustment
from couveuse.core.outcomes import Said
from couveuse.engine.by_hand import BadWord, ByHand, Deed, IdTaken, digest_of, once
from couveuse.engine.recording import Whose, record

__all__ = ["DID", "MOST_POINTS", "MOST_REASON", "SCORE_ADJUSTED", "BadAdjustment", "IdTaken", "adjust"]

SCORE_ADJUSTED: Final = "Score Adjusted"
DID: Final = "adjusted a score"
# So many points at most may be given at once, and so long a reason may be.
MOST_POINTS: Final = 1e6
MOST_REASON: Final = 500


class BadAdjustment(BadWord):
    """Points, or a reason, that will not do; `field` is what has to be corrected."""


def adjust(
    connection: Connection[Any], lead_id: int, kind: Adjustment, points: float | None, *,
    reason: str, id: str, by: str, now: int,
) -> ByHand | None:  # fmt: skip
    """Record points by hand; None where there is no such lead. An id counts once, folded or not.

    Raises BadAdjustment, and IdTaken where the id stands for other points or for another lead.
    """
    reason = reason.strip()
    _check(kind, points, reason)
    properties = {"kind": str(kind), "reason": reason} | ({} if points is None else {"points": points})

    def write(lead: Whose) -> None:
        record(connection, lead, [Said(SCORE_ADJUSTED, now, properties, {})], prefix=f"by-hand-{id}", now=now)

    deed = Deed(DID, id, digest_of(kind, points, reason), "another adjustment")
    return once(connection, lead_id, deed, write, by=by, now=now)


def _check(kind: Adjustment, points: float | None, reason: str) -> None:
    if kind is Adjustment.RESET:
        if points is not None:
            raise BadAdjustment("points", "a reset has no points: leave them out")
    elif points is None or not -MOST_POINTS <= points <= MOST_POINTS:
        raise BadAdjustment("points", f"give a number from -{MOST_POINTS:,.0f} to {MOST_POINTS:,.0f}")
    if not reason or len(reason) > MOST_REASON or "\x00" in reason:
        raise BadAdjustment("reason", f"say why, in 1 to {MOST_REASON} characters")
