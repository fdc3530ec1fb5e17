"""Events: written once by COPY, told from their copies by digest, read again lead by lead."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from couveuse.core.events import Fact
from couveuse.store import arrays
from couveuse.store.packets import Flag
from couveuse.store.payloads import Compressor
from couveuse.store.registers import Register
from couveuse.store.statements import statement

_NEW = statement("events", "new_among")
_KNOWN = statement("events", "known_among")
_FORGET = statement("events", "forget")
_COPY = statement("events", "copy")
_OF_LEADS = statement("events", "of_leads")
_COUNT = statement("events", "count_of_leads")
_TYPES = ("int8", "int8", "int8", "int4", "int4", "int2", "int4", "bytea")

EventRow = tuple[int, int, int, int, int, int, int | None, bytes]
"""Identity, at, received at, name, source, flags, import, payload."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored fact, and how it came: when, by which identity, with which flags and further keys."""

    fact: Fact
    received_at: int
    flags: int
    identity_id: int
    user_id: str | None
    anonymous_id: str | None

    @property
    def is_claim(self) -> bool:
        """Whether a public key sent it."""
        return bool(self.flags & Flag.CLAIM)


def new_among(connection: Connection[Any], digests: Iterable[bytes]) -> set[bytes]:
    """Of these digests those that were never accepted before; from now on they were."""
    ordered = sorted(digests)
    return {
        ordered[place - 1] for (place,) in connection.execute(_NEW, [arrays.uuids(ordered)], binary=True).fetchall()
    }


def known_among(connection: Connection[Any], digests: Iterable[bytes]) -> int:
    """How many of these digests were accepted before; nothing is written."""
    row = connection.execute(_KNOWN, [arrays.uuids(digests)]).fetchone()
    assert row is not None  # an aggregate always answers
    return int(row[0])


def forget(connection: Connection[Any], digests: Iterable[bytes]) -> None:
    """Facts that are taken back may come again."""
    connection.execute(_FORGET, [arrays.uuids(sorted(digests))])


def append_events(connection: Connection[Any], rows: Iterable[EventRow]) -> None:
    """Write facts, once."""
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for row in rows:
            copy.write_row(row)


class TooManyFacts(Exception):
    """There are more facts than were asked for."""


def load_facts(
    connection: Connection[Any],
    lead_ids: Sequence[int],
    *,
    names: Register,
    sources: Register,
    payloads: Compressor,
    most: int | None = None,
) -> dict[int, list[Stored]]:
    """The facts of leads, each lead's in canonical order; a lead without facts has an empty list.

    Raises TooManyFacts where there are more than `most` altogether.
    """
    found: dict[int, list[Stored]] = defaultdict(list)
    limit = None if most is None else most + 1
    rows = connection.execute(_OF_LEADS, [arrays.numbers(lead_ids), limit], binary=True).fetchall()
    if most is not None and len(rows) > most:
        raise TooManyFacts
    facts = read_rows(connection, [row[1:] for row in rows], names=names, sources=sources, payloads=payloads)
    for (lead_id, *_), stored in zip(rows, facts, strict=True):
        found[lead_id].append(stored)
    for facts in found.values():
        facts.sort(key=_key)
    return {lead_id: found.get(lead_id, []) for lead_id in lead_ids}


def count_facts(connection: Connection[Any], lead_ids: Collection[int], *, most: int) -> dict[int, int]:
    """How many facts leads have; of one that has more than `most` so many are counted, and one more."""
    wanted = {"leads": arrays.numbers(lead_ids), "most": most + 1}
    counted = {lead_id: int(count) for lead_id, count in connection.execute(_COUNT, wanted).fetchall()}
    return {lead_id: counted.get(lead_id, 0) for lead_id in lead_ids}


def read_rows(
    connection: Connection[Any],
    rows: Sequence[tuple[Any, ...]],
    *,
    names: Register,
    sources: Register,
    payloads: Compressor,
) -> list[Stored]:
    """Rows (identity, at, received at, name, source, flags, payload) as facts, in the order of the rows."""
    name_of = names.words(connection, {row[3] for row in rows})
    source_of = sources.words(connection, {row[4] for row in rows})
    found = []
    for identity_id, at, received_at, name_id, source_id, flags, payload in rows:
        message_id, properties, context, traits, user_id, anonymous_id = payloads.unpack_fact(payload)
        fact = Fact(at, name_of[name_id], message_id, source_of[source_id], properties, context, traits)
        found.append(Stored(fact, received_at, flags, identity_id, user_id, anonymous_id))
    return found


def _key(stored: Stored) -> tuple[int, int, str, str]:
    return stored.fact.key
