"""Facts of leads wherever they are: in PostgreSQL, and those of dropped months in the archive, as if all were here.

Whoever reads facts reads them by this module. A lead without facts in dropped months pays one small question. While a
transaction lasts that has read facts no month is dropped, so that nothing is met twice or missed; who reads in one
snapshot holds the archive before it is taken (`couveuse.store.archives.hold`).
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from psycopg import Connection
from psycopg.pq import TransactionStatus

from couveuse.archive import months
from couveuse.archive.keeping import lacking
from couveuse.archive.layout import SCHEMA, ArchivedRow, rows_of
from couveuse.archive.reading import all_tables, count_of_identities, known_place, rows_of_identities
from couveuse.core.events import Fact, Properties, kind
from couveuse.core.plan import Plan
from couveuse.core.state import Key
from couveuse.engine.live import LiveModel
from couveuse.errors import BadInput
from couveuse.store import archives, events
from couveuse.store.archives import Archived
from couveuse.store.events import Stored, TooManyFacts
from couveuse.store.facts import FactReader, Span, stored_rows
from couveuse.store.packets import Flag
from couveuse.store.payloads import PLAIN, Compressor
from couveuse.store.registers import Register
from couveuse.store.undoing import LeftRow

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
NOTHING: Final[Properties] = {}
# So many archived rows are made ready at a time where very many are read.
AT_ONCE: Final = 10_000

Row = tuple[int, int, int, int, int, bytes]
"""A fact of a lead as `couveuse.engine.skimming` reads it: lead, instant, name, source, flags, payload."""


@dataclass(frozen=True, slots=True)
class Recaller:
    """Reads facts with what a thread keeps for it."""

    names: Register
    sources: Register
    payloads: Compressor

    def load(
        self, connection: Connection[Any], lead_ids: Sequence[int], most: int | None = None
    ) -> dict[int, list[Stored]]:
        """The facts of leads, each lead's in canonical order; a lead without facts has an empty list.

        Raises TooManyFacts where there are more than `most` altogether, OutOfReach where the archive is needed and
        cannot be read.
        """
        with _in_transaction(connection):
            archives.hold(connection)
            found = events.load_facts(
                connection, lead_ids, names=self.names, sources=self.sources, payloads=self.payloads, most=most
            )
            dropped = archives.dropped(connection)
            noted = archives.months_of_leads(connection, lead_ids) if dropped else []
            if not noted:
                return found
            lead_of = {identity_id: lead_id for lead_id, identity_id, _ in noted}
            left = None if most is None else most - sum(map(len, found.values()))
            undone = archives.undone_imports(connection)
            wanted = archives.by_month((identity_id, numbers) for _, identity_id, numbers in noted)
            touched = set()
            for row in _rows(dropped, wanted, undone):
                lead_id = lead_of[row.identity_id]
                found[lead_id].append(stored_of(row))
                touched.add(lead_id)
                if left is not None:
                    left -= 1
                    if left < 0:
                        raise TooManyFacts
            for lead_id in touched:
                found[lead_id].sort(key=lambda each: each.fact.key)
            return found

    def rows(self, connection: Connection[Any], span: Span, lead_id: int, *, most: int) -> list[Row]:
        """All facts of a lead as they are stored, known by an instant, in the order of their instants.

        Raises TooManyFacts where there are more than `most`, OutOfReach where the archive is needed and is away.
        """
        with _in_transaction(connection):
            archives.hold(connection)
            found = stored_rows(connection, span, lead_id, most=most)
            archived = [row for row in rows_of_ids(connection, span.identities) if row.received_at <= span.known]
            if archived:
                names, sources = archives.numbers_of(
                    connection, {row.event for row in archived}, {row.source for row in archived}
                )
                found += [
                    (lead_id, row.at, names[row.event], sources[row.source], row.flags, _payload(row))
                    for row in archived
                ]
            if len(found) > most:
                raise TooManyFacts
            return sorted(found, key=itemgetter(1))

    def page(
        self, connection: Connection[Any], span: Span, after: Key | None, *, most: int, newest_first: bool
    ) -> tuple[list[Stored], bool]:
        """So many facts after a place in canonical order (or before it, the newest first), and whether more follow."""
        with _in_transaction(connection):
            archives.hold(connection)
            reader = FactReader(self.names, self.sources, self.payloads)
            found, goes_on = reader.page(connection, span, after, most=most, newest_first=newest_first)
            dropped = archives.dropped(connection)
            noted = archives.months_of_identities(connection, span.identities) if dropped else {}
            if not noted:
                return found, goes_on
            more = self._after(connection, dropped, noted, span, after, most=most, newest_first=newest_first)
            both = sorted([*found, *more], key=lambda each: each.fact.key, reverse=newest_first)
            return both[:most], goes_on or len(both) > most

    @staticmethod
    def _after(
        connection: Connection[Any], dropped: Sequence[Archived], noted: Mapping[int, Sequence[int]], span: Span,
        after: Key | None, *, most: int, newest_first: bool,
    ) -> list[Stored]:  # fmt: skip
        """The archived facts that come first after a place: `most` and one more, if there are so many."""
        undone, wanted = archives.undone_imports(connection), archives.by_month(noted.items())
        found: list[Stored] = []
        for each in reversed(dropped) if newest_first else dropped:
            low, high = months.bounds_of(each.month)
            is_passed = after is not None and (low > after[0] if newest_first else high <= after[0])
            if is_passed or low > span.until or len(found) > most:
                continue
            for row in _rows([each], wanted, undone):
                stored = stored_of(row)
                key = stored.fact.key
                is_next = after is None or (key < after if newest_first else key > after)
                if is_next and row.at <= span.until and row.received_at <= span.known:
                    found.append(stored)
        return found

    def count(self, connection: Connection[Any], lead_ids: Collection[int], *, most: int) -> dict[int, int]:
        """How many facts leads have; of one that has more than `most` here so many are counted, and one."""
        with _in_transaction(connection):
            archives.hold(connection)
            found = events.count_facts(connection, lead_ids, most=most)
            dropped = archives.dropped(connection)
            noted = archives.months_of_leads(connection, lead_ids) if dropped else []
            lead_of = {identity_id: lead_id for lead_id, identity_id, _ in noted}
            wanted = archives.by_month((identity_id, numbers) for _, identity_id, numbers in noted)
            for each in dropped:
                ids = wanted.get(months.number_of(each.month), ())
                if ids:
                    for identity_id, many in count_of_identities(known_place(each.place), each.manifest, ids).items():
                        found[lead_of[identity_id]] += many
            return found


def rows_of_ids(
    connection: Connection[Any], ids: Collection[int], *, of_import: int | None = None
) -> Iterator[ArchivedRow]:
    """What the archive holds of some identities in dropped months and counts; or only what one import brought."""
    dropped = archives.dropped(connection)
    noted = archives.months_of_identities(connection, ids) if dropped else {}
    if noted:
        undone = archives.undone_imports(connection) - {of_import}
        for row in _rows(dropped, archives.by_month(noted.items()), undone):
            if of_import is None or row.import_id == of_import:
                yield row


def rows_left(connection: Connection[Any], ids: Collection[int]) -> list[LeftRow]:
    """What is left of some identities in dropped months, as far as it tells whose keys are whose."""
    found = [
        LeftRow(
            row.identity_id, (), (),
            (int(bool(row.flags & Flag.CLAIM)), row.at, kind(row.event), row.source, row.message_id),
        )
        for row in rows_of_ids(connection, ids)
    ]  # fmt: skip
    return [*found, *archives.rows_that_stood(connection, ids)]


def _rows(
    dropped: Iterable[Archived], wanted: Mapping[int, Sequence[int]], undone: Collection[int | None]
) -> Iterator[ArchivedRow]:
    """Archived rows of identities, given by the numbers of months, but for imports that were taken back."""
    for each in dropped:
        ids = wanted.get(months.number_of(each.month))
        if ids:
            for row in rows_of_identities(known_place(each.place), each.manifest, ids):
                if row.import_id is None or row.import_id not in undone:
                    yield row


def stored_of(row: ArchivedRow) -> Stored:
    """An archived row as a stored fact; the keys that stood beside the row's own are not known any more."""
    said = (_values(part) for part in (row.properties, row.context, row.traits))
    fact = Fact(row.at, row.event, row.message_id, row.source, *said)
    return Stored(fact, row.received_at, row.flags, row.identity_id, None, None)


def _values(text: str | bytes | None) -> Properties:
    if text is None:
        return NOTHING
    try:
        found: dict[str, object] = _decode(text)
    except msgspec.DecodeError:  # huge numbers
        found = json.loads(text)
    return found


def _in_transaction(connection: Connection[Any]) -> Any:
    """The caller's transaction, or one of our own."""
    is_idle = connection.info.transaction_status == TransactionStatus.IDLE
    return connection.transaction() if is_idle else nullcontext()


# ---- All facts of very many leads ------------------------------------------------------------------------------------


def rows_of_range(connection: Connection[Any], low: int, high: int) -> Iterator[Row]:
    """What the archive holds of the leads from `low` up to and without `high`, by lead and of each by instant.

    Each month is read once, and what is found of these leads is held in memory.
    """
    dropped = archives.dropped(connection)
    noted = archives.identities_of_range(connection, low, high) if dropped else []
    if not noted:
        return
    ids, leads = (np.array(column, dtype=np.int64) for column in zip(*noted, strict=True))
    undone = pa.array(sorted(archives.undone_imports(connection)), pa.int32())
    tables = [table for each in dropped for table in _of_leads(each, ids, leads, undone)]
    if not tables:
        return
    whole = pa.concat_tables(tables)
    whole = whole.sort_by([("lead", "ascending"), ("at", "ascending"), ("at_us", "ascending")])
    names, sources = archives.numbers_of(
        connection, whole.column("event").unique().to_pylist(), whole.column("source").unique().to_pylist()
    )
    for start in range(0, whole.num_rows, AT_ONCE):
        part = whole.slice(start, AT_ONCE)
        for lead, row in zip(part.column("lead").to_pylist(), rows_of(part.select(SCHEMA.names)), strict=True):
            yield lead, row.at, names[row.event], sources[row.source], row.flags, _payload(row)


def _of_leads(each: Archived, ids: Any, leads: Any, undone: Any) -> Iterator[pa.Table]:
    import pyarrow.compute as pc

    for table in all_tables(known_place(each.place), each.manifest, SCHEMA.names):
        held = table.column("identity").to_numpy()
        places = np.searchsorted(ids, held)
        places[places == len(ids)] = 0
        mask = ids[places] == held
        if len(undone):
            mask &= ~pc.is_in(table.column("import"), value_set=undone).to_numpy()
        if mask.any():
            yield table.append_column("lead", pa.array(leads[places])).filter(pa.array(mask))


def _payload(row: ArchivedRow) -> bytes:
    parts = (part or "null" for part in (row.properties, row.context, row.traits))
    return PLAIN + b"[%b,%b]" % (_encode(row.message_id), ",".join(map(str, parts)).encode())


# ---- What models read ------------------------------------------------------------------------------------------------


def lacking_months(connection: Connection[Any], plan: Plan) -> dict[str, list[str]]:
    """Dropped months of which the archive did not keep what a plan reads of events, with the names of that."""
    fields = plan.fields()
    found = {each.month: list(lacking(each.manifest.properties, fields)) for each in archives.dropped(connection)}
    return {month: names for month, names in found.items() if names}


class NotKept(BadInput):
    """The archive did not keep what a model reads of events."""

    known_as = "not_kept"


def told_lacking(found: Mapping[str, Sequence[str]]) -> str:
    """Which months lack what, in one line."""
    by_names: dict[tuple[str, ...], list[str]] = {}
    for month, names in found.items():
        by_names.setdefault(tuple(names), []).append(month)
    return "; ".join(f"{', '.join(names)} of {', '.join(each)}" for names, each in by_names.items())


def check_kept(connection: Connection[Any], lead_id: int, model: LiveModel) -> None:
    """Raise NotKept where a version reads what the archive has not of a month in which a lead has facts."""
    found = lacking_months(connection, model.plan)
    if not found:
        return
    numbers = {each for _, _, held in archives.months_of_leads(connection, [lead_id]) for each in held}
    touched = {month: names for month, names in found.items() if months.number_of(month) in numbers}
    if touched:
        raise NotKept(
            f"{model.published.name}, version {model.published.version}, reads what the archive did not keep "
            f"({told_lacking(touched)}): look under another version, or as of an instant before"
        )
