"""Taking back what was dispatched: hand-overs whose facts are gone, and what a fact has ended.

Whoever may have got an alert gets a second one, at the same place, that says why the first does not hold; of an alert
that has not left nothing is said. Where another hand-over keeps the task, the alert goes on to stand for that one, and
only what has changed is told.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from psycopg import Connection

from couveuse.core.notices import NoticeKind
from couveuse.engine.telling import Event, Place, intent_of, tell_endpoints
from couveuse.store import alerts, dispatch, tasks
from couveuse.store.alerts import Alert, NewAlert
from couveuse.store.dispatch import Fallen, Kept
from couveuse.store.intents import plan_intents, withdraw_intents

AT_ONCE: Final = 50


def withdraw_fallen(connection: Connection[Any], now: int) -> int:
    """Take back what was made of some hand-overs that were withdrawn, in the caller's transaction; returns how many."""
    fallen = dispatch.claim_withdrawn(connection, most=AT_ONCE)
    if not fallen:
        return 0
    # A hand-over that joins the same task is dispatched before this looks, or after the task is gone.
    dispatch.lock_teams(connection, {each.team for each in fallen})
    made = [each for each in fallen if each.was_dispatched]
    if made:
        _take_back(connection, made, now)
    dispatch.mark_told(connection, [each.id for each in fallen], now)
    return len(fallen)


def _take_back(connection: Connection[Any], fallen: Sequence[Fallen], now: int) -> None:
    by_reason: defaultdict[str, list[int]] = defaultdict(list)
    for each in fallen:
        by_reason[each.because].append(each.id)
    for because, ids in sorted(by_reason.items()):
        tasks.withdraw_task(connection, ids, because, now)
    keeping = _keeping(connection, fallen)
    told: defaultdict[int, list[Alert]] = defaultdict(list)
    for alert in alerts.alerts_of_handovers(connection, [each.id for each in fallen]):
        assert alert.handover_id is not None  # it was found by it
        told[alert.handover_id].append(alert)
    events: list[Event] = []
    for each in fallen:
        if told[each.id]:
            kept = keeping.get((each.team, each.episode_id))
            if kept is None:
                _withdraw(connection, each, told[each.id], now)
                about = {"alert": told[each.id][0].id, "handover": each.id}
                events.append(Event("handover.withdrawn", "handover", each.id, about))
            else:
                _change(connection, each, told[each.id], kept, now)
    tell_endpoints(connection, events, now)


def _keeping(connection: Connection[Any], fallen: Sequence[Fallen]) -> Mapping[tuple[str, int], Kept]:
    """Which hand-over, the first, keeps the task of a team and an episode."""
    found: dict[tuple[str, int], Kept] = {}
    for each in dispatch.standing_in(connection, {each.episode_id for each in fallen}):
        found.setdefault((each.team, each.episode_id), each)
    return found


def _withdraw(connection: Connection[Any], fallen: Fallen, told: Sequence[Alert], now: int) -> None:
    ids = [each.id for each in told]
    alerts.withdraw_alerts(connection, ids, now)
    withdraw_intents(connection, ids, now)
    _tell_again(connection, NoticeKind.WITHDRAWN, fallen, told, now)


def _change(connection: Connection[Any], fallen: Fallen, told: Sequence[Alert], kept: Kept, now: int) -> None:
    """What has not left yet will tell of the hand-over that keeps the task, for it is composed when it leaves."""
    alerts.rest_on(connection, {each.id: kept.id for each in told})
    _tell_again(connection, NoticeKind.CHANGED, fallen, told, now)


def _tell_again(connection: Connection[Any], kind: NoticeKind, fallen: Fallen, told: Sequence[Alert], now: int) -> None:
    """A second message to each place to which one of these alerts went, or may have gone."""
    places = _places(connection, [each.id for each in told])
    if not places:
        return
    first = told[0]
    alert = NewAlert(
        kind, f"withdrawn:{fallen.id}", first.lead_id, fallen.team, fallen.id, first.task_id, first.id, fallen.because
    )
    (number,) = alerts.insert_alerts(connection, [alert], now)
    if number is not None:
        plan_intents(connection, [intent_of(number, alert, place, now) for place in places], now)


def _places(connection: Connection[Any], ids: Collection[int]) -> list[Place]:
    """Where alerts went, or may have gone, alone or in a digest; each place once."""
    found: dict[tuple[str, str], Place] = {}
    for each in alerts.sent_to(connection, ids):
        place = Place(each.channel, each.audience, each.target, each.member)
        found.setdefault((place.channel, place.name), place)
    return list(found.values())


def close_ended(connection: Connection[Any], now: int) -> int:
    """Close the tasks that are left of some episodes that facts have ended; returns how many episodes."""
    ended = dispatch.claim_ended(connection, most=AT_ONCE)
    if ended:
        dispatch.close_tasks(connection, ended, now)
        dispatch.mark_closed(connection, [each.id for each in ended], now)
    return len(ended)
