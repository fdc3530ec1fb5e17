"""Backups: a folder each, made under another name, read again to its end, and only then named.

A backup holds the database as of one instant, while everything runs; the key that signs links and opens sealed secrets
where that is kept in the data folder; and a manifest by which it is known to be whole. So whoever may read a backup may
do what we may: its files are its owner's alone. The journal of erasures stands beside the backups and not in them.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import psycopg
import structlog
from psycopg import Connection

from couveuse import __version__
from couveuse.configuration import Configuration
from couveuse.core.times import DAY_US, MINUTE_US, iso, moment
from couveuse.engine.clocks import now_us
from couveuse.errors import BadInput, CouveuseError
from couveuse.store import backups as store
from couveuse.store import connections, dumps, erasure_journal, erasures
from couveuse.store.backups import SCHEDULE
from couveuse.store.months import Months

log = structlog.get_logger("couveuse.backup")

FORMAT: Final = 1
DUMP, KEY, MANIFEST = "database.dump", "secret-key", "manifest.json"
PREFIX, UNFINISHED = "couveuse-", "-unfinished"
# One that failed is tried again after so long.
AGAIN_US: Final = 60 * MINUTE_US


class BadBackup(BadInput):
    """This is no backup, or one that is not whole."""


class BackupRuns(CouveuseError):
    """Another backup is being made or restored: wait until it has ended."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that has a manifest, and what that says."""

    place: Path
    manifest: Mapping[str, Any]

    @property
    def at(self) -> int:
        """As of when it is."""
        return int(self.manifest["at_us"])

    @property
    def because(self) -> str:
        """Why it was made."""
        return str(self.manifest["because"])

    @property
    def version(self) -> str:
        """By which version it was made."""
        return str(self.manifest["version"])

    @property
    def tables(self) -> Mapping[str, int]:
        """How many rows of each table it holds."""
        return dict(self.manifest["tables"])

    @property
    def size(self) -> int:
        """How large it is, in bytes."""
        return sum(int(file["bytes"]) for file in self.manifest["files"].values())

    def is_whole(self) -> bool:
        """Whether each of its files is what the manifest says; they are read to the end."""
        try:
            return all(_told(self.place / name) == file for name, file in self.manifest["files"].items())
        except OSError:
            return False


def open_backup(place: Path) -> Backup:
    """A backup by its folder; raises BadBackup for what is none."""
    try:
        manifest = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
        backup = Backup(place, manifest)
        known = manifest["couveuse_backup"] <= FORMAT and bool(manifest["files"][DUMP] and backup.at and backup.version)
    except (OSError, ValueError, KeyError, TypeError):
        raise BadBackup(f"{place}: this is no backup; name a folder that couveuse backup has made") from None
    if not known:
        raise BadBackup(f"{place}: a newer version of Couveuse has made it: install {backup.version}")
    return backup


def list_backups(folder: Path) -> list[Backup]:
    """The backups of a folder, the newest first."""
    found = []
    for place in folder.glob(f"{PREFIX}*/{MANIFEST}"):
        try:
            found.append(open_backup(place.parent))
        except BadBackup:
            continue
    return sorted(found, key=lambda backup: (-backup.at, backup.place.name))


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Nobody else makes a backup in this folder, or clears away what was left of one; raises BackupRuns."""
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupRuns from None
        yield
    finally:
        os.close(descriptor)


def back_up(
    url: str, settings: Configuration, *, because: str, now: int, folder: Path | None = None,
    ended: Callable[[], int] | None = None,
) -> Backup:  # fmt: skip
    """Make a backup in a folder, the configured one if none is named; it is there whole, or not at all.

    Raises BackupRuns, NoDatabase, NoBinaries, NotDumped, NoJournal.
    """
    folder = store.folder_of(settings) if folder is None else folder
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (
        alone_in(folder),
        connections.connect(url, "backup", autocommit=True, statement_ms=0) as connection,
        connections.connect(url, "backup", autocommit=True) as beside,
    ):
        if not store.hold(connection):
            raise BackupRuns
        for left in folder.glob(f".{PREFIX}*{UNFINISHED}"):
            shutil.rmtree(left)
        has_rows = store.has_rows(connection)
        if has_rows:
            store.abandon(beside, now)
        Months(url).ensure_ahead(now)
        place = _free_name(folder, now)
        unfinished = folder / f".{place.name}{UNFINISHED}"
        number = None
        try:
            if has_rows:
                erasure_journal.append(folder, erasures.entries(connection))
            with connection.transaction():
                snapshot = store.take_snapshot(connection)
                # Behind the snapshot: what is saved does not say of itself that it runs.
                if has_rows:
                    number = store.begin(beside, at=now, place=str(place), because=because)
                unfinished.mkdir(mode=0o700)
                backup = _write(url, connection, settings, snapshot, unfinished, because=because, now=now)
            unfinished.rename(place)
            _sync(folder)
        except BaseException as error:
            shutil.rmtree(unfinished, ignore_errors=True)
            if number is not None and isinstance(error, Exception):
                with suppress(psycopg.Error):
                    store.end(beside, number, at=now, size=None, error=_reason(error))
            raise
        if number is not None:
            store.end(beside, number, at=now if ended is None else ended(), size=backup.size)
    return Backup(place, backup.manifest)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'the folder of backups'}: {error.strerror}"
    return connections.first_line(error)


def _free_name(folder: Path, now: int) -> Path:
    name = PREFIX + moment(now).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    names = (folder / (name if number == 1 else f"{name}-{number}") for number in range(1, 1000))
    return next(place for place in names if not place.exists())


def _write(
    url: str, connection: Connection[Any], settings: Configuration, snapshot: store.Snapshot, into: Path, *,
    because: str, now: int,
) -> Backup:  # fmt: skip
    """Write all files of a backup; returns once they are on the disk and were read again."""
    tables = store.count_rows(connection, snapshot.schema)
    months = store.archived_months(connection) if snapshot.has_rows else []
    with dumps.access(url, connection) as access:
        dumps.dump(access, into / DUMP, schema=snapshot.schema, snapshot=snapshot.name)
        missing = tables.keys() - dumps.read_whole(access, into / DUMP)
        if missing:
            raise dumps.NotDumped(f"the dump lacks {', '.join(sorted(missing))}: please report this fault")
    files = [DUMP]
    key = settings.data / KEY
    if not settings.secret_key and key.is_file():
        with os.fdopen(os.open(into / KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key.read_bytes())
        files.append(KEY)
    for name in files:
        (into / name).chmod(0o600)
        _sync(into / name)
    manifest = {
        "couveuse_backup": FORMAT, "version": __version__, "at": iso(now), "at_us": now, "because": because,
        "server": snapshot.server, "schema": snapshot.schema, "migrations": list(snapshot.migrations),
        "tables": tables, "files": {name: _told(into / name) for name in files},
        "archive": {"place": settings.archive, "months": months},
        "secret_key": "in this backup" if KEY in files else "given by the environment, and not in this backup",
    }  # fmt: skip
    with os.fdopen(
        os.open(into / MANIFEST, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        json.dump(manifest, file, indent=1, ensure_ascii=False)
    _sync(into / MANIFEST)
    _sync(into)
    return Backup(into, manifest)


def _told(path: Path) -> dict[str, Any]:
    """What a manifest says of a file."""
    digest, size = sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
    return {"bytes": size, "sha256": digest.hexdigest()}


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# ---- By schedule -----------------------------------------------------------------------------------------------------


def due_at(settings: Configuration, now: int) -> int | None:
    """The last instant at which a backup was due; None where none is scheduled."""
    if settings.backup_at == "off":
        return None
    hour, _, minute = settings.backup_at.partition(":")
    at = now // DAY_US * DAY_US + (int(hour) * 60 + int(minute)) * MINUTE_US
    return at if at <= now else at - DAY_US


def back_up_if_due(url: str, settings: Configuration, now: int) -> Backup | None:
    """Make the day's backup if it is due and nobody makes it; then the oldest by schedule make room.

    It takes as long as the backup does. One that fails is told in its row and tried again after an hour. A day on which
    nothing ran is made up for.
    """
    due = due_at(settings, now)
    if due is None:
        return None
    with connections.connect(url, "backup", autocommit=True) as connection:
        tried = store.scheduled_since(connection, due)
    if any(row.error == "" and row.ended_at is not None for row in tried):
        return None
    if tried and tried[0].error and now - tried[0].at < AGAIN_US:
        return None
    try:
        backup = back_up(url, settings, because=SCHEDULE, now=now, ended=now_us)
    except BackupRuns:
        return None
    except (CouveuseError, OSError, psycopg.Error) as error:
        log.error("backup failed", error=type(error).__name__, reason=_reason(error))
        return None
    log.info("backup made", place=backup.place.name, bytes=backup.size)
    make_room(url, settings, now)
    return backup


def make_room(url: str, settings: Configuration, now: int) -> Sequence[Path]:
    """Remove all backups by schedule but the newest ones; those made by hand stay."""
    folder = store.folder_of(settings)
    with alone_in(folder):
        scheduled = [backup for backup in list_backups(folder) if backup.because == SCHEDULE]
        gone = [backup.place for backup in scheduled[settings.backups_kept :]]
        for place in gone:
            # Under the name of one that is unfinished: what is half removed is no backup.
            left = place.rename(place.with_name(f".{place.name}{UNFINISHED}"))
            shutil.rmtree(left)
    if gone:
        with connections.connect(url, "backup", autocommit=True) as connection:
            store.note_removed(connection, [str(place) for place in gone], now)
    return gone
