"""The rows of backups, and what is asked of the database while one is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from psycopg import Connection, sql

from couveuse.configuration import Configuration
from couveuse.store.statements import statement

# Whoever saves or restores a database holds this lock of its.
LOCK: Final = 0x636F7561
FOLDER: Final = "backups"
SCHEDULE: Final = "schedule"
# A migration that there is not: as long as it stands, every process takes the database for a newer version's.
MARK: Final = "9999_restoring"

_BEGIN, _END, _REMOVED = (statement("backups", name) for name in ("begin", "end", "removed"))
_ABANDON, _CALM = statement("backups", "abandon"), statement("backups", "calm")
_HAS_ROWS, _CONTENTS, _EMPTY = (statement("backups", name) for name in ("has_rows", "contents", "empty"))
_COUNTED = statement("backups", "counted")
_MARK, _UNMARK = statement("backups", "mark"), statement("backups", "unmark")
_SAMPLE = statement("backups", "sample")
_LOCK, _SNAPSHOT, _TABLES = (statement("backups", name) for name in ("lock", "snapshot", "tables"))
_MONTHS, _LATEST, _SINCE = (statement("backups", name) for name in ("archived_months", "latest", "since"))


class Row(NamedTuple):
    """One backup as the database has it; `error` is empty where it succeeded, or runs yet."""

    id: int
    at: int
    ended_at: int | None
    place: str
    bytes: int | None
    because: str
    error: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is saved, as of one instant."""

    name: str
    schema: str
    server: str
    migrations: Sequence[str]
    has_rows: bool


def folder_of(settings: Configuration) -> Path:
    """The folder of backups, and of the journal of erasures."""
    return Path(settings.backups) if settings.backups else settings.data / FOLDER


def hold(connection: Connection[Any]) -> bool:
    """Whether nobody else saves or restores this database; held until the connection ends."""
    row = connection.execute(_LOCK, [LOCK]).fetchone()
    return row is not None and bool(row[0])


def has_rows(connection: Connection[Any]) -> bool:
    """Whether the database is of a version that writes down its backups."""
    row = connection.execute(_HAS_ROWS).fetchone()
    return row is not None and bool(row[0])


def take_snapshot(connection: Connection[Any]) -> Snapshot:
    """What other connections may see as well, as long as this transaction is open."""
    connection.execute("set transaction isolation level repeatable read, read only")
    row = connection.execute(_SNAPSHOT).fetchone()
    assert row is not None  # a select without a table has one
    return Snapshot(*row)


def tables_of(connection: Connection[Any], schema: str) -> list[str]:
    """The tables of a schema that hold rows."""
    return [name for (name,) in connection.execute(_TABLES, [schema]).fetchall()]


def count_rows(connection: Connection[Any], schema: str) -> dict[str, int]:
    """How many rows each table holds, exactly."""
    found = {}
    for name in tables_of(connection, schema):
        row = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(schema, name))).fetchone()
        assert row is not None  # an aggregate always answers
        found[name] = int(row[0])
    return found


def archived_months(connection: Connection[Any]) -> list[dict[str, Any]]:
    """The months that stand in the archive: which, how many facts, and whether they stand nowhere else."""
    rows = connection.execute(_MONTHS).fetchall()
    return [{"month": month, "events": events, "dropped": dropped} for month, events, dropped in rows]


def begin(connection: Connection[Any], *, at: int, place: str, because: str) -> int:
    """Write down that a backup was begun; returns its number."""
    row = connection.execute(_BEGIN, {"at": at, "place": place, "because": because}).fetchone()
    assert row is not None  # it was inserted
    return int(row[0])


def end(connection: Connection[Any], number: int, *, at: int, size: int | None, error: str = "") -> None:
    """Write down how it ended."""
    connection.execute(_END, {"id": number, "ended_at": at, "bytes": size, "error": error})


def abandon(connection: Connection[Any], now: int) -> None:
    """Write down that backups which were begun and never ended have ended; the database must be held."""
    connection.execute(_ABANDON, {"now": now})


def note_removed(connection: Connection[Any], places: Sequence[str], now: int) -> None:
    """Write down that these are gone."""
    connection.execute(_REMOVED, {"places": list(places), "now": now})


def latest(connection: Connection[Any], most: int) -> list[Row]:
    """The latest backups, the newest first."""
    return [Row(*row) for row in connection.execute(_LATEST, [most]).fetchall()]


def scheduled_since(connection: Connection[Any], at: int) -> list[Row]:
    """Backups by schedule begun since an instant, the newest first."""
    return [Row(*row) for row in connection.execute(_SINCE, [at]).fetchall()]


# ---- Restoring -------------------------------------------------------------------------------------------------------


class Contents(NamedTuple):
    """What stands where our tables would: the schema, its tables, and whether they are ours."""

    schema: str | None
    tables: Sequence[str]
    is_ours: bool


def contents(connection: Connection[Any]) -> Contents:
    """What stands in the database."""
    row = connection.execute(_CONTENTS).fetchone()
    assert row is not None  # a select without a table has one
    return Contents(*row)


def before_script(connection: Connection[Any], schema: str) -> str:
    """What psql does before a dump: everything that stood in the schema goes, and nobody is waited for for long."""
    create = sql.SQL("create schema if not exists {};").format(sql.Identifier(schema))
    emptied = _EMPTY.format(schema=sql.Literal(schema))
    return "\n".join(["set lock_timeout = '10s';", create.as_string(connection), emptied.as_string(connection)])


def after_script(connection: Connection[Any], schema: str, tables: Mapping[str, int]) -> str:
    """What psql does behind it: rows are counted, and the mark is set that keeps every process out."""
    parts: list[sql.Composable] = [sql.SQL("set search_path to {};").format(sql.Identifier(schema))]
    for name, rows in tables.items():
        values = {"table": sql.Identifier(schema, name), "rows": sql.Literal(rows), "name": sql.Literal(name)}
        parts.append(_COUNTED.format(**values))
    parts.append(_MARK.format(mark=sql.Literal(MARK)))
    return "\n".join(part.as_string(connection) for part in parts)


def calm(connection: Connection[Any], now: int) -> None:
    """Hold back what would go out of a database that was restored; the mark must stand."""
    connection.execute(_CALM.format(now=sql.Literal(now)))


def unmark(connection: Connection[Any]) -> None:
    """A restoring is done; processes may work with the database."""
    connection.execute(_UNMARK, [MARK])


def sample(connection: Connection[Any], model_id: int, most: int) -> list[int]:
    """Some leads, taken by chance; the same ones each time."""
    return [number for (number,) in connection.execute(_SAMPLE, {"model": model_id, "most": most}).fetchall()]
