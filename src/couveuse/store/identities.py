"""Identities: the keys by which people show up, where they stood together, and to which lead they point."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from couveuse.store import arrays
from couveuse.store.packets import identity_digest
from couveuse.store.statements import statement

EMAIL, USER_ID, DEVICE = 0, 1, 2
SORTS = ("email", "user_id", "anonymous_id")

_FIND = statement("identities", "find")
_INSERT = statement("identities", "insert")
_BECOME_KNOWN = statement("identities", "become_known")
_BY_ID = statement("identities", "by_id")
_OF_LEADS = statement("identities", "of_leads")
_POINT = statement("identities", "point")
_STANDINGS_OF_PAIRS = statement("identities", "standings_of_pairs")
_STANDINGS_OF = statement("identities", "standings_of")
_STAND = statement("identities", "stand")

# Whoever changes whose identities are whose holds this lock alone; whoever writes facts by them shares it.
BINDING_LOCK = 0x636F7562

Place = tuple[int, int, int, str, str]
"""Claimed (1) or trusted (0), then the place of the row in canonical order: instant, kind, source, `message_id`."""

Pair = tuple[int, int]
"""Two identities by number, the lower first."""

Node = tuple[int, str]
"""The sort of a key and the key."""


@dataclass(slots=True)
class Identity:
    """One key, whose it is (`owner_id`; None: its own), and the lead to which it points (None: a visitor)."""

    id: int
    sort: int
    key: str
    owner_id: int | None = None
    lead_id: int | None = None
    is_known: bool = False
    is_new: bool = False

    @property
    def root_id(self) -> int:
        """The identity whose lead this one's is."""
        return self.id if self.owner_id is None else self.owner_id


def share_bindings(connection: Connection[Any]) -> None:
    """Whose identities are whose stays as it is until this transaction ends."""
    connection.execute("select pg_advisory_xact_lock_shared(%s)", [BINDING_LOCK])


def own_bindings(connection: Connection[Any]) -> None:
    """Nobody else writes facts, or changes whose identities are whose, until this transaction ends."""
    connection.execute("select pg_advisory_xact_lock(%s)", [BINDING_LOCK])


def find_identities(connection: Connection[Any], nodes: Collection[Node]) -> dict[Node, Identity]:
    """The identities of these keys that are there."""
    ordered = list(nodes)
    wanted = arrays.uuids(identity_digest(sort, key) for sort, key in ordered)
    found = {}
    for place, number, owner_id, lead_id, is_known in connection.execute(_FIND, [wanted], binary=True).fetchall():
        sort, key = node = ordered[place - 1]
        found[node] = Identity(number, sort, key, owner_id, lead_id, is_known)
    return found


def insert_identities(connection: Connection[Any], nodes: Mapping[Node, bool]) -> dict[Node, Identity]:
    """Identities that are not there, each with whether a trusted fact knows it; those made elsewhere are found then."""
    ordered = sorted((identity_digest(sort, key), (sort, key), known) for (sort, key), known in nodes.items())
    rows = connection.execute(
        _INSERT,
        {
            "digests": arrays.uuids(digest for digest, _, _ in ordered),
            "sorts": arrays.numbers(sort for _, (sort, _), _ in ordered),
            "keys": [key for _, (_, key), _ in ordered],
            "known": [known for _, _, known in ordered],
        },
        binary=True,
    ).fetchall()
    made: dict[Node, Identity] = {}
    for place, number in rows:
        _, (sort, key), known = ordered[place - 1]
        made[sort, key] = Identity(number, sort, key, is_known=known, is_new=True)
    missing = [node for node in nodes if node not in made]
    return made | find_identities(connection, missing) if missing else made


def become_known(connection: Connection[Any], ids: Sequence[int]) -> None:
    """A trusted fact stands with these identities."""
    connection.execute(_BECOME_KNOWN, [list(ids)])


def load_identities(connection: Connection[Any], ids: Collection[int]) -> dict[int, Identity]:
    """Identities by number."""
    return _identities(connection.execute(_BY_ID, [list(ids)]).fetchall())


def identities_of_leads(connection: Connection[Any], lead_ids: Collection[int]) -> dict[int, Identity]:
    """The identities that point to these leads."""
    return _identities(connection.execute(_OF_LEADS, [list(lead_ids)]).fetchall())


def _identities(rows: Iterable[tuple[Any, ...]]) -> dict[int, Identity]:
    return {row[0]: Identity(*row) for row in rows}


def point_identities(connection: Connection[Any], identities: Collection[Identity]) -> None:
    """Write whose each identity is, and to which lead it points."""
    connection.execute(
        _POINT,
        {
            "ids": arrays.numbers(each.id for each in identities),
            "owners": arrays.numbers(each.owner_id for each in identities),
            "leads": arrays.numbers(each.lead_id for each in identities),
        },
    )


def standings_of_pairs(connection: Connection[Any], pairs: Collection[Pair]) -> dict[Pair, Place]:
    """The earliest places of pairs, where they stood together before."""
    wanted = {"lows": arrays.numbers(low for low, _ in pairs), "highs": arrays.numbers(high for _, high in pairs)}
    return _standings(connection.execute(_STANDINGS_OF_PAIRS, wanted).fetchall())


def standings_of(connection: Connection[Any], ids: Collection[int]) -> dict[Pair, Place]:
    """All pairs in which these identities stand, with their earliest places."""
    return _standings(connection.execute(_STANDINGS_OF, {"ids": list(ids)}).fetchall())


def _standings(rows: Iterable[tuple[Any, ...]]) -> dict[Pair, Place]:
    return {(low, high): (claimed, at, kind, source, mid) for low, high, claimed, at, kind, source, mid in rows}


def stand(connection: Connection[Any], places: Mapping[Pair, Place]) -> None:
    """Write the places of pairs; of two places of a pair the earlier stays."""
    rows = [(low, high, *place) for (low, high), place in sorted(places.items())]
    connection.execute(_STAND, [list(column) for column in zip(*rows, strict=True)])
