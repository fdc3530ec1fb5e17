"""Which leads work in bulk has still to change: what is done with a lead and that it is done are one transaction."""

from collections.abc import Collection
from typing import Any

from psycopg import Connection

from couveuse.store.statements import statement

_PUT, _TAKE, _LEFT, _DROP = (statement("bulk", name) for name in ("put", "take", "left", "drop"))


def put(connection: Connection[Any], job_id: int, lead_ids: Collection[int]) -> None:
    """A piece of work is to change these leads."""
    connection.execute(_PUT, {"job": job_id, "leads": list(lead_ids)})


def take(connection: Connection[Any], job_id: int, most: int) -> list[int]:
    """The next leads to change, by number: done with the transaction of the caller, or left for another try."""
    return sorted(lead for (lead,) in connection.execute(_TAKE, {"job": job_id, "most": most}).fetchall())


def left(connection: Connection[Any], job_id: int) -> int:
    """How many are still to be changed."""
    row = connection.execute(_LEFT, [job_id]).fetchone()
    assert row is not None  # a count always answers
    return int(row[0])


def drop(connection: Connection[Any], job_id: int) -> None:
    """Nothing more is done of it."""
    connection.execute(_DROP, [job_id])
