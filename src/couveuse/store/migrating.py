"""The tables, brought to this version: safe to run twice, and at once from two machines."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from psycopg import Connection

from couveuse.core.times import SECOND_US
from couveuse.errors import CouveuseError
from couveuse.store import OLDEST, connections, health
from couveuse.store.backups import MARK
from couveuse.store.processes import SILENT_US, living
from couveuse.store.statements import statement

_APPLIED = statement("health", "applied")

# Whoever migrates holds this lock of the database's; any number will do that nobody else uses.
LOCK = 0x636F7576
# How often it is looked whether those who worked with the database have fallen silent.
LOOK_SECONDS = 0.5


def setup(url: str) -> None:
    """Make Django ready on this database, in this process; on another one, if it was ready before."""
    import django
    from django.apps import apps

    os.environ["COUVEUSE_DATABASE_URL"] = url
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "couveuse.store.settings")
    if not apps.ready:
        django.setup()
        return
    from django.db import connection

    from couveuse.store.settings import database

    connection.close()
    connection.settings_dict.update(database(url))


def migrate(url: str, say: Callable[[str], None] = lambda _: None, *, is_restoring: bool = False) -> Sequence[str]:
    """Apply what is missing; returns the names of the migrations applied.

    Raises NoDatabase where PostgreSQL does not answer, OldDatabase where it is too old, OlderRunning while processes of
    the version before work with it, and NewerDatabase where it is a newer version's.
    """
    with connections.connect(url, "migrate", autocommit=True, statement_ms=0) as connection:
        if connection.info.server_version < OLDEST * 10_000:
            version = connection.info.parameter_status("server_version")
            raise connections.OldDatabase(f"PostgreSQL {version} is too old: use {OLDEST} or newer")
        connection.execute("select pg_advisory_lock(%s)", [LOCK])
        setup(url)
        if not is_restoring:
            refuse_newer(connection)
            if is_made(connection) and _missing_now():
                _wait_for_older(connection)
        return _apply(say)


class OlderRunning(CouveuseError):
    """Processes of the version before work with the database: stop them first."""


class NewerDatabase(CouveuseError):
    """A newer version of Couveuse has made this database: install that version."""


def refuse_newer(connection: Connection[Any]) -> None:
    """Raise NewerDatabase where the database is a newer version's, or is being restored: we must not work with it."""
    if not is_made(connection):
        return
    applied = {name for (name,) in connection.execute(_APPLIED).fetchall()}
    newer = applied - health.migrations()
    if MARK in newer:
        raise NewerDatabase(
            "the database is being restored, or that was cut short: run couveuse restore again, with --yes"
        )
    if newer:
        raise NewerDatabase(
            f"a newer version of Couveuse has made this database ({', '.join(sorted(newer))}): install that version, "
            "or restore the backup that was made before the upgrade"
        )


def is_made(connection: Connection[Any]) -> bool:
    """Whether tables of ours were made in the database, of whatever version."""
    return connection.execute("select to_regclass('django_migrations') is not null").fetchone() == (True,)


def refuse_newer_at(url: str) -> None:
    """The same of a database by its URL; one that is away says nothing."""
    with suppress(connections.NoDatabase), connections.connect(url, "look", autocommit=True) as connection:
        refuse_newer(connection)


def _wait_for_older(connection: Connection[Any]) -> None:
    """Raise OlderRunning while processes give signs of life; those that were killed fall silent soon."""
    deadline = time.monotonic() + SILENT_US / SECOND_US + 5
    first = {(each.id, each.seen_at) for each in living(connection)}
    while found := living(connection):
        went_on = [each for each in found if (each.id, each.seen_at) not in first]
        if went_on or time.monotonic() > deadline:
            named = ", ".join(f"{each.kind} {each.pid} on {each.host}" for each in went_on or found)
            raise OlderRunning(f"processes of the version before work with the database ({named}): stop them first")
        time.sleep(LOOK_SECONDS)


def _apply(say: Callable[[str], None]) -> Sequence[str]:
    from django.core.management import call_command
    from django.db import connection as django_connection

    before = _missing_now()
    for name in before:
        say(f"Applying {name}.")
    call_command("migrate", interactive=False, verbosity=0)
    django_connection.close()
    return before


def _missing_now() -> list[str]:
    from django.db import connection as django_connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(django_connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def missing(url: str) -> Sequence[str]:
    """The names of the migrations that are not applied yet; raises NoDatabase."""
    with connections.connect(url, "migrate", autocommit=True):
        setup(url)
        return _missing_now()


def is_current(url: str) -> bool:
    """Whether every migration was applied; raises NoDatabase."""
    with connections.connect(url, "migrate", autocommit=True):
        setup(url)
        return not _missing_now()
