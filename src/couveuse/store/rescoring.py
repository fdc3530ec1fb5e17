"""The states of a coming model beside those of the acting one: what is missing, and how the two differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from couveuse.store.statements import statement
from couveuse.store.states import table_of

_BOUNDS = statement("rescoring", "bounds")
# Facts of a few leads among millions: whole tables are never what is wanted, whatever the planner thinks.
_BY_INDEX = ("enable_hashjoin", "enable_mergejoin", "enable_seqscan", "enable_bitmapscan")


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
    for setting in _BY_INDEX:
        connection.execute(f"set local {setting} = off")
    rows = connection.execute(_on("lock_missing", acting, coming), {"low": low, "high": high}, binary=True).fetchall()
    return [lead_id for (lead_id,) in rows]


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
