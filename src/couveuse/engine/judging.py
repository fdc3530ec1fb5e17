"""A verdict by hand on one hit: a person's, a machine's, or doubtful; a fact like any other, known once by its id."""

from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from couveuse.core.events import CHANGES, VERDICT_GIVEN, Verdict
from couveuse.core.outcomes import Said
from couveuse.engine.by_hand import BadWord, ByHand, Deed, IdTaken, digest_of, once
from couveuse.engine.recalling import Recaller
from couveuse.engine.recording import Whose, record
from couveuse.store import identities
from couveuse.store.facts import Span

__all__ = ["DID", "MOST_OF_INSTANT", "MOST_REASON", "BadVerdict", "Hit", "IdTaken", "judge"]

DID: Final = "judged a hit"
MOST_REASON: Final = 500
# So many facts of one instant are looked through for the one that is meant.
MOST_OF_INSTANT: Final = 10_000
_BEFORE_ALL: Final = (-1, "", "")


class BadVerdict(BadWord):
    """A hit, or a reason, that will not do; `field` is what has to be corrected."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Which hit is meant: its instant, its source and its `message_id`."""

    at: int
    source: str
    message_id: str


def judge(
    connection: Connection[Any], recaller: Recaller, lead_id: int, hit: Hit, verdict: Verdict, *,
    reason: str, id: str, by: str, now: int,
) -> ByHand | None:  # fmt: skip
    """Record what a person thinks of one hit of a lead; None where there is no such lead. An id counts once.

    The last verdict on a hit wins, and corrects scores, statistics and alerts backwards. Raises BadVerdict where the
    lead has no such hit, and IdTaken where the id stands for another verdict.
    """
    reason = reason.strip()
    if len(reason) > MOST_REASON or "\x00" in reason:
        raise BadVerdict("reason", f"say why in {MOST_REASON} characters at most")
    properties = {"of": hit.message_id, "verdict": str(verdict)}
    properties |= {"of_source": hit.source} if hit.source else {}
    properties |= {"reason": reason} if reason else {}

    def write(lead: Whose) -> None:
        _find(connection, recaller, lead.lead_id, hit)
        record(connection, lead, [Said(VERDICT_GIVEN, now, properties, {})], prefix=f"by-hand-{id}", now=now)

    said = digest_of(lead_id, hit.at, hit.source, hit.message_id, verdict, reason)
    return once(connection, lead_id, Deed(DID, id, said, "another verdict"), write, by=by, now=now)


def _find(connection: Connection[Any], recaller: Recaller, lead_id: int, hit: Hit) -> None:
    """Raises BadVerdict where the lead has no such hit, or it is none: what changes a lead is said anew instead."""
    keys = identities.identities_of_leads(connection, [lead_id])
    span, before = Span(list(keys), until=hit.at), (hit.at, *_BEFORE_ALL)
    found, _ = recaller.page(connection, span, before, most=MOST_OF_INSTANT, newest_first=False)
    facts = [each.fact for each in found if (each.fact.source, each.fact.message_id) == (hit.source, hit.message_id)]
    if not facts:
        raise BadVerdict("of", "this lead has no such fact; take it from the lead's facts, with its source and instant")
    if CHANGES.get(facts[0].event):
        raise BadVerdict("of", f"{facts[0].event}: only what somebody did can be a machine's; say this anew")
