"""An outcome that may be taken back for ten seconds: it waits beside its task, and then counts by itself.

Facts are never taken back, and what an outcome opens has been told to people a moment later. So nothing is recorded or
told until its moment has passed; whoever minds what is due (`engine.minding`) settles it then, whether a browser is
open or not. What is recorded is of the instant at which it was said.
"""

from dataclasses import asdict
from typing import Any, Final

import structlog
from psycopg import Connection

from couveuse.core import outcomes
from couveuse.core.outcomes import TABLE, Told
from couveuse.core.times import SECOND_US
from couveuse.engine.follow_ups import sales_route
from couveuse.engine.recording import lock_lead
from couveuse.engine.tasking import (
    ON_SCREEN_US,
    Done,
    NotDone,
    Refused,
    Why,
    lead_of,
    mine,
    no_such,
    refuse_unoffered,
    request_of,
    settle_now,
)
from couveuse.store import dispatch, settlings, tasks
from couveuse.store.settlings import Settling

log = structlog.get_logger("couveuse.engine")

# A person has ten seconds, and what they send has two for its way.
UNDO_US: Final = 10 * SECOND_US
ON_ITS_WAY_US: Final = 2 * SECOND_US
AT_ONCE: Final = 100


def settle_soon(
    connection: Connection[Any], task_id: int, told: Told, *, version: int, by: str, now: int
) -> Done | Refused:
    """Say what came of a task, which counts when its moment has passed; until then it may be taken back.

    Said again to the letter, it waits as it did.
    """
    wrong = outcomes.check(told, now=now)
    if wrong is not None:
        return Refused(Why.INVALID, wrong.reason, wrong.field)
    request = request_of("settle", version, by, asdict(told))
    try:
        with connection.transaction():
            lead_of(connection, task_id)
            task = mine(connection, task_id, version, by, now)
            refuse_unoffered(task, TABLE[told.outcome], sales_route(connection))
            until = now + UNDO_US + ON_ITS_WAY_US
            settlings.put(connection, task_id, Settling(told, by, version, now, request, until))
            return Done(_as_it_is(connection, task_id))
    except NotDone as no:
        waits = settlings.of_task(connection, task_id)
        if waits is not None and waits.request == request:
            return Done(_as_it_is(connection, task_id), again=True)
        if tasks.entry_of(connection, task_id, request) is not None:
            return Done(_as_it_is(connection, task_id), again=True)
        return no.refused


def undo(connection: Connection[Any], task_id: int, *, by: str, now: int) -> Done | Refused:
    """Take back what one said came of a task, before it counts; the task is on one's screen as before."""
    with connection.transaction():
        task = tasks.hold_task(connection, task_id)
        if task is None:
            return no_such(task_id)
        waits = settlings.of_task(connection, task_id)
        if waits is None:
            return Refused(Why.OVER, "nothing waits to be taken back: what was said counts already")
        if waits.by != by:
            return Refused(Why.HELD, f"{waits.by} said what came of it, and may take it back", holder=waits.by)
        settlings.take(connection, task_id)
        tasks.lock_task(connection, task_id, by=by, until=now + ON_SCREEN_US, now=now)
        about = {"outcome": str(waits.told.outcome), "note": waits.told.note}  # what was typed is not typed again
        tasks.write_entry(connection, task_id, by=by, did="taken_back", now=now, about=about)
        return Done(_as_it_is(connection, task_id))


def settle_due(connection: Connection[Any], now: int) -> int:
    """Let outcomes count whose moment has passed, each in a transaction of its own; returns how many there were."""
    due = settlings.due(connection, now=now, most=AT_ONCE)
    for task_id in due:
        _settle(connection, task_id, now)
    return len(due)


def _settle(connection: Connection[Any], task_id: int, now: int) -> None:
    """What cannot be recorded any more, since the task was closed meanwhile, stays written down with its note."""
    with connection.transaction():
        try:
            lead = lead_of(connection, task_id)
        except NotDone as no:
            waits = settlings.take(connection, task_id)
            _write_down(connection, task_id, waits, no.refused, now)
            return
        lock_lead(connection, lead.lead_id)
        dispatch.lock_teams(connection, [sales_route(connection).team])
        waits = settlings.take(connection, task_id)
        if waits is None:  # taken back, or settled by another process
            return
        # What a person saw nobody else could change since; what joined the task meanwhile is no reason to forget it.
        version = _as_it_is(connection, task_id).version
        try:
            with connection.transaction():
                settle_now(connection, task_id, waits.told, version, waits.by, waits.at, waits.request)
        except NotDone as no:
            _write_down(connection, task_id, waits, no.refused, now)


def _write_down(
    connection: Connection[Any], task_id: int, waits: Settling | None, refused: Refused, now: int
) -> None:  # fmt: skip
    if waits is None:
        return
    log.warning("outcome not recorded", task=task_id, why=str(refused.why))
    about = {"outcome": str(waits.told.outcome), "why": str(refused.why), "reason": refused.reason}
    tasks.write_entry(
        connection, task_id, by=waits.by, did="not_recorded", now=now, note=waits.told.note.strip(), about=about
    )  # fmt: skip


def _as_it_is(connection: Connection[Any], task_id: int) -> tasks.Task:
    task = tasks.task(connection, task_id)
    assert task is not None  # it is held, or was seen just now
    return task
