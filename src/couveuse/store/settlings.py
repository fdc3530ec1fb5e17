"""What somebody said came of a task, for as long as it may be taken back: it waits in the task's own row.

So it is there as long as the task is, whatever ends meanwhile: a browser, a process, a machine.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from psycopg import Connection

from couveuse.core.model import LeadClass
from couveuse.core.outcomes import Outcome, Told
from couveuse.store.statements import statement

_PUT, _OF_TASK = statement("settlings", "put"), statement("settlings", "of_task")
_DUE, _NEXT = statement("settlings", "due"), statement("settlings", "next")
_TAKE, _LATE = statement("settlings", "take"), statement("settlings", "late")


@dataclass(frozen=True, slots=True)
class Settling:
    """An outcome that waits: by whom, of which version of the task, when it was said, and when it counts."""

    told: Told
    by: str
    version: int
    at: int
    request: str
    until: int


def put(connection: Connection[Any], task_id: int, settling: Settling) -> None:
    """Let an outcome wait, of a task that is held and of which none waits."""
    said = {
        "told": asdict(settling.told), "by": settling.by, "version": settling.version, "at": settling.at,
        "request": settling.request,
    }  # fmt: skip
    wanted = {"id": task_id, "until": settling.until, "said": json.dumps(said, ensure_ascii=False)}
    connection.execute(_PUT, wanted)


def of_task(connection: Connection[Any], task_id: int) -> Settling | None:
    """What waits to count of a task; None where nothing does."""
    row = connection.execute(_OF_TASK, {"id": task_id}).fetchone()
    return None if row is None else _settling(*row)


def due(connection: Connection[Any], *, now: int, most: int) -> list[int]:
    """Tasks of which something is to count now, the longest due first."""
    return [number for (number,) in connection.execute(_DUE, {"now": now, "most": most}).fetchall()]


def next_due(connection: Connection[Any]) -> int | None:
    """When something is to count next."""
    row = connection.execute(_NEXT).fetchone()
    assert row is not None  # an aggregate always answers
    return None if row[0] is None else int(row[0])


def late(connection: Connection[Any], before: int) -> tuple[int, int | None]:
    """How many outcomes should have counted before an instant and do not, and since when the first of them waits."""
    row = connection.execute(_LATE, {"before": before}).fetchone()
    assert row is not None  # an aggregate always answers
    return int(row[0]), row[1]


def take(connection: Connection[Any], task_id: int) -> Settling | None:
    """Take what waits of a task, once; None where nothing does, or another one took it."""
    row = connection.execute(_TAKE, {"id": task_id}).fetchone()
    return None if row is None else _settling(*row)


def _settling(said: Mapping[str, Any], until: int) -> Settling:
    words = said["told"]
    lead_class = words["lead_class"]
    told = Told(**words | {
        "outcome": Outcome(words["outcome"]), "lead_class": None if lead_class is None else LeadClass(lead_class),
    })  # fmt: skip
    return Settling(told, said["by"], said["version"], said["at"], said["request"], until)
