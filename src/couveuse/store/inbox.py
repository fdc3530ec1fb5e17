"""What waits for the engine: packets, claimed lane by lane so that several engines never meet over one."""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from couveuse.store.packets import LANES
from couveuse.store.statements import statement

# Advisory locks of two numbers: this one, and the lane's.
LANE_LOCK = 0x636F75
# What the front door's commits tell (a trigger of the table's).
CHANNEL = "couveuse_inbox"

_LOCK = statement("inbox", "lock_lanes")
_CLAIM = statement("inbox", "claim")
_DELETE = statement("inbox", "delete")
_BACKLOG = statement("inbox", "backlog")


def claim_packets(connection: Connection[Any], *, batch: int) -> list[tuple[int, bytes]]:
    """Packets for one transaction, by id in the order of acceptance; their lanes are locked until it ends."""
    wanted = {"lock": LANE_LOCK, "most": LANES // 2}
    lanes = [lane for (lane,) in connection.execute(_LOCK, wanted).fetchall()]
    if not lanes:
        return []
    return connection.execute(_CLAIM, {"lanes": lanes, "batch": batch}, binary=True).fetchall()


def delete_packets(connection: Connection[Any], numbers: Sequence[int]) -> None:
    """Forget packets whose facts are stored in this transaction."""
    connection.execute(_DELETE, [list(numbers)])


def backlog(connection: Connection[Any]) -> tuple[int, int | None]:
    """How many events wait, and since when (microseconds; None where none does)."""
    row = connection.execute(_BACKLOG).fetchone()
    assert row is not None  # an aggregate always answers
    return row[0], row[1]
