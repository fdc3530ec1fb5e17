"""Restoring a backup: in one transaction or not at all, checked, and harmless until somebody has looked.

What is restored is the past. Who was erased since is erased again, and nothing goes out by itself: what waited may have
gone out since. Until all of that is done the database is marked, and no process works with it.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from psycopg import Connection

from couveuse.archive.errors import BadPlace, OutOfReach
from couveuse.configuration import Configuration
from couveuse.engine.archiving import Archivist
from couveuse.engine.backing_up import DUMP, KEY, BackupRuns, BadBackup, open_backup
from couveuse.engine.erasing import Eraser, FromArchive
from couveuse.engine.live import LiveModels, NothingPublished
from couveuse.engine.looking import Looker
from couveuse.errors import BadInput, CouveuseError
from couveuse.store import OLDEST, audit, connections, dumps, erasure_journal, erasures, health, migrating
from couveuse.store import backups as store
from couveuse.store.erasures import Entry
from couveuse.store.processes import living

# So many leads are folded again to see whether what is stored is what their facts say.
SAMPLE: Final = 100


class NotEmpty(BadInput):
    """The database holds something already."""


class StillRunning(BadInput):
    """Processes work with the database: stop them first."""


class Wrong(CouveuseError):
    """What was restored is not what was saved."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and what was done to it."""

    version: str
    rows: int
    migrated: Sequence[str]
    erased: int
    checked: int
    lacking: Sequence[str]  # what is wrong with the archive
    key: str


def restore(
    url: str, settings: Configuration, place: Path, *, replace: bool, now: int, by: str,
    say: Callable[[str], None] = lambda _: None, archive: FromArchive | None = None,
) -> Restored:  # fmt: skip
    """Restore a backup into a database, an empty one unless `replace`; nothing has changed where it is refused.

    Raises BadBackup, NotEmpty, StillRunning, BackupRuns, NoDatabase, OldDatabase, NoBinaries, NotRestored.
    """
    backup = open_backup(place)
    newer = set(backup.manifest["migrations"]) - health.migrations()
    if newer:
        raise BadBackup(f"{place}: version {backup.version} has made it, which is newer: install that version")
    say(f"Reading {place}.")
    if not backup.is_whole():
        raise BadBackup(f"{place}: it is not whole, its files are not what its manifest says: take another backup")
    folders = (place.parent, store.folder_of(settings))
    schema = str(backup.manifest["schema"])
    with connections.connect(url, "restore", autocommit=True, statement_ms=0) as connection:
        if not store.hold(connection):
            raise BackupRuns
        entries = [entry for folder in folders for entry in erasure_journal.read(folder)]
        entries += _make_sure(connection, replace=replace)
        # What a database knew that is replaced must not be forgotten, whatever happens next.
        erasure_journal.append(store.folder_of(settings), entries)
        say(f"Restoring {sum(backup.tables.values()):,} rows.")
        with dumps.access(url, connection) as access:
            dumps.restore(
                access, place / DUMP, before=store.before_script(connection, schema),
                after=store.after_script(connection, schema, backup.tables),
            )  # fmt: skip
        migrated = migrating.migrate(url, say, is_restoring=True)
        store.calm(connection, now)
        connection.execute("analyze")
    lacking = _see_archive(url, settings) if backup.manifest["archive"]["months"] else []
    erased = Eraser(url, store.folder_of(settings), archive).replay(entries, now=now)
    with connections.connect(url, "restore", autocommit=True, statement_ms=0) as connection:
        checked = check(connection, SAMPLE)
        audit.record(connection, by=by, did="restore", about={"backup_at": backup.at, "erased": len(erased)}, now=now)
        key = _restore_key(place / KEY, settings)
        store.unmark(connection)
    return Restored(backup.version, sum(backup.tables.values()), migrated, len(erased), checked, lacking, key)


def _see_archive(url: str, settings: Configuration) -> Sequence[str]:
    """Take the archive as it stands now, which may have been written again since; returns what is wrong with it."""
    try:
        with Archivist(url, settings) as archivist:
            return [f"{finding.month}: {finding.reason}" for finding in archivist.verify()]
    except (OutOfReach, BadPlace) as error:
        return [str(error)]


def _make_sure(connection: Connection[Any], *, replace: bool) -> Sequence[Entry]:
    """That nothing is lost which nobody has agreed to lose; returns the erasures that the database knows."""
    if connection.info.server_version < OLDEST * 10_000:
        raise connections.OldDatabase
    there = store.contents(connection)
    if not there.tables:
        return ()
    if not there.is_ours:
        raise NotEmpty(f"the database holds {len(there.tables)} tables of something else: name an empty one")
    running = living(connection)
    if running:
        named = ", ".join(f"{each.kind} {each.pid} on {each.host}" for each in running)
        raise StillRunning(f"processes work with the database ({named}): stop them, or wait 20 s if they were killed")
    if not replace:
        raise NotEmpty("the database is not empty: say --yes to replace all that stands in it, or name an empty one")
    return erasures.entries(connection) if store.has_rows(connection) else ()


def check(connection: Connection[Any], most: int) -> int:
    """Whether the stored score of some leads is what their facts say; returns of how many. Raises Wrong."""
    looker = Looker()
    try:
        model = next(each for each in LiveModels().load(connection) if each.acts)
    except NothingPublished:
        return 0
    numbers = store.sample(connection, model.id, most)
    checked = 0
    for number in numbers:
        try:
            found = looker.look(connection, number, model)
        except OutOfReach:
            continue  # that was told
        checked += 1
        if found.agrees is False:
            raise Wrong(f"lead {number}: its stored score is not what its facts say; see couveuse link {number}")
    return checked


def _restore_key(saved: Path, settings: Configuration) -> str:
    """Put the key in its place where one was saved; returns what was done, in a sentence."""
    if settings.secret_key or not saved.is_file():
        return ""
    there = settings.data / KEY
    if there.is_file():
        if there.read_bytes() == saved.read_bytes():
            return ""
        there.replace(there.with_name(f"{KEY}.before-restore"))
    settings.data.mkdir(parents=True, exist_ok=True)
    unfinished = there.with_name(f".{KEY}-restored")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with saved.open("rb") as source:
            shutil.copyfileobj(source, file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(there)
    return f"The key that signs links was put into {there}."
