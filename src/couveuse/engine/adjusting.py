"""Points by hand: given, taken, or set, with a reason, as a fact like any other; known once by its id."""

from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from couveuse.core.events import Adjustment
from couveuse.core.outcomes import Said
from couveuse.engine.recording import SOURCE, lock_lead, record, whose
from couveuse.errors import BadInput
from couveuse.store import audit, events
from couveuse.store.packets import digest_of

SCORE_ADJUSTED: Final = "Score Adjusted"
# So many points at most may be given at once, and so long a reason may be.
MOST_POINTS: Final = 1e6
MOST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The lead that holds the facts, and whether this is new, as far as the engine has folded what came before."""

    lead_id: int
    is_new: bool


def adjust(
    connection: Connection[Any], lead_id: int, kind: Adjustment, points: float, *,
    reason: str, id: str, by: str, now: int,
) -> Adjusted | None:  # fmt: skip
    """Record points by hand; None where there is no such lead. The same id for the same lead counts once.

    Raises BadInput for points, a reason or an id that will not do.
    """
    if kind is not Adjustment.RESET and not -MOST_POINTS <= points <= MOST_POINTS:
        raise BadInput(f"points: give a number from -{MOST_POINTS:,.0f} to {MOST_POINTS:,.0f}")
    if not reason.strip() or len(reason) > MOST_REASON:
        raise BadInput(f"reason: say why, in 1 to {MOST_REASON} characters")
    with connection.transaction():
        lead = whose(connection, lead_id)
        if lead is None:
            return None
        lock_lead(connection, lead.lead_id)
        said = Said(SCORE_ADJUSTED, now, {"kind": str(kind), "points": points, "reason": reason.strip(), "by": by}, {})
        prefix = f"by-hand-{lead.lead_id}-{id}"
        if events.known_among(connection, [digest_of(SOURCE, f"{prefix}-{said.name}")]):
            return Adjusted(lead.lead_id, is_new=False)
        record(connection, lead, [said], prefix=prefix, now=now)
        about = {"lead": lead.lead_id, "kind": str(kind)}
        audit.record(connection, by=by, did="adjusted a score", about=about, now=now)
        return Adjusted(lead.lead_id, is_new=True)
