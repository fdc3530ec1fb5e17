"""The states of a coming model beside those of the acting one: what is missing, and how the two differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, ServerCursor, sql

from couveuse.store.statements import statement
from couveuse.store.states import table_of

_BOUNDS = statement("rescoring", "bounds")
_EVENTS, _HAS_GIVEN = statement("rescoring", "events"), statement("rescoring", "has_given")
# So many rows are fetched at a time.
ROWS = 10_000
# Facts of very many leads: looking each up in each month would take ten times as long as reading all and sorting.
_IN_ONE_PASS = ("enable_nestloop = off", "enable_indexscan = off", "enable_bitmapscan = off", "work_mem = '256MB'",
                "max_parallel_workers_per_gather = 0")  # fmt: skip
# Facts of a few leads among millions: whole tables are never what is wanted, whatever the planner thinks.
_BY_INDEX = ("enable_hashjoin = off", "enable_mergejoin = off", "enable_seqscan = off", "enable_bitmapscan = off",
             "max_parallel_workers_per_gather = 0")  # fmt: skip


@dataclass(frozen=True, slots=True)
class BandMove:
    """Leads that would go from one band into another, by the bands' places in their models."""

    before: int
    after: int
    leads: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RouteMove:
    """Hand-overs that would be made."""

    team: str
    treatment: str
    cause: str
    leads: int
    examples: tuple[str, ...]


def _on(name: str, acting: int, coming: int) -> sql.Composed:
    table = table_of(coming)
    return statement("rescoring", name).format(
        acting=sql.Identifier(table_of(acting)), coming=sql.Identifier(table), table=sql.Identifier(table),
        by_lead=sql.Identifier(f"{table}_by_lead"),
    )  # fmt: skip


def bounds(connection: Connection[Any]) -> tuple[int, int] | None:
    """The lowest and the highest number of a lead; None where there is none."""
    row = connection.execute(_BOUNDS).fetchone()
    return None if row is None or row[0] is None else (row[0], row[1])


def lock_missing(connection: Connection[Any], acting: int, coming: int, low: int, high: int) -> list[int]:
    """Leads from `low` up to and without `high` whose state under the coming model is missing; locked."""
    by_index(connection)
    rows = connection.execute(_on("lock_missing", acting, coming), {"low": low, "high": high}, binary=True).fetchall()
    return [lead_id for (lead_id,) in rows]


def by_index(connection: Connection[Any]) -> None:
    """What this transaction asks from now on is of a few leads, and looked up."""
    for setting in _BY_INDEX:
        connection.execute(f"set local {setting}")


def facts(connection: Connection[Any], coming: int, low: int, high: int) -> ServerCursor[Any]:
    """The facts of the leads of a range that have no state yet, as `couveuse.engine.skimming` reads them, in order.

    One pass over all events and one sort in PostgreSQL, in this transaction; close what is returned.
    """
    for setting in _IN_ONE_PASS:
        connection.execute(f"set local {setting}")
    cursor = connection.cursor(name="facts", binary=True)
    cursor.itersize = ROWS
    cursor.execute(_on("facts", coming, coming), {"low": low, "high": high})
    for setting in _IN_ONE_PASS:
        connection.execute(f"set local {setting.partition(' ')[0]} = default")
    return cursor


def without_state(
    connection: Connection[Any], acting: int, coming: int, *, after: int, high: int, most: int
) -> list[tuple[int, int, str | None]]:
    """Leads after one by number that have no state yet: number, version of the acting state, e-mail; in order."""
    wanted = {"after": after, "high": high, "most": most}
    return connection.execute(_on("without_state", acting, coming), wanted).fetchall()


def lock_versions(connection: Connection[Any], acting: int, coming: int, low: int, high: int) -> dict[int, int]:
    """The versions of the acting states of leads from `low` up to and without `high` that have no state yet; locked."""
    return dict(connection.execute(_on("lock_versions", acting, coming), {"low": low, "high": high}).fetchall())


def events(connection: Connection[Any]) -> int:
    """About how many events there are."""
    row = connection.execute(_EVENTS).fetchone()
    assert row is not None  # an aggregate always answers
    return int(row[0])


def has_given(connection: Connection[Any]) -> bool:
    """Whether files of leads gave any traits."""
    row = connection.execute(_HAS_GIVEN).fetchone()
    assert row is not None  # one row always
    return bool(row[0])


def missing(connection: Connection[Any], acting: int, coming: int) -> int:
    """How many states under the coming model are missing."""
    return _count(connection, "missing", acting, coming)


def count(connection: Connection[Any], model_id: int) -> int:
    """How many leads have a state under a model."""
    return _count(connection, "count", model_id, model_id)


def _count(connection: Connection[Any], name: str, acting: int, coming: int) -> int:
    row = connection.execute(_on(name, acting, coming)).fetchone()
    assert row is not None  # an aggregate always answers
    return int(row[0])


def changed(connection: Connection[Any], acting: int, coming: int) -> int:
    """How many leads would have another score."""
    return _count(connection, "changed", acting, coming)


def index_by_lead(connection: Connection[Any], model_id: int) -> None:
    """The index by which an engine finds the states of a model that are there already."""
    connection.execute(_on("lead_index", model_id, model_id))


def band_moves(connection: Connection[Any], acting: int, coming: int, examples: int) -> Sequence[BandMove]:
    """From which band into which leads would go, those that stay included."""
    rows = connection.execute(_on("bands", acting, coming), {"examples": examples}).fetchall()
    return [BandMove(before, after, leads, tuple(names or ())) for before, after, leads, names in rows]


def route_moves(connection: Connection[Any], acting: int, coming: int, examples: int) -> Sequence[RouteMove]:
    """Hand-overs that the coming model would make of what stands now and the acting one would not."""
    rows = connection.execute(_on("routes", acting, coming), {"examples": examples}).fetchall()
    return [
        RouteMove(team, treatment, cause, leads, tuple(names or ())) for team, treatment, cause, leads, names in rows
    ]


def newly_due(connection: Connection[Any], acting: int, coming: int) -> list[int]:
    """The leads of `route_moves`."""
    return [lead_id for (lead_id,) in connection.execute(_on("newly_due", acting, coming)).fetchall()]


def band_movers(connection: Connection[Any], acting: int, coming: int, most: int) -> list[tuple[int, int, int]]:
    """Who would change band, so many of each pair of bands: (from, to, lead), those whose score changes most first."""
    return connection.execute(_on("moves", acting, coming), {"most": most}).fetchall()


def route_movers(connection: Connection[Any], acting: int, coming: int, most: int) -> list[tuple[str, str, str, int]]:
    """Who would be handed over, so many of each route: (team, treatment, cause, lead), the best first."""
    return connection.execute(_on("due_by_route", acting, coming), {"most": most}).fetchall()


def both_states(
    connection: Connection[Any], acting: int, coming: int, lead_ids: Sequence[int]
) -> dict[int, tuple[bytes, bytes]]:
    """The packed states of some leads under both models."""
    rows = connection.execute(_on("both_states", acting, coming), {"leads": list(lead_ids)}, binary=True).fetchall()
    return {lead_id: (before, after) for lead_id, before, after in rows}
