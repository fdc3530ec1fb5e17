"""What the doctor looks at, each thing with its cure: for the command, for the page of health, and for the API.

It looks, and starts and changes nothing. `Check.code` names what was found, so that a page may say it in its language.
"""

import os
import platform
import shutil
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from psycopg import Connection
from psycopg.errors import UndefinedTable

from couveuse.configuration import Configuration
from couveuse.core.times import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from couveuse.engine import outgoing
from couveuse.engine.clocks import now_us
from couveuse.engine.rolling_up import LEADS
from couveuse.errors import CouveuseError
from couveuse.store import (
    OLDEST,
    archives,
    binaries,
    clusters,
    connections,
    health,
    private,
    processes,
    rollups,
    settlings,
)
from couveuse.store.health import Check
from couveuse.store.statements import statement

_SERVER = statement("health", "server")
_IN_USE = statement("health", "in_use")
_UPKEEP = statement("health", "upkeep")
# A day's backup that was made two days ago is not the day's any more.
BACKUP_US: Final = 2 * DAY_US
NEWEST: Final = 18
# The migration that made the tables of what goes out, of backups and of the archive.
NEEDED: Final = "0002_handed_over"
# Since this migration an outcome waits for ten seconds; one that waits for longer than this is recorded by nobody.
HOLDS_BACK: Final = "0006_holds"
LATE_SECONDS: Final = 60
# Since this migration leads are counted in the background, every ten minutes at least.
COUNTS: Final = "0003_crossings"
UNCOUNTED_US: Final = HOUR_US
# Less than this and PostgreSQL may stop within a day.
FREE_BYTES: Final = 1 << 30
# Clocks further apart than this put facts of one machine before those of another.
SKEW_SECONDS: Final = 2.0
TOP_REASONS: Final = 3


class Address(Protocol):
    """Looks whether the address is served, or free to be; whoever is asked by it knows."""

    def __call__(self, settings: Configuration, *, is_serving: bool) -> Check: ...


def checks(settings: Configuration, address: Address | None = None) -> Iterator[Check]:
    """What is looked at, in the order in which it can be mended."""
    version, system = platform.python_version(), platform.system()
    yield Check("Python", f"{version} on {system}", code="python", values={"version": version, "system": system})
    if settings.is_private:
        yield _programs(settings)
    yield from _folder(settings.data)
    try:
        with connections.connect(private.url(settings), "doctor", autocommit=True) as connection:
            yield from _database(connection)
            yield from _instance(connection, settings, address)
    except connections.NoDatabase as error:
        is_ours = settings.is_private
        says = "the private PostgreSQL does not run" if is_ours else str(error).rpartition(": ")[0]
        yield Check("database", says, "run: couveuse up" if is_ours else "start it, or correct COUVEUSE_DATABASE_URL")
        yield from _address(settings, address, is_serving=False)


def _programs(settings: Configuration) -> Check:
    try:
        found = binaries.find(clusters.major_of(Path(os.path.realpath(settings.data)) / private.FOLDER))
    except CouveuseError as error:
        says, _, cure = str(error).rpartition(": ")
        return Check("PostgreSQL", says, cure)
    except PermissionError:
        return Check("PostgreSQL", "its folder belongs to somebody else", "run as who started couveuse up, or as root")
    values: dict[str, str | float] = {"major": found.major, "folder": str(found.folder)}
    return Check("PostgreSQL", f"{found.major}, in {found.folder}", code="programs", values=values)


def _folder(data: Path) -> Iterator[Check]:
    """The data folder, or the nearest one above it that exists."""
    there = Path(os.path.realpath(data))
    while not there.exists():
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        yield Check(
            "data folder", f"{data} cannot be written", "correct its rights, or set COUVEUSE_DATA to another one",
            "folder_shut", {"folder": str(data)},
        )  # fmt: skip
        return
    free = shutil.disk_usage(there).free
    says = f"{data}, {free / (1 << 30):,.1f} GiB free"
    cure, code = ("free some disk space", "folder_full") if free < FREE_BYTES else ("", "folder")
    yield Check("data folder", says, cure, code, {"folder": str(data), "gib": round(free / (1 << 30), 1)})
    key = data / "secret-key"
    if key.exists() and key.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        says = f"{key} can be read by others"
        yield Check("secret key", says, f"run: chmod 600 {key}", "secret_key", {"file": str(key)})


@dataclass(frozen=True, slots=True)
class _Server:
    version: str
    number: int
    encoding: str
    max_connections: int
    off: Sequence[str]
    now: int


def _database(connection: Connection[Any]) -> Iterator[Check]:
    before = now_us()
    row = connection.execute(_SERVER).fetchone()
    assert row is not None  # a select without a table has one
    server = _Server(*row)
    middle = (before + now_us()) / 2
    major = server.number // 10_000
    cure = f"use PostgreSQL {OLDEST} to {NEWEST}" if major < OLDEST else ""
    untried = f"; newer than {NEWEST}, with which this version was tried" if major > NEWEST else ""
    code = "database_old" if cure else "database"
    values: dict[str, str | float] = {"version": server.version, "oldest": OLDEST, "newest": NEWEST}
    yield Check("database", f"answers, PostgreSQL {server.version}{untried}", cure, code, values)
    if server.encoding != "UTF8":
        yield Check(
            "encoding", server.encoding, "make the database anew: createdb --encoding=UTF8 --template=template0",
            "encoding", {"encoding": server.encoding},
        )  # fmt: skip
    if server.off:
        words = ", ".join(server.off)
        says = f"{words} off: a crash may lose what was acknowledged"
        yield Check("durability", says, f"set {words} to on", "durability", {"words": words})
    skew = abs(server.now - middle) / SECOND_US
    cure, code = ("set both clocks by NTP", "clock_off") if skew > SKEW_SECONDS else ("", "clock")
    yield Check("clock", f"{skew:,.1f} s from the database's", cure, code, {"seconds": round(skew, 1)})


def _instance(connection: Connection[Any], settings: Configuration, address: Address | None) -> Iterator[Check]:
    try:
        look = health.look(connection)
        yield from health.checks(look, settings.backlog)
    except UndefinedTable:
        yield from health.checks(None, settings.backlog)
        yield from _address(settings, address, is_serving=False)
        return
    alive = processes.alive(connection)
    webs = [process for process in alive if process.kind == "web"]
    yield Check(
        "web", f"{len(webs)} alive", "" if webs else "run: couveuse up, or couveuse web", "web" if webs else "web_none",
        {"n": len(webs)},
    )  # fmt: skip
    here = platform.node()
    yield from _address(settings, address, is_serving=any(process.host == here for process in webs))
    if NEEDED in (look.migrations or ()):  # else of an older version: the migrations are told
        row = connection.execute(_UPKEEP).fetchone()
        assert row is not None  # a select without a table has one
        last, error, made, unknown_teams = row
        yield from _backups(last, error, made, settings)
        yield _archive(connection, settings)
        yield from outgoing.checks(outgoing.standing(connection, alive), settings, now_us())
        yield _workshop(sum(process.kind == processes.WORKSHOP for process in alive))
        yield from _teams(unknown_teams)
    if HOLDS_BACK in (look.migrations or ()):
        yield from _settlings(connection)
    if COUNTS in (look.migrations or ()) and any(process.kind == processes.WORKSHOP for process in alive):
        yield from _counted(connection)
    yield from _in_use(connection, settings)


def _workshop(alive: int) -> Check:
    """Whether anybody does what takes long: jobs, chores and counting."""
    if not alive:
        cure = "run: couveuse up, or couveuse deliver, which starts it; else see its log"
        return Check("workshop", "none alive: no import, count or backup is made", cure, "workshop_none")
    return Check("workshop", f"{alive} alive", code="workshop", values={"n": alive})


def _teams(unknown: Sequence[tuple[str, int]]) -> Iterator[Check]:
    """Teams that have tasks and that the document of the team does not have: nobody is told of them."""
    for team, tasks in unknown:
        cure = "name the team in the document: couveuse team apply FILE; or give the route another one"
        open_ = "1 task is open" if tasks == 1 else f"{tasks:,} tasks are open"
        says = f"{open_}, and no document of a team has it"
        yield Check(f"team {team}", says, cure, "team_unknown", {"team": team, "n": tasks})


def _settlings(connection: Connection[Any]) -> Iterator[Check]:
    """Outcomes that people have said and that no deliverer records: nothing is lost, and nobody is told of them."""
    waiting, since = settlings.late(connection, now_us() - LATE_SECONDS * SECOND_US)
    if since is not None:
        minutes = (now_us() - since) // MINUTE_US
        says = f"{waiting:,} were said and are not recorded yet, for {minutes:,} minutes"
        cure = "run: couveuse up, or couveuse deliver; else see its log"
        yield Check("outcomes", says, cure, "outcomes_late", {"n": waiting, "minutes": minutes})


def _counted(connection: Connection[Any]) -> Iterator[Check]:
    """Whether the first page shows numbers of long ago, though a workshop is there that should count."""
    found = rollups.rollups(connection).get(LEADS)
    hours = 0 if found is None else (now_us() - found.at) // HOUR_US
    if hours * HOUR_US >= UNCOUNTED_US:
        says = f"leads were last counted {hours:,} hours ago: the first page is as old"
        yield Check("counting", says, "see the log of couveuse deliver", "counting_late", {"hours": hours})


def _backups(last: int | None, error: str, made: int | None, settings: Configuration) -> Iterator[Check]:
    """Whether the days' backups are made; one that was made by hand counts as well."""
    now = now_us()
    says = f"the last one {(now - last) / HOUR_US:,.0f} hours ago" if last is not None else "none was made yet"
    if settings.backup_at == "off":
        yield Check(
            "backups", f"{says}; none is scheduled (COUVEUSE_BACKUP_AT makes one each day)", "",
            "backups_off" if last is None else "backups_by_hand", {"hours": _hours_since(last, now)},
        )  # fmt: skip
        return
    is_late = now - (last or made or now) > BACKUP_US
    cure = "see couveuse backups, then make one: couveuse backup; couveuse deliver makes the days' ones"
    values: dict[str, str | float] = {"hours": _hours_since(last, now), "error": error, "at": settings.backup_at}
    if error:
        yield Check("backups", f"{says}; the last try failed: {error}", cure, "backups_failed", values)
    else:
        code = "backups_none" if last is None else "backups_late" if is_late else "backups"
        yield Check("backups", f"{says}; each day at {settings.backup_at} (UTC)", cure if is_late else "", code, values)


def _hours_since(last: int | None, now: int) -> int:
    """In whole hours begun."""
    return 0 if last is None else (now - last) // HOUR_US + 1


def _archive(connection: Connection[Any], settings: Configuration) -> Check:
    """Whether closed months are archived, and how many were."""
    found = archives.archived(connection)
    if not settings.archive_after and not found:
        return Check("archive", "off (COUVEUSE_ARCHIVE_AFTER keeps closed months as Parquet)", code="archive_off")
    gone = sum(each.dropped_at is not None for each in found.values())
    values = {"n": len(found), "gone": gone}
    return Check("archive", f"{len(found)} months archived, {gone} of them only there", code="archive", values=values)


def _address(settings: Configuration, look: Address | None, *, is_serving: bool) -> Iterator[Check]:
    if look is not None:
        yield look(settings, is_serving=is_serving)


def _in_use(connection: Connection[Any], settings: Configuration) -> Iterator[Check]:
    since = now_us() - DAY_US
    row = connection.execute(_IN_USE, {"since": since}).fetchone()
    assert row is not None  # a select without a table has one
    keys, ours, reasons = row
    cure = "" if keys else "make one: couveuse key create --source site"
    yield Check(
        "write keys", f"{keys} in use" if keys else "none", cure, "write_keys" if keys else "write_keys_none",
        {"n": keys},
    )  # fmt: skip
    total = sum(count for _, count in reasons)
    top = ", ".join(f"{reason} ({count:,})" for reason, count in reasons[:TOP_REASONS])
    says = f"{total:,} in the last day: {top}" if total else "none in the last day"
    cure, code = ("see: couveuse rejects", "rejects") if total else ("", "rejects_none")
    yield Check("rejects", says, cure, code, {"n": total, "top": top})
    if ours is not None:
        is_same = [set(each) for each in ours] == [set(settings.our_domains), set(settings.our_addresses)]
        says = f"{len(settings.our_domains)} domains, {len(settings.our_addresses)} addresses"
        values = {"domains": len(settings.our_domains), "addresses": len(settings.our_addresses)}
        if is_same:
            yield Check("our own", says, code="ours", values=values)
        else:
            cure = "publish the model again, so that past facts are seen so, too: couveuse rescore"
            yield Check("our own", f"{says}; others when the model was published", cure, "ours_changed", values)
