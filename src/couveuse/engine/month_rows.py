"""The rows of a month on their way to the archive: as it holds them, in its order, each once; and the keys beside."""

import json
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any, Final

import msgspec
from psycopg import Connection

from couveuse.archive.keeping import Keeper
from couveuse.archive.layout import ArchivedRow
from couveuse.core.events import kind
from couveuse.store import archives, registers
from couveuse.store.archives import Stood
from couveuse.store.identities import DEVICE, USER_ID, load_identities
from couveuse.store.packets import Flag, identity_digest
from couveuse.store.payloads import Compressor

# So many rows at a time ask the database something.
AT_ONCE: Final = 10_000


def kept(
    connection: Connection[Any], cursor: Iterable[Any], keeper: Keeper, imports: set[int]
) -> Iterator[ArchivedRow]:
    """Rows as the store holds them, as the archive holds them."""
    names, sources, payloads = registers.event_names(), registers.sources(), Compressor()
    name_of: dict[int, str] = {}
    source_of: dict[int, str] = {}
    inflate, keep = payloads.inflate, keeper.keep
    for identity_id, at, received_at, name_id, source_id, flags, import_id, payload, key in cursor:
        event = name_of.get(name_id)
        if event is None:
            event = name_of[name_id] = names.words(connection, {name_id})[name_id]
        source = source_of.get(source_id)
        if source is None:
            source = source_of[source_id] = sources.words(connection, {source_id})[source_id]
        if import_id is not None:
            imports.add(import_id)
        said = keep(event, inflate(payload), key)
        yield ArchivedRow(
            identity_id, at, received_at, event, source, flags, import_id, said.message_id, said.properties,
            said.context, said.traits, said.stays,
        )  # fmt: skip


def counting(connection: Connection[Any], rows: Iterable[ArchivedRow], gone: Collection[int]) -> Iterator[ArchivedRow]:
    """Archived rows but for those of imports that were taken back, and of identities that are gone."""
    left, undone = iter(rows), archives.undone_imports(connection)
    while some := list(islice(left, AT_ONCE)):
        there = load_identities(connection, {row.identity_id for row in some}).keys() - gone
        yield from (row for row in some if row.identity_id in there and row.import_id not in undone)


def in_order(rows: Iterable[ArchivedRow]) -> Iterator[ArchivedRow]:
    """Rows by identity and instant, in canonical order within one instant; there one that stays has all of them stay.

    By identity and instant those that stay are found again, when all others go.
    """
    before: ArchivedRow | None = None
    same: list[ArchivedRow] = []
    for row in rows:
        if before is not None:
            if row[0] == before[0] and row[1] == before[1]:
                same.append(before)
            elif same:
                yield from _of_one_instant([*same, before])
                same = []
            else:
                yield before
        before = row
    if before is not None:
        yield from _of_one_instant([*same, before])


def _of_one_instant(rows: list[ArchivedRow]) -> list[ArchivedRow]:
    stay = any(row.is_kept for row in rows)
    return [row._replace(is_kept=stay) for row in sorted(rows, key=order)]


def once(rows: Iterable[ArchivedRow]) -> Iterator[ArchivedRow]:
    """Of a fact that stands in the archive and here the one that is here: the database was restored."""
    before: ArchivedRow | None = None
    for row in rows:
        if before is not None and order(before) != order(row):
            yield before
        before = row
    if before is not None:
        yield before


def order(row: ArchivedRow) -> tuple[int, int, int, str, str]:
    """By what the archive is sorted: no two facts are alike in it."""
    return (row.identity_id, row.at, kind(row.event), row.source, row.message_id)


class _Keyed(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The keys of a payload, and its `message_id`; what stands between is passed over unread."""

    message_id: str
    properties: msgspec.Raw = msgspec.Raw(b"")
    context: msgspec.Raw = msgspec.Raw(b"")
    traits: msgspec.Raw = msgspec.Raw(b"")
    user_id: str | None = None
    anonymous_id: str | None = None


_keyed = msgspec.json.Decoder(_Keyed).decode


def stood(rows: Iterable[Any], name_of: dict[int, str], source_of: dict[int, str]) -> Iterator[Stood]:
    """The keys that stand beside the rows' own."""
    payloads = Compressor()
    for identity_id, at, _, name_id, source_id, flags, import_id, payload, _ in rows:
        written = payloads.inflate(payload)
        try:
            held: Any = _keyed(written)
        except msgspec.DecodeError:
            message_id, *parts = json.loads(written)
            user_id, anonymous_id = (*parts[3:], None, None)[:2]
            held = _Keyed(message_id, user_id=user_id, anonymous_id=anonymous_id)
        place = (int(bool(flags & Flag.CLAIM)), at, kind(name_of[name_id]), source_of[source_id], held.message_id)
        if held.user_id or held.anonymous_id:
            user, device = (
                identity_digest(sort, key) if key else None
                for sort, key in ((USER_ID, held.user_id), (DEVICE, held.anonymous_id))
            )
            yield Stood(identity_id, user, device, import_id or 0, place)
