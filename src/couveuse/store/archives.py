"""Which months stand in the archive, which were dropped here, and which identities have facts in those.

A month is dropped in one transaction that nobody who reads facts sees half of: readers hold `archived_months` first.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection, ServerCursor, sql

from couveuse.archive.manifests import Manifest
from couveuse.archive.months import bounds_of
from couveuse.store import arrays
from couveuse.store.identities import Place
from couveuse.store.published import Published
from couveuse.store.statements import statement
from couveuse.store.undoing import LeftRow

# Whoever writes the archive holds this lock of the session's.
LOCK: Final = 0x636F7561
ROWS: Final = 10_000  # fetched at a time
_SORTED: Final = ("enable_nestloop = off", "work_mem = '256MB'", "max_parallel_workers_per_gather = 0")


def _named(name: str) -> sql.SQL:
    return statement("archives", name)


_HOLD, _HOLD_ALONE, _LOCK, _MONTHS = _named("hold"), _named("hold_alone"), _named("lock"), _named("months")
_ARCHIVED, _DROPPED, _COUNT, _FINGERPRINT = (
    _named("archived"), _named("dropped"), _named("count"), _named("fingerprint"),
)  # fmt: skip
_ROWS, _WRITE, _MOVED, _DROP = _named("rows"), _named("write"), _named("moved"), _named("drop")
_NOTE, _OF_LEADS, _OF_IDENTITIES = _named("note_identities"), _named("of_leads"), _named("of_identities")
_OF_RANGE, _ROOM, _STAY, _REPLACE = (
    _named("of_range"), _named("staying_room"), _named("staying_copy"), _named("replace"),
)  # fmt: skip
_NAME_NUMBERS, _SOURCE_NUMBERS, _EVENTS = _named("name_numbers"), _named("source_numbers"), _named("events")
_STOOD_BY, _DOCUMENTS = _named("stood_by_import"), _named("documents")
_TRY_ALONE = _named("try_alone")
_NEWEST = _named("newest_version")
_UNDONE, _STOOD, _STOOD_OF = _named("undone_imports"), _named("stood"), _named("stood_of")


@dataclass(frozen=True, slots=True)
class Archived:
    """A month in the archive: the address of its place, what it is made of, and when it was written and dropped."""

    place: str
    manifest: Manifest
    written_at: int
    dropped_at: int | None

    @property
    def month(self) -> str:
        """The month, as 2026-01."""
        return self.manifest.month


@dataclass(frozen=True, slots=True)
class Stood:
    """A row's identity and the other keys in it, known by their digests, with the row's place."""

    identity_id: int
    user: bytes | None
    device: bytes | None
    import_id: int
    place: Place


def hold(connection: Connection[Any]) -> None:
    """No month is dropped until this transaction ends; to be said before a snapshot is taken."""
    connection.execute(_HOLD)


def hold_alone(connection: Connection[Any]) -> None:
    """Nobody who reads facts is at it until this transaction ends."""
    connection.execute(_HOLD_ALONE)


def try_alone(connection: Connection[Any]) -> None:
    """The same without waiting; raises LockNotAvailable."""
    connection.execute(_TRY_ALONE)


def lock(connection: Connection[Any]) -> bool:
    """Whether nobody else writes the archive; nobody will until the connection is closed."""
    row = connection.execute(_LOCK, [LOCK]).fetchone()
    return row is not None and bool(row[0])


def months_there(connection: Connection[Any]) -> dict[str, int]:
    """Months that have a partition, with about how many facts; -1 is not known yet."""
    rows = connection.execute(_MONTHS).fetchall()
    return {name.removeprefix("events_").replace("_", "-"): int(facts) for name, facts in rows}


def archived(connection: Connection[Any]) -> dict[str, Archived]:
    """The months that are archived, in order."""
    rows = connection.execute(_ARCHIVED).fetchall()
    return {
        month: Archived(written["place"], Manifest.of_json(written["manifest"]), written_at, dropped_at)
        for month, written, _, _, written_at, dropped_at in rows
    }


def dropped(connection: Connection[Any]) -> list[Archived]:
    """The months of which facts are read from the archive, in order."""
    rows = connection.execute(_DROPPED).fetchall()
    return [Archived(written["place"], Manifest.of_json(written["manifest"]), 0, 0) for _, written in rows]


def count(connection: Connection[Any], month: str) -> int:
    """How many facts of a month there are here."""
    row = connection.execute(_COUNT, _range(month)).fetchone()
    assert row is not None  # an aggregate always answers
    return int(row[0])


def fingerprint(connection: Connection[Any], month: str) -> str:
    """What the facts of a month are here: another text once one comes, goes or says something else."""
    row = connection.execute(_FINGERPRINT, _range(month)).fetchone()
    assert row is not None  # an aggregate always answers
    return str(row[0])


def _range(month: str) -> dict[str, int]:
    low, high = bounds_of(month)
    return {"low": low, "high": high}


@contextmanager
def rows_of_month(connection: Connection[Any], month: str) -> Iterator[ServerCursor[Any]]:
    """The facts of a month in order, each with the key of its identity; in this transaction."""
    for setting in _SORTED:
        connection.execute(f"set local {setting}")
    with connection.cursor(name="archived", binary=True) as cursor:
        cursor.itersize = ROWS
        cursor.execute(_ROWS, _range(month))
        yield cursor


def write(connection: Connection[Any], place: str, manifest: Manifest, now: int) -> None:
    """A month stands in the archive."""
    connection.execute(
        _WRITE,
        {
            "month": manifest.month,
            "written": json.dumps({"place": place, "manifest": manifest.as_json()}),
            "properties": json.dumps(manifest.properties),
            "events": manifest.rows,
            "bytes": manifest.bytes,
            "now": now,
        },
    )


def move(connection: Connection[Any], months: Collection[str], place: str) -> None:
    """These months are read from another place from now on."""
    connection.execute(_MOVED, {"months": list(months), "place": place})


def note_identities(connection: Connection[Any], ids: Collection[int], number: int) -> None:
    """These identities have facts in the month of that number."""
    connection.execute(_NOTE, {"ids": arrays.numbers(ids), "month": number})


def note_standings(connection: Connection[Any], rows: Collection[Stood]) -> None:
    """Which keys stood together in rows that will not be here any more."""
    connection.execute(
        _STOOD,
        {
            "ids": arrays.numbers(each.identity_id for each in rows),
            "users": _digests(each.user for each in rows),
            "devices": _digests(each.device for each in rows),
            "imports": arrays.numbers(each.import_id for each in rows),
            "claimed": arrays.numbers(each.place[0] for each in rows),
            "ats": arrays.numbers(each.place[1] for each in rows),
            "kinds": arrays.numbers(each.place[2] for each in rows),
            "sources": [each.place[3] for each in rows],
            "mids": [each.place[4] for each in rows],
        },
    )


def _digests(digests: Iterable[bytes | None]) -> str:
    return "{" + ",".join(["null" if digest is None else digest.hex() for digest in digests]) + "}"


def rows_that_stood(connection: Connection[Any], ids: Collection[int]) -> list[LeftRow]:
    """What rows of dropped months tell of which keys stood with some identities, at their earliest places."""
    return [
        LeftRow(owner, (), tuple(others), (claimed, at, kind, source, message_id))
        for owner, others, claimed, at, kind, source, message_id in connection.execute(
            _STOOD_OF, {"ids": arrays.numbers(ids)}
        ).fetchall()
    ]


def name_staying(connection: Connection[Any], staying: Iterable[tuple[int, int]]) -> int:
    """Name the facts that stay when a month goes, by identity and instant, in this transaction; returns how many."""
    connection.execute(_ROOM)
    named = 0
    with connection.cursor() as cursor, cursor.copy(_STAY) as copy:
        copy.set_types(("int8", "int8"))
        for row in staying:
            copy.write_row(row)
            named += 1
    connection.execute("analyze pg_temp.staying")
    return named


def replace_month(connection: Connection[Any], month: str, now: int) -> int:
    """The facts of a month go but for those that stay, which were named; returns how many there are now.

    The caller holds everything alone.
    """
    low, high = bounds_of(month)
    name = f"events_{month.replace('-', '_')}"
    connection.execute(
        _REPLACE.format(
            fresh=sql.Identifier(f"{name}_fresh"), month=sql.Identifier(name), low=sql.Literal(low),
            high=sql.Literal(high),
        )
    )  # fmt: skip
    connection.execute(_DROP, {"month": month, "now": now})
    return count(connection, month)


def months_of_leads(connection: Connection[Any], lead_ids: Collection[int]) -> list[tuple[int, int, Sequence[int]]]:
    """The identities of some leads that have facts in dropped months: lead, identity, the months' numbers."""
    return connection.execute(_OF_LEADS, [arrays.numbers(lead_ids)], binary=True).fetchall()


def months_of_identities(connection: Connection[Any], ids: Collection[int]) -> dict[int, Sequence[int]]:
    """Of some identities those that have facts in dropped months, with the months' numbers."""
    return dict(connection.execute(_OF_IDENTITIES, [arrays.numbers(ids)], binary=True).fetchall())


def identities_of_range(connection: Connection[Any], low: int, high: int) -> list[tuple[int, int]]:
    """Identities with facts in dropped months of the leads from `low` up to and without `high`: identity, lead."""
    return connection.execute(_OF_RANGE, {"low": low, "high": high}, binary=True).fetchall()


def undone_imports(connection: Connection[Any]) -> frozenset[int]:
    """Imports that were taken back: their facts in the archive count no more."""
    return frozenset(number for (number,) in connection.execute(_UNDONE).fetchall())


def by_month(rows: Iterable[tuple[int, Sequence[int]]]) -> Mapping[int, list[int]]:
    """Identities by the numbers of the months in which they have facts."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for identity_id, months in rows:
        for month in months:
            found[month].append(identity_id)
    return found


def numbers_of(
    connection: Connection[Any], names: Collection[str], sources: Collection[str]
) -> tuple[dict[str, int], dict[str, int]]:
    """The numbers of names of events, and of sources, that have some; nothing is written."""
    return (
        dict(connection.execute(_NAME_NUMBERS, [list(names)]).fetchall()),
        dict(connection.execute(_SOURCE_NUMBERS, [list(sources)]).fetchall()),
    )


def stood_by_import(connection: Connection[Any], ids: Collection[int], import_id: int) -> set[int]:
    """The other keys of rows of some identities, of dropped months, that one import brought."""
    rows = connection.execute(_STOOD_BY, {"ids": arrays.numbers(ids), "import": import_id}).fetchall()
    return {each for (each,) in rows}


def events(connection: Connection[Any]) -> int:
    """How many facts are read from the archive."""
    row = connection.execute(_EVENTS).fetchone()
    assert row is not None  # an aggregate always answers
    return int(row[0])


def published_ever(connection: Connection[Any]) -> list[Published]:
    """All models that were ever published, each once whose documents are one."""
    rows = connection.execute(_DOCUMENTS).fetchall()
    return [
        Published(number, name, version, document, tuple(domains), tuple(addresses), standing)
        for number, name, version, document, domains, addresses, standing in rows
    ]


def newest_version(connection: Connection[Any]) -> int:
    """The number of the newest version of a model; 0 where there is none."""
    row = connection.execute(_NEWEST).fetchone()
    assert row is not None  # an aggregate always answers
    return int(row[0])
