"""Consents and suppressions, as facts say them: written beside the facts, in the same transaction."""

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import Connection

from couveuse.core.consent import EMAIL_BOUNCED, EMAIL_COMPLAINED, SAYS, said_by, suppression_by
from couveuse.engine.arrivals import Arrived
from couveuse.engine.resolving import Resolved
from couveuse.store import consents
from couveuse.store.consents import ConsentRow, SuppressionRow, proof_text
from couveuse.store.identities import EMAIL, load_identities
from couveuse.store.packets import Flag

_SUPPRESS = frozenset((EMAIL_COMPLAINED, EMAIL_BOUNCED))


def store_consents(
    connection: Connection[Any], arrived: Sequence[Arrived], resolved: Resolved, import_id: int | None
) -> None:
    """Write what new facts say of consents, and which addresses they ask to leave alone. Most batches say nothing."""
    saying = [each for each in arrived if each.fact.event in SAYS]
    if saying:
        rows = [row for each in saying for row in _rows(each, resolved, import_id)]
        consents.append_consents(connection, rows)
    # What a public key says of a mail service is worth nothing: it may withdraw a consent, and suppress no address.
    asking = [each for each in arrived if each.fact.event in _SUPPRESS and not each.accepted.flags & Flag.CLAIM]
    if asking:
        consents.append_suppressions(connection, _suppressions(connection, asking, resolved))


def _rows(each: "Arrived", resolved: Resolved, import_id: int | None) -> Iterable[ConsentRow]:
    said = said_by(each.fact, is_claim=bool(each.accepted.flags & Flag.CLAIM))
    if said is not None:
        proof = proof_text(each.fact.properties.get("proof"))
        identity = resolved.nearest(each.keyed)
        yield ConsentRow(identity.id, each.accepted.digest, said, each.accepted.received_at, proof, import_id)


def _suppressions(connection: Connection[Any], asking: Sequence[Arrived], resolved: Resolved) -> list[SuppressionRow]:
    """The addresses: those that were written to, else the e-mail of the person."""
    nearest = [resolved.nearest(each.keyed) for each in asking]
    owners = {each.owner_id for each in nearest if each.owner_id is not None and each.sort != EMAIL}
    known = load_identities(connection, owners) if owners else {}
    rows = []
    for each, identity in zip(asking, nearest, strict=True):
        owner = known.get(identity.owner_id) if identity.owner_id is not None else None
        person = identity if owner is None else owner
        row = suppression_by(each.fact, person.key if person.sort == EMAIL else None)
        if row is not None:
            rows.append(SuppressionRow(row, each.fact.source, each.accepted.digest))
    return rows
