"""Tasks that somebody must look at when their time has come: whether they are overdue, or have no news."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from couveuse.store.statements import statement

_DUE_TASKS, _LOOKED_AT = statement("minding", "due_tasks"), statement("minding", "looked_at")
_NEXT_LOOK = statement("minding", "next_look")


@dataclass(frozen=True, slots=True)
class DueTask:
    """A task whose time has come; `times`: so often somebody was told of it; aside: its lead is irrelevant, or held."""

    id: int
    lead_id: int
    handover_id: int | None
    team: str
    standing: str
    member: str | None
    due_at: int
    not_before: int | None
    times: int
    is_aside: bool
    version: int


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of looking at a task: when it is looked at again (None: never), and whether somebody is told."""

    task: DueTask
    look_at: int | None
    is_told: bool = False


def due_tasks(connection: Connection[Any], *, now: int, most: int) -> list[DueTask]:
    """Tasks whose time has come, the longest due first; another process gets others."""
    return [DueTask(*row) for row in connection.execute(_DUE_TASKS, {"now": now, "most": most}).fetchall()]


def mark_looked_at(connection: Connection[Any], looked: Sequence[Looked], now: int) -> None:
    """Write down what came of looking at tasks."""
    wanted = {
        "now": now,
        "ids": [each.task.id for each in looked],
        "looks": [each.look_at for each in looked],
        "times": [each.task.times + each.is_told for each in looked],
        "told": [each.is_told for each in looked],
    }
    connection.execute(_LOOKED_AT, wanted)


def next_look(connection: Connection[Any]) -> int | None:
    """When the next task is to be looked at."""
    row = connection.execute(_NEXT_LOOK).fetchone()
    assert row is not None  # an aggregate always answers
    return None if row[0] is None else int(row[0])
