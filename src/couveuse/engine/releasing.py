"""Handing over what came quietly: so many a day as was allowed, the best first, by the rules of every hand-over."""

from typing import Any

from psycopg import Connection

from couveuse.core.errors import StateMismatch
from couveuse.core.model import Stage
from couveuse.core.plan import LAST_FACT
from couveuse.core.reading import value
from couveuse.core.state import State
from couveuse.core.times import DAY_US
from couveuse.engine import handing
from couveuse.engine.batches import Folder
from couveuse.engine.folding import reading_of
from couveuse.engine.handing import BAND, RULE, Due
from couveuse.engine.live import LiveModel
from couveuse.store import allowances, states


def release(connection: Connection[Any], folder: Folder, model: LiveModel, now: int) -> int:
    """Hand over what today's allowances leave, in one transaction; returns how many hand-overs are new."""
    midnight = model.plan.calendar.day(now) * DAY_US - model.plan.calendar.offset(now)
    made = 0
    with connection.transaction():
        for allowance in allowances.open_allowances(connection, since=midnight):
            if not allowance.left:
                continue
            waiting = allowances.next_allowed(connection, allowance, model.id, allowance.left)
            due = [each for lead_id, packed in waiting for each in _due(folder, model, lead_id, packed, now)]
            if due:
                whys = handing.Reasons(model, lambda ids: folder.load(connection, ids), now)
                made += handing.make(connection, model, due, {}, whys, now)
            allowances.mark_handed(connection, allowance, [lead_id for lead_id, _ in waiting], now)
    return made


def _due(folder: Folder, model: LiveModel, lead_id: int, packed: bytes, now: int) -> list[Due]:
    """The routes that stand now, each with the instant of the fact that opened it."""
    try:
        state = states.unpack_state(model.plan, packed, folder.payloads)
    except StateMismatch:
        return []  # it will be folded again, and waits until then
    reading = reading_of(model.plan, state, now)
    worth = value(model.plan, state)
    decides = {rule.id for rule in model.plan.model.rules if rule.stage is Stage.DECISION}
    return [
        Due(lead_id, route, *_opened(model, state, route.cause), route.cause in decides, reading, worth)
        for route in reading.routes
    ]


def _opened(model: LiveModel, state: State, cause: str) -> tuple[str, int]:
    for rule, cell in model.plan.route_cells:
        if rule.id == cause:
            return RULE, state.ints[cell]
    return BAND, state.ints[LAST_FACT]
