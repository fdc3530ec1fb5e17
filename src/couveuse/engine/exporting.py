"""All facts of an instance as the files of a history: those of dropped months from the archive, the others from here.

Whose a fact is was resolved live (claims, merges by hand), and is not resolved again: each row stands under the one key
that makes its lead. So whoever scores these files (`couveuse.history`, here or on Spark) has the numbers of the live
states. The files name people: they stand in a folder that only its owner may read, and go with the block.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from psycopg import Connection, IsolationLevel

from couveuse.archive.keeping import ALWAYS, Projector
from couveuse.archive.reading import all_rows, known_place
from couveuse.core.events import CHANGES, Change
from couveuse.core.plan import Plan
from couveuse.core.times import EVER
from couveuse.engine.collector import collecting_seldom
from couveuse.store import archives, connections, exporting, registers, tethers
from couveuse.store.packets import Flag
from couveuse.store.payloads import Compressor

PREFIX: Final = "instance-"
ROWS: Final = 50_000  # written at a time
FILE_ROWS: Final = 5_000_000
_KEYS: Final = ("email", "user_id", "anonymous_id")
_OF_THE_PERSON: Final = frozenset((Change.TRAITS, Change.JOIN, Change.LEAVE, Change.ADJUST, Change.VERDICT))
_CLAIMED: Final = frozenset(name for name, change in CHANGES.items() if change in _OF_THE_PERSON)
EVENTS = pa.schema(
    [
        ("email", pa.string()), ("user_id", pa.string()), ("anonymous_id", pa.string()),
        ("event", pa.string()), ("occurred_at", pa.timestamp("us", "UTC")), ("message_id", pa.string()),
        ("source", pa.string()), ("properties", pa.string()), ("context", pa.string()), ("traits", pa.string()),
    ]
)  # fmt: skip
LEADS = pa.schema([("email", pa.string()), ("user_id", pa.string()), ("traits", pa.string())])
Said = tuple[int, str, str, str, str | None, str | None, str | None]
"""Instant, event, `message_id`, source, and what it says, as JSON text."""


@dataclass(frozen=True, slots=True)
class Laid:
    """The files, of events and of leads, and the folder that goes with them: what is made of them may stand there."""

    events: tuple[str, ...]
    leads: tuple[str, ...]
    folder: Path


@contextmanager
def laid_out(
    url: str,
    data: Path,
    plan: Plan,
    *,
    visitors: bool = False,
    known_at: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Laid]:
    """Lay out all facts that were received by an instant, as far as a plan reads them; they are of one snapshot.

    `progress` is told how many rows are written; what it raises ends the work. Raises OutOfReach where the archive is
    needed and cannot be read.
    """
    data.mkdir(parents=True, exist_ok=True)
    _sweep(data)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=data))
    try:
        with connections.connect(url, "history", autocommit=True, statement_ms=0) as connection, collecting_seldom():
            connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
            with connection.transaction():
                archives.hold(connection)
                owners = _owners(connection, visitors=visitors)
                known = EVER if known_at is None else known_at
                facts = chain(_archived(connection, owners, known), _live(connection, owners, plan, known))
                events = _write(folder, "events", EVENTS, facts, progress)
                leads = _write(folder, "leads", LEADS, _leads(connection))
        yield Laid(events, leads, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(data: Path) -> None:
    """Remove what a process left that was ended."""
    for folder in data.glob(f"{PREFIX}*-*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not tethers.lives(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(slots=True)
class _Owners:
    """Under which key the facts of each identity stand: places in `keys`, by the identities in order."""

    identities: Any
    places: Any
    keys: list[tuple[str | None, str | None, str | None]] = field(default_factory=list)
    known: list[bool] = field(default_factory=list)  # a trusted fact knows the lead: claims of who it is count not

    def place(self, identity_id: int) -> int | None:
        """Where an identity's owner stands; None where it has no lead and is not wanted."""
        place = int(np.searchsorted(self.identities, identity_id))
        if place == len(self.identities) or self.identities[place] != identity_id:
            return None
        return int(self.places[place])


def _owners(connection: Connection[Any], *, visitors: bool) -> _Owners:
    keys: list[tuple[str | None, str | None, str | None]] = []
    known: list[bool] = []
    place_of: dict[int, int] = {}
    for number, sort, key, is_known in exporting.roots(connection, visitors=visitors):
        place_of[number] = len(keys)
        one: list[str | None] = [None, None, None]
        one[sort] = key
        keys.append((one[0], one[1], one[2]))
        known.append(is_known)
    ids: list[int] = []
    places: list[int] = []
    for identity_id, root in exporting.owners(connection):
        place = place_of.get(root)
        if place is not None:
            ids.append(identity_id)
            places.append(place)
    return _Owners(np.array(ids, dtype=np.int64), np.array(places, dtype=np.int64), keys, known)


def _live(connection: Connection[Any], owners: _Owners, plan: Plan, known_at: int) -> Iterator[tuple[Any, ...]]:
    names, sources, payloads = registers.event_names(), registers.sources(), Compressor()
    traits = [f"traits.{path}" for path in plan.trait_paths]
    take = Projector([*plan.fields(), *traits, *ALWAYS]).take
    with exporting.events(connection) as cursor:
        for identity_id, at, received_at, name_id, source_id, flags, payload in cursor:
            if received_at > known_at:
                continue
            event = names.words(connection, (name_id,))[name_id]
            source = sources.words(connection, (source_id,))[source_id]
            said = take(payloads.inflate(payload))
            row = (at, event, said.message_id, source, said.properties, said.context, said.traits)
            yield from _owned(owners, identity_id, flags, row)


def _archived(connection: Connection[Any], owners: _Owners, known_at: int) -> Iterator[tuple[Any, ...]]:
    undone = archives.undone_imports(connection)
    for each in archives.dropped(connection):
        for row in all_rows(known_place(each.place), each.manifest):
            if row.import_id in undone or row.received_at > known_at:
                continue
            said = (row.at, row.event, row.message_id, row.source, row.properties, row.context, row.traits)
            yield from _owned(owners, row.identity_id, row.flags, said)


def _owned(owners: _Owners, identity_id: int, flags: int, said: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    place = owners.place(identity_id)
    if place is None or (flags & Flag.CLAIM and owners.known[place] and said[1] in _CLAIMED):
        return
    at, event, message_id, source, *parts = said
    yield (*owners.keys[place], event, at, message_id, source, *parts)


def _leads(connection: Connection[Any]) -> Iterator[tuple[Any, ...]]:
    """A row of each lead, so that those without facts are there, and those that files of leads gave."""
    for sort, key, traits in exporting.given(connection):
        yield (key if sort == 0 else None, key if sort == 1 else None, traits)


def _write(
    folder: Path,
    name: str,
    schema: pa.Schema,
    rows: Iterable[tuple[Any, ...]],
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[str, ...]:
    """Write rows as files of some millions each, which nobody else may read."""
    found: list[str] = []
    writer: pq.ParquetWriter | None = None
    held: list[tuple[Any, ...]] = []
    written = whole = 0
    try:
        for row in chain(rows, (None,)):
            if row is not None:
                held.append(row)
            if held and (row is None or len(held) >= ROWS):
                if writer is None:
                    path = folder / f"{name}-{len(found):04}.parquet"
                    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
                    writer = pq.ParquetWriter(path, schema, compression="lz4")
                    found.append(str(path))
                columns = zip(*held, strict=True)
                arrays = [pa.array(column, kind.type) for column, kind in zip(columns, schema, strict=True)]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
                written, whole = written + len(held), whole + len(held)
                held = []
                progress(whole)
                if written >= FILE_ROWS:
                    writer.close()
                    writer, written = None, 0
    finally:
        if writer is not None:
            writer.close()
    return tuple(found)
