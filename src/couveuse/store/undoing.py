"""Taking an import back: what it brought goes, and what is left says anew whose keys are whose."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from couveuse.core.events import kind
from couveuse.core.times import NEVER
from couveuse.store import arrays
from couveuse.store.identities import DEVICE, USER_ID, Node, Pair, Place
from couveuse.store.packets import Flag, digest_of
from couveuse.store.payloads import Compressor
from couveuse.store.registers import Register
from couveuse.store.statements import statement


def _named(name: str) -> Any:
    return statement("imports", name)


_TAKE_BACK, _LEFT, _COUNT = _named("take_back"), _named("identities_left"), _named("count_identities")
_TAKE_EVENTS, _TAKE_GIVEN, _TAKE_CONSENTS = _named("take_events"), _named("take_given"), _named("take_consents")
_TAKE_SUPPRESSIONS, _TAKE_IDENTITIES = _named("take_suppressions"), _named("take_identities")
_TAKE_REJECTS, _ROWS, _GIVEN = _named("take_rejects"), _named("rows_of"), _named("given_of")
_REPLACE, _UNKNOWN, _SAYING = _named("replace_standings"), _named("become_unknown"), _named("saying_identities")
_KEPT, _REMOVE_LEADS, _REMOVE_IDENTITIES = _named("kept_leads"), _named("remove_leads"), _named("remove_identities")


@dataclass(frozen=True, slots=True)
class Taken:
    """What went of some identities: the digests of their facts, and the other keys of their rows."""

    digests: tuple[bytes, ...]
    nodes: frozenset[Node]
    ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class LeftRow:
    """A row that is left: its own identity and its other keys, its place, and whether it is only claimed.

    The keys of rows of files of leads are numbers (`ids`), those of facts are keys (`nodes`).
    """

    identity_id: int
    nodes: tuple[Node, ...]
    ids: tuple[int, ...]
    place: Place


def take_back(connection: Connection[Any], import_id: int) -> None:
    """From now on nobody brings this import on."""
    connection.execute(_TAKE_BACK, [import_id])


def identities_left(connection: Connection[Any], import_id: int, most: int) -> list[int]:
    """Identities of which an import speaks yet."""
    rows = connection.execute(_LEFT, {"import": import_id, "most": most}).fetchall()
    return [identity_id for (identity_id,) in rows]


def count_identities(connection: Connection[Any], import_id: int) -> int:
    """How many identities an import speaks of yet."""
    row = connection.execute(_COUNT, [import_id]).fetchone()
    assert row is not None  # an aggregate always answers
    return int(row[0])


def take(
    connection: Connection[Any], import_id: int, ids: Collection[int], *, sources: Register, payloads: Compressor
) -> Taken:
    """Take back the facts, traits, consents and suppressions that an import brought of some identities."""
    mine = {"import": import_id, "ids": arrays.numbers(ids)}
    rows = connection.execute(_TAKE_EVENTS, mine, binary=True).fetchall()
    source_of = sources.words(connection, {source_id for source_id, _ in rows})
    digests, nodes = [], set()
    for source_id, payload in rows:
        message_id, _, _, _, user_id, anonymous_id = payloads.unpack_fact(payload)
        digests.append(digest_of(source_of[source_id], message_id))
        nodes |= {(sort, key) for sort, key in ((USER_ID, user_id), (DEVICE, anonymous_id)) if key}
    others = {other for (with_ids,) in connection.execute(_TAKE_GIVEN, mine).fetchall() for other in with_ids}
    connection.execute(_TAKE_CONSENTS, mine)
    connection.execute(_TAKE_SUPPRESSIONS, [arrays.uuids(digests)])
    connection.execute(_TAKE_IDENTITIES, mine)
    return Taken(tuple(digests), frozenset(nodes), frozenset(others))


def take_suppressions(connection: Connection[Any], digests: Iterable[bytes]) -> None:
    """Suppressions that these facts asked for go."""
    connection.execute(_TAKE_SUPPRESSIONS, [arrays.uuids(digests)])


def rows_left(
    connection: Connection[Any],
    ids: Collection[int],
    *,
    names: Register,
    sources: Register,
    payloads: Compressor,
) -> list[LeftRow]:
    """What is left of some identities, as far as it tells whose keys are whose."""
    wanted = [arrays.numbers(ids)]
    facts = connection.execute(_ROWS, wanted, binary=True).fetchall()
    name_of = names.words(connection, {row[2] for row in facts})
    source_of = sources.words(connection, {row[3] for row in facts})
    found = []
    for identity_id, at, name_id, source_id, flags, payload in facts:
        message_id, _, _, _, user_id, anonymous_id = payloads.unpack_fact(payload)
        nodes = tuple((sort, key) for sort, key in ((USER_ID, user_id), (DEVICE, anonymous_id)) if key)
        place = (int(bool(flags & Flag.CLAIM)), at, kind(name_of[name_id]), source_of[source_id], message_id)
        found.append(LeftRow(identity_id, nodes, (), place))
    for identity_id, with_ids, source, message_id in connection.execute(_GIVEN, wanted).fetchall():
        found.append(LeftRow(identity_id, (), tuple(with_ids), (0, NEVER, 0, source, message_id)))
    return found


def forget_standings(connection: Connection[Any], ids: Collection[int]) -> None:
    """Forget all pairs in which some identities stand, to write them anew."""
    connection.execute(_REPLACE, {"ids": arrays.numbers(ids)})


def become_unknown(connection: Connection[Any], ids: Collection[int]) -> None:
    """No trusted fact stands with these identities any more."""
    connection.execute(_UNKNOWN, [arrays.numbers(ids)])


def with_consents(connection: Connection[Any], ids: Collection[int]) -> set[int]:
    """Those of some identities of which a consent speaks."""
    return {identity_id for (identity_id,) in connection.execute(_SAYING, [arrays.numbers(ids)]).fetchall()}


def kept_leads(connection: Connection[Any], lead_ids: Collection[int]) -> set[int]:
    """Those of some leads that something of their history refers to: they stay, whatever is left of them."""
    rows = connection.execute(_KEPT, {"leads": arrays.numbers(lead_ids)}).fetchall()
    return {lead_id for (lead_id,) in rows}


def remove(connection: Connection[Any], lead_ids: Collection[int], identity_ids: Iterable[int]) -> None:
    """Leads, then identities, of which nothing is left."""
    connection.execute(_REMOVE_LEADS, {"leads": arrays.numbers(lead_ids)})
    connection.execute(_REMOVE_IDENTITIES, [arrays.numbers(identity_ids)])


def forget_rejects(connection: Connection[Any], import_id: int) -> None:
    """What an import could not take is forgotten with it."""
    connection.execute(_TAKE_REJECTS, [import_id])


def pairs_of(rows: Iterable[LeftRow], ids: dict[Node, int], among: Collection[int]) -> dict[Pair, Place]:
    """The earliest places of the pairs that stand in rows, of those pairs of which one at least is among some."""
    found: dict[Pair, Place] = {}
    for row in rows:
        numbers = sorted({row.identity_id, *row.ids, *(ids[node] for node in row.nodes if node in ids)})
        for index, low in enumerate(numbers):
            for high in numbers[index + 1 :]:
                if (low in among or high in among) and ((low, high) not in found or row.place < found[low, high]):
                    found[low, high] = row.place
    return found


def mentioned(rows: Sequence[LeftRow], ids: dict[Node, int]) -> tuple[set[int], set[int]]:
    """The identities that rows mention, and those of them that a trusted row knows."""
    every: set[int] = set()
    known: set[int] = set()
    for row in rows:
        numbers = {row.identity_id, *row.ids, *(ids[node] for node in row.nodes if node in ids)}
        every |= numbers
        if row.place[0] == 0:
            known |= numbers
    return every, known
