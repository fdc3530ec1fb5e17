"""`couveuse doctor`: what a new user gets wrong, each with its cure. It looks, and starts and changes nothing."""

import os
import platform
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer
from psycopg import Connection
from psycopg.errors import UndefinedTable

from couveuse import configuration
from couveuse.cli import FINDING
from couveuse.configuration import Configuration
from couveuse.core.times import DAY_US, HOUR_US, SECOND_US
from couveuse.engine import outgoing
from couveuse.errors import CouveuseError
from couveuse.serve.addresses import AddressInUse, require_free
from couveuse.store import OLDEST, backups, binaries, clusters, connections, health, private, processes
from couveuse.store.health import Check
from couveuse.store.statements import statement

_SERVER = statement("health", "server")
_IN_USE = statement("health", "in_use")
_BACKUPS, _UNKNOWN_TEAMS = statement("health", "backups"), statement("health", "unknown_teams")
# A day's backup that was made two days ago is not the day's any more.
BACKUP_US: Final = 2 * DAY_US
NEWEST: Final = 18
# Less than this and PostgreSQL may stop within a day.
FREE_BYTES: Final = 1 << 30
# Clocks further apart than this put facts of one machine before those of another.
SKEW_SECONDS: Final = 2.0
TOP_REASONS: Final = 3


def examine() -> None:
    """Print every check; exit code 1 where there is a finding."""
    findings = 0
    for check in checks(configuration.read()):
        typer.echo(f"{'fine ' if check.is_fine else 'WRONG'}  {check.name:14} {check.says}")
        if not check.is_fine:
            findings += 1
            typer.echo(f"{'':22}{check.cure}")
    if findings:
        typer.echo(f"\n{findings} finding{'s' if findings > 1 else ''}.")
        raise typer.Exit(FINDING)


def look_for(kind: str) -> None:
    """Whether a process of this kind gives signs of life on this machine; exit code 1 where none does."""
    with connections.connect(private.url(configuration.read()), "doctor", autocommit=True) as connection:
        found = [each for each in processes.living(connection) if (each.kind, each.host) == (kind, platform.node())]
    if not found:
        typer.echo(f"no {kind} gives signs of life on {platform.node()}")
        raise typer.Exit(FINDING)
    typer.echo(", ".join(f"{each.kind} {each.pid}" for each in found))


def checks(settings: Configuration) -> Iterator[Check]:
    """What is looked at, in the order in which it can be mended."""
    yield Check("Python", f"{platform.python_version()} on {platform.system()}")
    if settings.is_private:
        yield _programs(settings)
    yield from _folder(settings.data)
    try:
        with connections.connect(private.url(settings), "doctor", autocommit=True) as connection:
            yield from _database(connection)
            yield from _instance(connection, settings)
    except connections.NoDatabase as error:
        is_ours = settings.is_private
        says = "the private PostgreSQL does not run" if is_ours else str(error).rpartition(": ")[0]
        yield Check("database", says, "run: couveuse up" if is_ours else "start it, or correct COUVEUSE_DATABASE_URL")
        yield _address(settings, is_serving=False)


def _programs(settings: Configuration) -> Check:
    try:
        found = binaries.find(clusters.major_of(Path(os.path.realpath(settings.data)) / private.FOLDER))
    except CouveuseError as error:
        says, _, cure = str(error).rpartition(": ")
        return Check("PostgreSQL", says, cure)
    except PermissionError:
        return Check("PostgreSQL", "its folder belongs to somebody else", "run as who started couveuse up, or as root")
    return Check("PostgreSQL", f"{found.major}, in {found.folder}")


def _folder(data: Path) -> Iterator[Check]:
    """The data folder, or the nearest one above it that exists."""
    there = Path(os.path.realpath(data))
    while not there.exists():
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        yield Check(
            "data folder", f"{data} cannot be written", "correct its rights, or set COUVEUSE_DATA to another one"
        )
        return
    free = shutil.disk_usage(there).free
    says = f"{data}, {free / (1 << 30):,.1f} GiB free"
    yield Check("data folder", says, "free some disk space" if free < FREE_BYTES else "")
    key = data / "secret-key"
    if key.exists() and key.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Check("secret key", f"{key} can be read by others", f"run: chmod 600 {key}")


@dataclass(frozen=True, slots=True)
class _Server:
    version: str
    number: int
    encoding: str
    max_connections: int
    off: Sequence[str]
    now: int


def _database(connection: Connection[Any]) -> Iterator[Check]:
    before = time.time_ns() // 1000
    row = connection.execute(_SERVER).fetchone()
    assert row is not None  # a select without a table has one
    server = _Server(*row)
    middle = (before + time.time_ns() // 1000) / 2
    major = server.number // 10_000
    cure = f"use PostgreSQL {OLDEST} to {NEWEST}" if major < OLDEST else ""
    untried = f"; newer than {NEWEST}, with which this version was tried" if major > NEWEST else ""
    yield Check("database", f"answers, PostgreSQL {server.version}{untried}", cure)
    if server.encoding != "UTF8":
        yield Check(
            "encoding", server.encoding, "make the database anew: createdb --encoding=UTF8 --template=template0"
        )
    if server.off:
        words = ", ".join(server.off)
        yield Check("durability", f"{words} off: a crash may lose what was acknowledged", f"set {words} to on")
    skew = abs(server.now - middle) / SECOND_US
    cure = "set both clocks by NTP" if skew > SKEW_SECONDS else ""
    yield Check("clock", f"{skew:,.1f} s from the database's", cure)


def _instance(connection: Connection[Any], settings: Configuration) -> Iterator[Check]:
    try:
        yield from health.checks(health.look(connection), settings.backlog)
    except UndefinedTable:
        yield from health.checks(None, settings.backlog)
        yield _address(settings, is_serving=False)
        return
    alive = processes.alive(connection)
    webs = [process for process in alive if process.kind == "web"]
    yield Check("web", f"{len(webs)} alive", "" if webs else "run: couveuse up, or couveuse web")
    here = platform.node()
    yield _address(settings, is_serving=any(process.host == here for process in webs))
    yield from _backups(connection, settings)
    if backups.has_rows(connection):  # else of an older version: the migrations are told
        yield from outgoing.checks(outgoing.standing(connection), settings, time.time_ns() // 1000)
        yield from _teams(connection)
    yield from _in_use(connection, settings)


def _teams(connection: Connection[Any]) -> Iterator[Check]:
    """Teams that have tasks and that the document of the team does not have: nobody is told of them."""
    for team, tasks in connection.execute(_UNKNOWN_TEAMS).fetchall():
        cure = "name the team in the document: couveuse team apply FILE; or give the route another one"
        open_ = "1 task is open" if tasks == 1 else f"{tasks:,} tasks are open"
        yield Check(f"team {team}", f"{open_}, and no document of a team has it", cure)


def _backups(connection: Connection[Any], settings: Configuration) -> Iterator[Check]:
    """Whether the days' backups are made; one that was made by hand counts as well."""
    if not backups.has_rows(connection):
        return  # of an older version: the migrations are told
    row = connection.execute(_BACKUPS).fetchone()
    assert row is not None  # a select without a table has one
    last, error, made = row
    now = time.time_ns() // 1000
    says = f"the last one {(now - last) / HOUR_US:,.0f} hours ago" if last is not None else "none was made yet"
    if settings.backup_at == "off":
        yield Check("backups", f"{says}; none is scheduled (COUVEUSE_BACKUP_AT makes one each day)")
        return
    is_late = now - (last or made or now) > BACKUP_US
    cure = "see couveuse backups, then make one: couveuse backup; couveuse deliver makes the days' ones"
    if error:
        yield Check("backups", f"{says}; the last try failed: {error}", cure)
    else:
        yield Check("backups", f"{says}; each day at {settings.backup_at} (UTC)", cure if is_late else "")


def _address(settings: Configuration, *, is_serving: bool) -> Check:
    where = f"{settings.host}:{settings.port}"
    if is_serving:
        return Check("address", f"{settings.url}, served")
    try:
        require_free(settings.host, settings.port, patience=0)
    except AddressInUse as error:
        says, _, cure = str(error).rpartition(": ")
        return Check("address", says, cure)
    return Check("address", f"{where} is free")


def _in_use(connection: Connection[Any], settings: Configuration) -> Iterator[Check]:
    since = time.time_ns() // 1000 - DAY_US
    row = connection.execute(_IN_USE, {"since": since}).fetchone()
    assert row is not None  # a select without a table has one
    keys, ours, reasons = row
    cure = "" if keys else "make one: couveuse key create --source site"
    yield Check("write keys", f"{keys} in use" if keys else "none", cure)
    total = sum(count for _, count in reasons)
    top = ", ".join(f"{reason} ({count:,})" for reason, count in reasons[:TOP_REASONS])
    says = f"{total:,} in the last day: {top}" if total else "none in the last day"
    yield Check("rejects", says, "see: couveuse rejects" if total else "")
    if ours is not None:
        is_same = [set(each) for each in ours] == [set(settings.our_domains), set(settings.our_addresses)]
        says = f"{len(settings.our_domains)} domains, {len(settings.our_addresses)} addresses"
        if is_same:
            yield Check("our own", says)
        else:
            cure = "publish the model again, so that past facts are seen so, too: couveuse rescore"
            yield Check("our own", f"{says}; others when the model was published", cure)
