"""Upgrading: what is looked at before the tables change, and afterwards.

Going back is restoring the backup that was made first, with the version that made it.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from couveuse.configuration import Configuration
from couveuse.engine.restoring import SAMPLE, check
from couveuse.store import OLDEST, backups, connections, migrating
from couveuse.store.health import Check
from couveuse.store.processes import living
from couveuse.store.statements import statement

_BEFORE: Final = statement("health", "before_upgrade")
# A backup takes about as much as this part of the database: indexes are not in it, and rows are compressed.
BACKUP_PART: Final = 0.5
SPARE_BYTES: Final = 1 << 28


@dataclass(frozen=True, slots=True)
class Before:
    """What stands before an upgrade: the migrations to apply, and what was looked at."""

    missing: Sequence[str]
    checks: Sequence[Check]

    @property
    def may_go_on(self) -> bool:
        """Whether nothing stands against it."""
        return all(each.is_fine for each in self.checks)


def look(url: str, settings: Configuration, *, with_backup: bool) -> Before:
    """What an upgrade would do, and what stands against it; nothing is changed.

    Raises NoDatabase, NewerDatabase.
    """
    with connections.connect(url, "upgrade", autocommit=True) as connection:
        migrating.refuse_newer(connection)
        if not migrating.is_made(connection):
            return Before(migrating.missing(url), ())
        missing = migrating.missing(url)
        found = list(_checks(connection, settings, with_backup=with_backup)) if missing else []
    return Before(missing, found)


def _checks(connection: Connection[Any], settings: Configuration, *, with_backup: bool) -> Iterator[Check]:
    row = connection.execute(_BEFORE).fetchone()
    assert row is not None  # a select without a table has one
    version, number, size, waiting = row
    is_old = number < OLDEST * 10_000
    yield Check(
        "database", f"PostgreSQL {version}, {_mib(size)}", f"use PostgreSQL {OLDEST} or newer" if is_old else ""
    )
    running = ", ".join(f"{each.kind} {each.pid} on {each.host}" for each in living(connection))
    yield Check("processes", running or "none runs", "stop them, then try again" if running else "")
    yield Check("backlog", f"{waiting:,} events wait; the new version takes them")
    if with_backup:
        folder = backups.folder_of(settings).absolute()
        there = next(each for each in (folder, *folder.parents) if each.exists())
        free, wanted = shutil.disk_usage(there).free, int(size * BACKUP_PART) + SPARE_BYTES
        cure = "free disk space, set COUVEUSE_BACKUPS to another folder, or say --no-backup if you have one"
        yield Check("disk", f"{_mib(free)} free in {there}, some {_mib(wanted)} wanted", cure if free < wanted else "")


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.0f} MiB"


def verify(url: str) -> int:
    """Whether the stored score of some leads is what their facts say; returns of how many. Raises Wrong."""
    with connections.connect(url, "upgrade", autocommit=True, statement_ms=0) as connection:
        return check(connection, SAMPLE)
