"""Consents and suppressions: appended as they are said, read lead by lead. What follows is the core's to say."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

from psycopg import Connection

from couveuse.core.consent import (
    Basis,
    Channel,
    Purpose,
    Said,
    Standing,
    Suppressed,
    Suppression,
    is_suppressed,
    standings,
)
from couveuse.store import arrays, binary
from couveuse.store.identities import EMAIL
from couveuse.store.packets import identity_digest
from couveuse.store.statements import statement

_APPEND = statement("consents", "append")
_APPEND_SUPPRESSIONS = statement("consents", "append_suppressions")
_OF_LEADS = statement("consents", "of_leads")
_KNOWN = statement("consents", "known_leads")
_SUPPRESSIONS = statement("consents", "suppressions")
_REACH = statement("consents", "reach")
# A uuid's bytes are its digest's.
_TYPES = ("int8", "bytea", "text", "bool", "int8", "int8", "bool", "bool", "text", "text", "text", "bytea", "int4")
_SUPPRESSION_TYPES = ("bytea", "text", "text", "int8", "text", "bool", "bytea")
# A proof that is longer than this stays in its fact alone.
MOST_PROOF = 10_000


class ConsentRow(NamedTuple):
    """One thing that was said of one purpose, and of whose identity; `digest` is the fact's."""

    identity_id: int
    digest: bytes
    said: Said
    received_at: int
    proof: str | None = None  # JSON (`proof_text`)
    import_id: int | None = None


class SuppressionRow(NamedTuple):
    """An address to leave alone, who said so, and by which fact."""

    suppressed: Suppressed
    source: str
    fact: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """How many leads may be written to, and for the others the first reason why not."""

    leads: int
    new: int
    allowed: int
    no_address: int
    suppressed: int
    withdrawn: int
    not_given: int


def append_consents(connection: Connection[Any], rows: Iterable[ConsentRow]) -> None:
    """Write what was said."""
    with connection.cursor() as cursor, cursor.copy(_APPEND) as copy:
        copy.set_types(_TYPES)
        for row in rows:
            said = row.said
            copy.write_row((
                row.identity_id, row.digest, clean(said.purpose), said.is_given, said.at, row.received_at,
                said.is_claim, said.is_declared, clean(said.basis) or None, clean(said.source) or None,
                clean(said.wording) or None, binary.jsonb(row.proof), row.import_id,
            ))  # fmt: skip


def append_suppressions(connection: Connection[Any], rows: Iterable[SuppressionRow]) -> None:
    """Write addresses that are to be left alone, as digests that outlive them."""
    with connection.cursor() as cursor, cursor.copy(_APPEND_SUPPRESSIONS) as copy:
        copy.set_types(_SUPPRESSION_TYPES)
        for row in rows:
            it = row.suppressed
            digest = address_digest(it.channel, it.address)
            written = (it.channel.value, it.reason.value, it.at, clean(row.source), it.is_lifted, row.fact)
            copy.write_row((digest, *written))


def address_digest(channel: Channel, address: str) -> bytes:
    """By what a suppressed address is known; an e-mail by its identity's digest, so that one query finds both."""
    if channel is Channel.EMAIL:
        return identity_digest(EMAIL, address)
    return blake2b(f"{channel.value}\x00{address}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def clean(text: str) -> str:
    """A text as PostgreSQL holds it: without NUL, and in whole characters."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def proof_text(proof: object) -> str | None:
    """A proof as it is stored beside its consent; what PostgreSQL's JSON does not hold stays in the fact alone."""
    if proof is None:
        return None
    try:
        text = json.dumps(proof, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return None
    return None if len(text) > MOST_PROOF or "\\u0000" in text or clean(text) != text else text


def load_said(connection: Connection[Any], lead_ids: Collection[int]) -> dict[int, list[Said]]:
    """All that was said of the consents of leads; who is not in the answer is one of whom nothing was."""
    found: dict[int, list[Said]] = defaultdict(list)
    for lead_id, root, purpose, is_given, at, basis, source, wording, is_claim, is_declared in connection.execute(
        _OF_LEADS, [list(lead_ids)]
    ).fetchall():
        said = Said(purpose, is_given, at, basis or "", source or "", wording or "", is_claim, is_declared, root)
        found[lead_id].append(said)
    return found


def load_standings(
    connection: Connection[Any], lead_ids: Sequence[int], *, at: int | None = None
) -> dict[int, Mapping[str, Standing]]:
    """What holds for each lead and purpose, as of an instant (None: all that was said)."""
    said = load_said(connection, lead_ids)
    known = {lead_id for (lead_id,) in connection.execute(_KNOWN, [list(said)]).fetchall()} if said else set()
    return {
        lead_id: standings(said[lead_id], is_known=lead_id in known, at=at) if lead_id in said else {}
        for lead_id in lead_ids
    }


def load_suppressions(
    connection: Connection[Any], channel: Channel, addresses: Collection[str]
) -> dict[str, list[Suppressed]]:
    """All that was said of leaving these addresses alone, by address."""
    by_digest = {address_digest(channel, address): address for address in addresses}
    found: dict[str, list[Suppressed]] = defaultdict(list)
    wanted = [arrays.uuids(by_digest), channel.value]
    for digest, reason, said_at, is_lifted in connection.execute(_SUPPRESSIONS, wanted).fetchall():
        address = by_digest[digest.bytes]
        found[address].append(Suppressed(channel, address, Suppression(reason), said_at, is_lifted))
    return found


def suppressed_among(
    connection: Connection[Any], channel: Channel, addresses: Collection[str], *, at: int | None = None
) -> set[str]:
    """Of these addresses those that are to be left alone on a channel, as of an instant (None: now)."""
    found = load_suppressions(connection, channel, addresses)
    return {address for address, rows in found.items() if is_suppressed(rows, at=at)}


def reach_of_import(connection: Connection[Any], import_id: int, *, purpose: Purpose, since: int) -> Reach:
    """How many of the leads that an import speaks of may be written to, and why not the others.

    Those made since an instant are new.
    """
    wanted = {"import": import_id, "purpose": purpose.value, "bases": [basis.value for basis in Basis], "since": since}
    row = connection.execute(_REACH, wanted).fetchone()
    assert row is not None  # an aggregate always answers
    return Reach(*row)
