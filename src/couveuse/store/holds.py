"""Holds: leads of which nothing is handed over for a while, by a person's word; what was put off goes on afterwards."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from couveuse.store.statements import statement

# Who ends a hold whose time is over.
OURSELVES: Final = "couveuse"
# An instant that never comes, for what waits until somebody lifts a hold.
NEVER: Final = 2**62

_HOLD, _STANDING = statement("holds", "hold"), statement("holds", "standing")
_END, _DUE, _END_DUE = statement("holds", "end"), statement("holds", "due"), statement("holds", "end_due")
_NEXT_END, _FOLLOW = statement("holds", "next_end"), statement("holds", "follow")
_WAITED, _SET_DUE = statement("holds", "waited"), statement("holds", "set_due")
_WAIT, _WAKE = statement("holds", "wait"), statement("holds", "wake")


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold of a lead; `until` None: until it is lifted."""

    id: int
    lead_id: int
    of_id: int | None
    at: int
    by: str
    until: int | None
    because: str
    ended_at: int | None
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class Waited:
    """An open task of a lead that was held."""

    id: int
    lead_id: int
    team: str
    treatment: str
    due_at: int


def insert_hold(
    connection: Connection[Any], lead_id: int, *, until: int | None, because: str, by: str, now: int
) -> int:  # fmt: skip
    """Hold a lead that is not held; returns the hold's number."""
    wanted = {"lead": lead_id, "until": until, "because": because, "by": by, "now": now}
    row = connection.execute(_HOLD, wanted).fetchone()
    assert row is not None  # it was inserted
    return int(row[0])


def standing_holds(connection: Connection[Any], lead_ids: Collection[int], now: int) -> dict[int, Hold]:
    """The holds that stand of these leads, by lead."""
    rows = connection.execute(_STANDING, {"leads": list(lead_ids), "now": now}).fetchall()
    return {row[1]: Hold(*row) for row in rows}


def end_holds(connection: Connection[Any], lead_ids: Collection[int], *, by: str, now: int) -> set[int]:
    """The holds of some leads end, by a person's word; returns of which leads any did."""
    wanted = {"leads": list(lead_ids), "by": by, "now": now}
    return {lead_id for (lead_id,) in connection.execute(_END, wanted).fetchall()}


def end_due_holds(connection: Connection[Any], *, now: int, most: int) -> list[Hold]:
    """Some holds end whose time is over; another process ends others."""
    found = [Hold(*row) for row in connection.execute(_DUE, {"now": now, "most": most}).fetchall()]
    if found:
        connection.execute(_END_DUE, {"ids": [each.id for each in found], "by": OURSELVES})
    return found


def next_end(connection: Connection[Any]) -> int | None:
    """When the next hold ends by time."""
    row = connection.execute(_NEXT_END).fetchone()
    assert row is not None  # an aggregate always answers
    return None if row[0] is None else int(row[0])


def follow_hold(connection: Connection[Any], gone: int, lead_id: int) -> bool:
    """The hold of a lead goes along with its facts to another one; returns whether there was one."""
    return connection.execute(_FOLLOW, {"gone": gone, "lead": lead_id}).fetchone() is not None


def waited(connection: Connection[Any], lead_ids: Collection[int]) -> list[Waited]:
    """The open tasks of some leads, held until the transaction ends."""
    return [Waited(*row) for row in connection.execute(_WAITED, {"leads": list(lead_ids)}).fetchall()]


def set_due(connection: Connection[Any], dues: Mapping[int, int]) -> None:
    """Tasks (by number) are due at other times."""
    if dues:
        connection.execute(_SET_DUE, {"ids": list(dues), "dues": list(dues.values())})


def wait_for(connection: Connection[Any], lead_id: int, until: int | None) -> None:
    """What waits for digests, of a lead, waits until it is held no more."""
    connection.execute(_WAIT, {"lead": lead_id, "until": NEVER if until is None else until})


def wake(connection: Connection[Any], lead_ids: Collection[int], now: int) -> None:
    """What was put off while these leads were held goes on."""
    connection.execute(_WAKE, {"leads": list(lead_ids), "now": now})
