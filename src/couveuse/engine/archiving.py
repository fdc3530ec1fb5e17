"""Closed months written to the archive, and dropped here once it is sure that everything is there.

A month is written from one snapshot, under temporary names, read again and named; only then it stands in the table of
archived months. Whatever is ended half-way leaves files that do not count, and the next run removes them.

A month is dropped in one short transaction that waits for everybody who writes or reads facts. In it the facts are
compared with those that were archived, by a fingerprint of whole rows: a late fact that came meanwhile has the month
written anew first. What names people stays here. Late facts of a dropped month lie in its partition, are read as any
others, and join the archive when the month is archived again.
"""

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final, Self

import structlog
from psycopg import Connection, conninfo
from psycopg.errors import LockNotAvailable

from couveuse.archive import months as calendar
from couveuse.archive.errors import ArchiveBroken, OutOfReach
from couveuse.archive.keeping import lacking, wanted_of
from couveuse.archive.layout import folder_of
from couveuse.archive.manifests import Manifest
from couveuse.archive.places import place_at
from couveuse.archive.reading import all_rows, all_tables, count_of_identities, known_place
from couveuse.archive.writing import manifest_at, tidy, verify
from couveuse.configuration import Configuration
from couveuse.core.plan import plan
from couveuse.engine.clocks import now_us
from couveuse.engine.live import model_of
from couveuse.engine.month_rows import AT_ONCE, stood
from couveuse.engine.month_writing import Task, connected, snapshot, written
from couveuse.errors import BadInput, CouveuseError
from couveuse.store import archives, connections, registers
from couveuse.store.archives import Archived
from couveuse.store.identities import own_bindings

log = structlog.get_logger("couveuse.engine")

DATA_FOLDER: Final = "archive"
# For so long a drop keeps others waiting before it lets them pass and tries again.
LOCK_MS: Final = 3_000
LOCK_TRIES: Final = 60
PAUSE_SECONDS: Final = 0.5
# So often a month is written anew because facts came between its writing and its dropping.
TRIES: Final = 5


class ArchiveRuns(BadInput):
    """Another process is writing the archive: let it end, or stop it, and then say this again."""


class ArchiveInUse(CouveuseError):
    """Facts are being read without a pause, and the month could not be dropped: say it again at a quieter time."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a month stands: its facts here, and what the archive holds of it."""

    month: str
    here: int
    archived: Archived | None
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """A month whose archive is not what was written, and why."""

    month: str
    reason: str


def address_of(settings: Configuration) -> str:
    """Where the archive stands by the settings."""
    return settings.archive or str((settings.data / DATA_FOLDER).absolute())


def is_closed(month: str, now: int, *, after: int = 0) -> bool:
    """Whether a month ended, so many months ago at least."""
    number = calendar.number_of(month) + after
    return calendar.bounds_of(calendar.text_of(number))[1] <= now


class Archivist:
    """Writes, drops and verifies months, alone; use it in a `with`. Raises ArchiveRuns where another one does."""

    def __init__(self, url: str, settings: Configuration, clock: Callable[[], int] = now_us) -> None:
        self._url, self._settings, self._clock = url, settings, clock
        self.place = place_at(address_of(settings))
        self._stack = ExitStack()
        self._connection = self._stack.enter_context(connected(url))
        try:
            if not archives.lock(self._connection):
                raise ArchiveRuns
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    # ---- Which months ------------------------------------------------------------------------------------------------

    def due(self, *, after: int = 0) -> list[str]:
        """The months that closed so many months ago, are not archived, and may have facts; in order."""
        known, now = archives.archived(self._connection), self._clock()
        there = archives.months_there(self._connection)
        return [month for month in there if month not in known and is_closed(month, now, after=after)]

    def changed(self) -> list[str]:
        """The archived months whose facts here are others than when they were written; in order."""
        known = archives.archived(self._connection)
        return [month for month, each in known.items() if not self._is_fresh(each)]

    def _is_fresh(self, known: Archived) -> bool:
        if known.dropped_at is not None:
            staying = sum(table.num_rows for table in all_tables(
                known_place(known.place), known.manifest, ["is_kept"], kept=True))  # fmt: skip
            return bool(archives.count(self._connection, known.month) == staying)
        return archives.fingerprint(self._connection, known.month) == known.manifest.fingerprint

    # ---- Writing -----------------------------------------------------------------------------------------------------

    def run(
        self, months: Sequence[str], progress: Callable[[Manifest], None] = lambda _: None, *, processes: int = 1
    ) -> list[Manifest]:
        """Write months that closed; one that was dropped takes its late facts in. Returns those that have facts."""
        now = self._clock()
        for month in months:
            if not is_closed(month, now):
                raise BadInput(f"{month}: it has not ended yet; archive it once it has")
        return self._write_all(self._task(), months, progress, processes)

    def _write_all(
        self, task: Task, months: Sequence[str], progress: Callable[[Manifest], None], processes: int
    ) -> list[Manifest]:
        known = archives.archived(self._connection)
        again = [month for month in months if month in known and known[month].dropped_at is not None]
        found = []
        for manifest in written(task, [month for month in months if month not in again], processes):
            if manifest.parts or manifest.month in known:
                self._stands(manifest)
                progress(manifest)
                found.append(manifest)
        for month in again:
            manifest = self._drop(task, month)
            progress(manifest)
            found.append(manifest)
        return found

    def _task(self) -> Task:
        """With what is kept: what any model reads that was ever published, and what was asked for."""
        versions = archives.published_ever(self._connection)
        fields = [plan(model_of(each)).fields() for each in versions]
        names, withheld = wanted_of(fields, self._settings.archive_properties)
        newest = max((each.id for each in versions), default=0)
        return Task(self._url, self.place.address, names, withheld, newest)

    def _stands(self, manifest: Manifest) -> None:
        """A month that was written counts from now on; files that count no more go."""
        archives.write(self._connection, self.place.address, manifest, self._clock())
        tidy(self.place, manifest.month, manifest.parts)
        log.info("month archived", month=manifest.month, events=manifest.rows, bytes=manifest.bytes)

    # ---- Dropping ----------------------------------------------------------------------------------------------------

    def drop(self, months: Sequence[str], progress: Callable[[Manifest], None] = lambda _: None) -> list[Manifest]:
        """Drop months, each archived first as it is; raises ArchiveInUse where nobody lets us."""
        now = self._clock()
        for month in months:
            if not is_closed(month, now):
                raise BadInput(f"{month}: it has not ended yet, and cannot be dropped")
        task, found = self._task(), []
        for month in months:
            manifest = self._drop(task, month)
            progress(manifest)
            found.append(manifest)
        return found

    def _drop(self, task: Task, month: str) -> Manifest:
        for _ in range(TRIES):
            manifest = self._ready(task, month)
            if not (manifest.parts or task.gone):
                raise BadInput(f"{month}: there are no facts of it; see: couveuse archive status")
            self._note(month)
            if self._replace(manifest, task.newest):
                tidy(self.place, month, manifest.parts)
                log.info("month dropped", month=month, events=manifest.rows)
                return manifest
            task = replace(self._task(), gone=task.gone)
        raise ArchiveInUse(f"{month}: facts of it, or models, came faster than it was written; say it again")

    def _ready(self, task: Task, month: str) -> Manifest:
        """The month as it is here, in files that were read to their end; written anew where it is another one."""
        known = archives.archived(self._connection).get(month)
        if known is not None and known.dropped_at is None and known.place == self.place.address and not task.gone:
            is_enough = not list(lacking(known.manifest.properties, task.names))
            if is_enough and self._is_fresh(known):
                self._read(known.manifest)
                return known.manifest
        (manifest,) = written(task, [month], 1)
        if known is None or known.dropped_at is None:
            self._stands(manifest)
        return manifest

    def _note(self, month: str) -> None:
        """Write down which identities have facts in a month, and which keys stood together in them."""
        sources, names = registers.sources(), registers.event_names()
        with snapshot(self._url) as reading, archives.rows_of_month(reading, month) as cursor:
            rows = iter(cursor)
            while some := list(islice(rows, AT_ONCE)):
                source_of = sources.words(self._connection, {row[4] for row in some})
                name_of = names.words(self._connection, {row[3] for row in some})
                ids = {row[0] for row in some}
                archives.note_identities(self._connection, sorted(ids), calendar.number_of(month))
                archives.note_standings(self._connection, list(stood(some, name_of, source_of)))

    def _replace(self, manifest: Manifest, newest: int) -> bool:
        """Drop a month whose facts are those that were archived; False, and nothing done, where they are not.

        Nor where a model was published meanwhile, which may read what was not kept.
        """
        for _ in range(LOCK_TRIES):
            try:
                with self._connection.transaction():
                    archives.try_alone(self._connection)  # nobody is kept waiting for whoever reads for long
                with self._connection.transaction():
                    return self._replace_alone(manifest, newest)
            except LockNotAvailable:
                time.sleep(PAUSE_SECONDS)  # so that those who waited behind us pass
        raise ArchiveInUse

    def _replace_alone(self, manifest: Manifest, newest: int) -> bool:
        connection, month = self._connection, manifest.month
        kept = [(row.identity_id, row.at) for row in all_rows(self.place, manifest, kept=True)]
        archives.name_staying(connection, sorted(set(kept)))
        connection.execute(f"set local lock_timeout = {LOCK_MS}")
        own_bindings(connection)
        archives.hold_alone(connection)
        if archives.fingerprint(connection, month) != manifest.fingerprint:
            return False
        if archives.newest_version(connection) != newest:
            return False
        archives.write(connection, self.place.address, manifest, self._clock())
        if archives.replace_month(connection, month, self._clock()) != len(kept):
            raise CouveuseError(f"{month}: not all facts that stay were found again; nothing was dropped; report it")
        return True

    def forget(self, identity_ids: Collection[int]) -> int:
        """Take identities out of the archive; returns how many facts of theirs stood in it.

        The months that hold some are written anew without them. They are to be erased from the database afterwards.
        """
        ids = frozenset(identity_ids)
        found: dict[str, int] = {}
        for month, each in archives.archived(self._connection).items():
            held = count_of_identities(known_place(each.place), each.manifest, sorted(ids), kept=True)
            if held:
                found[month] = sum(held.values())
        if found:
            self._write_all(replace(self._task(), gone=ids), list(found), lambda _: None, 1)
        return sum(found.values())

    # ---- Looking -----------------------------------------------------------------------------------------------------

    def verify(self, months: Collection[str] = ()) -> list[Finding]:
        """Read the archive to its end where the settings say that it stands; returns what is wrong.

        Where it was moved there and is whole, it is read there from now on. Where the database is of before a later
        writing of a month, for it was restored, the later one counts.
        """
        found: list[Finding] = []
        moved, again = [], []
        for month, known in archives.archived(self._connection).items():
            if months and month not in months:
                continue
            try:
                self._read(known.manifest)
            except ArchiveBroken as error:
                newer = self._newer(known)
                if newer is None:
                    found.append(Finding(month, str(error)))
                    continue
                archives.write(self._connection, self.place.address, newer, self._clock())
                if known.dropped_at is not None:
                    again.append(month)
            if known.place != self.place.address:
                moved.append(month)
        archives.move(self._connection, moved, self.place.address)
        self._write_all(self._task(), again, lambda _: None, 1)
        return found

    def _read(self, manifest: Manifest) -> None:
        """Read a month to its end; raises ArchiveBroken."""
        for part in manifest.parts:
            verify(self.place, f"{folder_of(manifest.month)}/{part.name}", part)

    def _newer(self, known: Archived) -> Manifest | None:
        """A later writing of a month, where the database is of before: it was restored from a backup."""
        manifest = manifest_at(self.place, known.month)
        if manifest is None or manifest.generation <= known.manifest.generation:
            return None
        try:
            self._read(manifest)
        except ArchiveBroken:
            return None
        return manifest


def status(url: str, now: int) -> list[Standing]:
    """All months, in order: how many facts are here, and what is archived."""
    with connections.connect(url, "archive", autocommit=True, statement_ms=0) as connection:
        known, there = archives.archived(connection), archives.months_there(connection)
        return [
            Standing(month, archives.count(connection, month), known.get(month), is_closed(month, now))
            for month in sorted(known.keys() | there.keys())
        ]


def taker(settings: Configuration) -> Callable[[Connection[Any], Collection[int]], dict[str, int]]:
    """What takes identities out of the archive, for whoever erases them."""

    def take(connection: Connection[Any], identity_ids: Collection[int]) -> dict[str, int]:
        if not archives.archived(connection):
            return {}
        info = connection.info
        url = conninfo.make_conninfo(info.dsn, password=info.password or None)
        with Archivist(url, settings) as archivist:
            return {"archive": archivist.forget(identity_ids)}

    return take


def archive_if_due(url: str, settings: Configuration, now: int) -> list[str]:
    """Archive the months that are due by the settings; returns which. Safe to call from several processes at once."""
    if not settings.archive_after:
        return []
    try:
        with Archivist(url, settings, lambda: now) as archivist:
            due = archivist.due(after=settings.archive_after)
            return [manifest.month for manifest in archivist.run(due) if manifest.parts] if due else []
    except ArchiveRuns:
        return []
    except OutOfReach as error:
        log.warning("archive out of reach", reason=str(error))
        return []
