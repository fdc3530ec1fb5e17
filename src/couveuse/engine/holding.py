"""Holding a lead by hand: nothing of it is handed over, nor on anybody's desk, until a day or until somebody lifts it.

Facts go on counting meanwhile. What is handed over is set aside and dispatched when the hold ends; tasks leave the
queue and come back, and what fell due meanwhile is due by the team's promise, counted from the end. Alerts that have
not left wait. Of two leads that become one the longer hold stands.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from couveuse.core.outcomes import MOST_AHEAD
from couveuse.engine.follow_ups import promised
from couveuse.engine.recording import lock_lead, whose
from couveuse.errors import BadInput
from couveuse.store import audit, holds
from couveuse.store.holds import Hold
from couveuse.store.rosters import load_roster

HELD, LIFTED = "held a lead", "lifted a hold"
MOST_BECAUSE: Final = 500
AT_ONCE: Final = 100


class BadHold(BadInput):
    """A day, or a reason, that will not do; `field` is what has to be corrected."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True, slots=True)
class Lifted:
    """The lead that holds the facts, and whether it had been held."""

    lead_id: int
    was_held: bool


def hold(
    connection: Connection[Any], lead_id: int, until: int | None, *, because: str, by: str, now: int
) -> Hold | None:  # fmt: skip
    """Hold a lead until an instant (None: until it is lifted); None where there is no such lead.

    A lead that is held already is held by the new word alone. Raises BadHold.
    """
    because = because.strip()
    _check(until, because, now)
    with connection.transaction():
        lead = whose(connection, lead_id)
        if lead is None:
            return None
        lock_lead(connection, lead.lead_id)
        holds.end_holds(connection, [lead.lead_id], by=by, now=now)
        number = holds.insert_hold(connection, lead.lead_id, until=until, because=because, by=by, now=now)
        holds.wait_for(connection, lead.lead_id, until)
        audit.record(connection, by=by, did=HELD, about={"lead": lead.lead_id, "until": until}, now=now)
        return Hold(number, lead.lead_id, None, now, by, until, because, None, None)


def lift(connection: Connection[Any], lead_id: int, *, by: str, now: int) -> Lifted | None:
    """Hold a lead no more; what was set aside goes on. None where there is no such lead; said twice it is no error."""
    with connection.transaction():
        lead = whose(connection, lead_id)
        if lead is None:
            return None
        lock_lead(connection, lead.lead_id)
        standing = holds.standing_holds(connection, [lead.lead_id], now)
        if lead.lead_id not in standing:
            return Lifted(lead.lead_id, was_held=False)
        ended = holds.end_holds(connection, [lead.lead_id], by=by, now=now)
        _go_on(connection, {lead.lead_id: standing[lead.lead_id].at}, now, others=ended)
        audit.record(connection, by=by, did=LIFTED, about={"lead": lead.lead_id}, now=now)
        return Lifted(lead.lead_id, was_held=True)


def end_due(connection: Connection[Any], now: int) -> int:
    """End some holds whose time is over, in the caller's transaction; returns how many."""
    ended = holds.end_due_holds(connection, now=now, most=AT_ONCE)
    if ended:
        _go_on(connection, {each.lead_id: each.at for each in ended}, now)
    return len(ended)


def _go_on(connection: Connection[Any], since: Mapping[int, int], now: int, others: Collection[int] = ()) -> None:
    """What waited for leads (by number, with when they were held) goes on."""
    roster = load_roster(connection)
    dues = {}
    for task in holds.waited(connection, since.keys()):
        if task.due_at <= now:  # what was late before stays as late, and is looked at again
            is_new = task.due_at > since[task.lead_id]
            dues[task.id] = promised(roster, task.team, task.treatment, now) if is_new else task.due_at
    holds.set_due(connection, dues)
    holds.wake(connection, {*since, *others}, now)


def _check(until: int | None, because: str, now: int) -> None:
    if until is not None and not now < until <= now + MOST_AHEAD:
        raise BadHold("until", "choose a day to come, within two years; leave it out to hold until it is lifted")
    if len(because) > MOST_BECAUSE or "\x00" in because:
        raise BadHold("because", f"say why in {MOST_BECAUSE} characters at most")
