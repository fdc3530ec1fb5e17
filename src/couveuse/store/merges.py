"""Merges by hand: which lead was taken into which, by whom, and whether that stands."""

from typing import Any

from psycopg import Connection

from couveuse.store.statements import statement

_INSERT = statement("merges", "insert")
_UNDO = statement("merges", "undo")


def insert_merge(connection: Connection[Any], lead_id: int, into_id: int, *, by: str, now: int) -> int:
    """Record a merge; returns its number."""
    row = connection.execute(_INSERT, {"lead": lead_id, "into": into_id, "by": by, "now": now}).fetchone()
    assert row is not None  # it was inserted
    return int(row[0])


def undo_merge(connection: Connection[Any], number: int, *, by: str, now: int) -> tuple[int, int] | None:
    """Record that a merge stands no more; returns both leads, None where there is none that stands."""
    row = connection.execute(_UNDO, {"id": number, "by": by, "now": now}).fetchone()
    return None if row is None else (row[0], row[1])
