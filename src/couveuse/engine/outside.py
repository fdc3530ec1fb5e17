"""Telling endpoints outside of what has no alert: leads that cross a band or turn hot, tasks that are done with.

Each is told once to each endpoint that wants it; what an endpoint reads is composed when the message leaves.
"""

from typing import Any, Final

from psycopg import Connection

from couveuse.engine.telling import Event, tell_endpoints
from couveuse.store import crossings, dispatch

TASK_CLOSED: Final = "task.closed"
AT_ONCE: Final = 200


def tell_crossings(connection: Connection[Any], now: int) -> int:
    """Tell of some crossings, in the caller's transaction; returns how many."""
    claimed = crossings.claim_crossings(connection, most=AT_ONCE)
    if claimed:
        events = [
            Event(type_, "crossing", each.id, {"crossing": each.id, "lead": each.lead_id})
            for each in claimed
            for type_ in each.events
        ]
        tell_endpoints(connection, events, now)
        crossings.mark_told(connection, [each.id for each in claimed])
    return len(claimed)


def tell_closed(connection: Connection[Any], now: int) -> int:
    """Tell of some tasks that are done with, in the caller's transaction; one opened again is told of anew."""
    done = dispatch.claim_done(connection, most=AT_ONCE)
    if done:
        events = [
            Event(TASK_CLOSED, f"task:{each.id}", each.closed_at, {"task": each.id, "lead": each.lead_id})
            for each in done
        ]
        tell_endpoints(connection, events, now)
        dispatch.mark_done_told(connection, [each.id for each in done])
    return len(done)
