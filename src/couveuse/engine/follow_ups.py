"""What an outcome opens: a task for sales, an appointment with its invitation; each in the caller's transaction.

Whoever calls holds the lead's lock and the team's, in this order (`engine.recording.lock_lead`,
`store.dispatch.lock_teams`), so that turns are exact and a lead has one open episode.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from psycopg import Connection

from couveuse.core.assigning import MOST_TURNS, Chosen, choose
from couveuse.core.events import PROJECT_DETECTED
from couveuse.core.model import Model, Route
from couveuse.core.notices import NoticeKind
from couveuse.core.outcomes import ends_at
from couveuse.core.recipients import Recipient, recipients
from couveuse.core.roster import Promise, Reach, Roster
from couveuse.documents.reading import parse_model
from couveuse.engine.dispatching import NOBODY, due_after, looked_up
from couveuse.engine.telling import Event, Place, ToTell, intent_of, place_of, tell, tell_endpoints
from couveuse.store import alerts, handovers, leads, tasks
from couveuse.store.alerts import NewAlert
from couveuse.store.intents import plan_intents, withdraw_intents
from couveuse.store.published import live_models
from couveuse.store.tasks import NewTask, Task

# Where the acting model sends no detected project anywhere it goes here.
SALES: Final = Route("sales", "make-appointment")
# What is left to do once an appointment is made.
MEET: Final = "hold-appointment"
# An appointment of which nobody said how long it lasts.
MINUTES: Final = 30


@dataclass(frozen=True, slots=True)
class Meeting:
    """An appointment as somebody says it now."""

    starts_at: int
    minutes: int = MINUTES
    place: str = ""
    is_called_off: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a team for a lead, and by whom, after which task."""

    lead_id: int
    after: Task
    route: Route
    value: float
    by: str
    now: int


def sales_route(connection: Connection[Any]) -> Route:
    """Where a detected project goes, to do what: by the acting model's first rule on it that has a route."""
    for published in live_models(connection):
        if published.standing == "acting":
            return _route_of_projects(published.document, published.name)
    return SALES


@lru_cache(maxsize=4)
def _route_of_projects(document: str, name: str) -> Route:
    """Kept, since it takes longer to read a model than to record an outcome."""
    return sales_route_of(parse_model(document, name).model)


def sales_route_of(model: Model) -> Route:
    """Where a model sends a detected project, to do what."""
    routes = (rule.route for rule in model.rules if rule.event == PROJECT_DETECTED)
    return next((route for route in routes if route is not None), SALES)


def open_episode(connection: Connection[Any], lead_id: int, now: int) -> int:
    """The lead's open episode; a new one where there is none."""
    last = handovers.last_episodes(connection, [lead_id]).get(lead_id)
    if last is not None and last.closed_at is None:
        return last.id
    number = 1 if last is None else last.number + 1
    return handovers.open_episodes(connection, {lead_id: (number, now)})[lead_id]


def end_episode(connection: Connection[Any], lead_id: int, event: str, now: int) -> None:
    """The lead's open episode ends, with an event; where none is open nothing does."""
    last = handovers.last_episodes(connection, [lead_id]).get(lead_id)
    if last is not None and last.closed_at is None:
        handovers.close_episodes(connection, {last.id: (now, event)})


# ---- Tasks -----------------------------------------------------------------------------------------------------------


def follow_up(connection: Connection[Any], roster: Roster, asked: Asked, meeting: Meeting | None = None) -> Task:
    """The task that goes on with a lead: a new one, or the open one of that team; whose it is hears of it.

    With an appointment the task is for its time, and is due when as much working time as the team promises has passed
    after its end.
    """
    chosen, owner = _choose(connection, roster, asked)
    episode_id, route = open_episode(connection, asked.lead_id, asked.now), asked.route
    treatment = MEET if meeting is not None else route.treatment
    since = asked.now if meeting is None else ends_at(meeting.starts_at, meeting.minutes)
    due_at = promised(roster, route.team, treatment, since)
    starts_at = None if meeting is None else meeting.starts_at
    given = NewTask(
        lead_id=asked.lead_id, episode_id=episode_id, handover_id=None, parent_id=asked.after.id, team=route.team,
        treatment=treatment, member=chosen.member, assigned_because=chosen.because, due_at=due_at, not_before=starts_at,
        starts_at=starts_at, rate=asked.after.rate, value=asked.value, score=asked.after.score, look_at=due_at,
        by=asked.by, about={"rule": chosen.rule, "passed_over": list(chosen.passed_over)},
    )  # fmt: skip
    (opened,) = tasks.open_tasks(connection, [given], asked.now)
    task = _held(connection, opened.task_id)
    if not opened.new:
        task = _joined(connection, task, asked)
    if meeting is not None:
        return set_meeting(connection, roster, task, meeting, by=asked.by, now=asked.now)
    if opened.new:
        told = _recipients(roster, task, owner, asked.now)
        announce(connection, roster, task, f"opened:{task.id}", told, asked.now)
    return task


def _choose(connection: Connection[Any], roster: Roster, asked: Asked) -> tuple[Chosen, str | None]:
    """Whose the task is, and the member who owns the lead."""
    known = leads.load_known(connection, [asked.lead_id]).get(asked.lead_id, leads.Known())
    named = known.traits.get(roster.owner_trait)
    owner = roster.owner_of(named)
    team = roster.teams.get(asked.route.team)
    if team is None:
        return NOBODY, owner
    chosen = choose(
        roster, team, lookup=looked_up(known), owner=named if isinstance(named, str) else None,
        load=tasks.loads(connection, team.id), turns=tasks.turns(connection, team.id)[-MOST_TURNS:],
        away=roster.away(asked.now),
    )  # fmt: skip
    return chosen, owner


def _joined(connection: Connection[Any], task: Task, asked: Asked) -> Task:
    """A task that was open already knows what led to it, so that notes go along."""
    return save(connection, replace(task, parent_id=task.parent_id or asked.after.id))


def promised(roster: Roster, team_id: str, treatment: str, since: int) -> int:
    """By when a team is to have dealt with a task, by its promise, in its working time."""
    team = roster.teams.get(team_id)
    promise = Promise() if team is None else team.promise
    hours = roster.hours if team is None else team.hours
    return due_after(hours, since, promise.by_treatment.get(treatment, promise.within))


def _held(connection: Connection[Any], task_id: int) -> Task:
    task = tasks.hold_task(connection, task_id)
    assert task is not None  # it was opened or joined just now
    return task


def save(connection: Connection[Any], task: Task) -> Task:
    """Write a task that is held; it has its next version then."""
    is_saved = tasks.save_task(connection, task)
    assert is_saved  # it is held since it was read
    return replace(task, expected=task.rate * task.value, version=task.version + 1)


# ---- Who hears of it -------------------------------------------------------------------------------------------------


def announce(
    connection: Connection[Any], roster: Roster, task: Task, key: str, told: Sequence[Recipient], now: int
) -> None:
    """Tell of a task that no hand-over has told of."""
    alert = NewAlert(NoticeKind.HANDED_OVER, key, task.lead_id, task.team, task.handover_id, task.id)
    (number,) = tell(connection, roster, [ToTell(alert, told)], now)
    if number is not None and key.startswith("opened:"):
        about = {"alert": number, "task": task.id}
        tell_endpoints(connection, [Event("task.created", "task", task.id, about)], now)


def _recipients(roster: Roster, task: Task, owner: str | None, now: int) -> list[Recipient]:
    team = roster.teams.get(task.team)
    words = () if team is None else team.alert
    return recipients(roster, task.team, words, member=task.member, owner=owner, away=roster.away(now))


# ---- Appointments ----------------------------------------------------------------------------------------------------


def set_meeting(
    connection: Connection[Any], roster: Roster, task: Task, meeting: Meeting, *, by: str, now: int
) -> Task:
    """Say when the appointment of a task is, for the first time or anew, and put it into the calendars.

    Called off, the task is to be dealt with now.
    """
    sequence = 0 if task.sequence is None else task.sequence + 1
    about = {
        "sequence": sequence, "starts_at": meeting.starts_at, "minutes": meeting.minutes, "place": meeting.place,
        "called_off": meeting.is_called_off,
    }  # fmt: skip
    tasks.write_entry(connection, task.id, by=by, did="appointment", now=now, about=about)
    starts_at = None if meeting.is_called_off else meeting.starts_at
    since = now if starts_at is None else ends_at(starts_at, meeting.minutes)
    due_at = promised(roster, task.team, task.treatment, since)
    look_at = due_at if task.standing == "open" else task.look_at
    task = save(
        connection,
        replace(
            task, sequence=sequence, starts_at=starts_at, not_before=starts_at, due_at=due_at, look_at=look_at,
            overdue_times=0, overdue_at=None,
        ),
    )  # fmt: skip
    _invite(connection, roster, task, sequence, now)
    return task


def _invite(connection: Connection[Any], roster: Roster, task: Task, sequence: int, now: int) -> None:
    """An invitation to the seller, and to every place where an earlier one of this task went, or may have gone."""
    before = tasks.appointment_alerts(connection, task.id)
    alerts.withdraw_alerts(connection, before, now)
    withdraw_intents(connection, before, now)
    places = [
        Place(each.channel, each.audience, each.target, each.member) for each in alerts.sent_to(connection, before)
    ]
    if task.starts_at is not None:
        places += [place_of(roster, each) for each in _invited(roster, task, now)]
    once = {(place.channel, place.name): place for place in reversed(places)}
    if not once:
        return
    alert = NewAlert(
        NoticeKind.APPOINTMENT, f"appointment:{task.id}:{sequence}", task.lead_id, task.team, task.handover_id, task.id,
        before[-1] if before else None,
    )  # fmt: skip
    (number,) = alerts.insert_alerts(connection, [alert], now)
    if number is not None:
        plan_intents(connection, [intent_of(number, alert, place, now) for place in reversed(once.values())], now)


def _invited(roster: Roster, task: Task, now: int) -> list[Recipient]:
    """The member's own mail, for only a mail brings an invitation; of a task that is nobody's, whoever gets alerts."""
    person = roster.members.get(task.member or "")
    if person is not None:
        return [Recipient(Reach.EMAIL, person.email, person.id)]
    return _recipients(roster, task, None, now)
