"""Tasks: their queues, who has them, and what came of them."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema
from psycopg import Connection
from pydantic import Field

from couveuse.core import times
from couveuse.core.outcomes import Told
from couveuse.engine import settling, tasking
from couveuse.engine.desk import look_at_task
from couveuse.engine.follow_ups import MINUTES, SALES, Meeting
from couveuse.engine.live import NothingPublished
from couveuse.engine.on_behalf import Actor, NoSuchMember, act
from couveuse.engine.tasking import Done, Refused, Why
from couveuse.report.persons import person
from couveuse.store import cards, rosters, tasks
from couveuse.store.api_tokens import Scope
from couveuse.store.cards import Card
from couveuse.store.tasks import Appointment, Entry, Place, Task
from couveuse.web import database, reading
from couveuse.web.api import told
from couveuse.web.api.asking import BearerToken, by_of, cursor_of, iso, now_us, only, parts_of, wrong
from couveuse.web.api.task_shapes import (
    Acting,
    ActingOn,
    AssignAsked,
    Held,
    MeetingAsked,
    NoteAsked,
    OutcomeAsked,
    PutOffAsked,
    TaskDone,
    TasksPage,
    TaskStanding,
    TaskWhole,
)
from couveuse.web.api.texts import Text
from couveuse.web.problems import Kind, Problem

router = Router(tags=["tasks"])
TaskId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The task's number.")]
_KINDS: Final = {
    Why.NO_SUCH_TASK: Kind.NO_SUCH_TASK,
    Why.HELD: Kind.TASK_HELD,
    Why.CHANGED: Kind.TASK_CHANGED,
    Why.OVER: Kind.TASK_OVER,
    Why.NOT_OFFERED: Kind.NOT_OFFERED,
    Why.ERASED: Kind.NO_SUCH_LEAD,
    Why.SETTLING: Kind.TASK_SETTLING,
}


class TasksAsked(Schema):
    """Which tasks, and which page of them."""

    standing: TaskStanding = TaskStanding.OPEN
    team: list[Text] = Field([], max_length=50, description="Teams by id, as often as wanted; all if not said.")
    member: Text | None = Field(None, max_length=100, description="Only those of this member.")
    free: bool = Field(
        False,
        description="With a member: also those that are nobody's, of the teams that are named, else of their own.",
    )
    lead: int | None = Field(
        None,
        ge=1,
        le=2**63 - 1,
        description="All tasks of this lead, the newest first; nothing else is asked for then.",
    )
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=2_000, description="`next` of the page before.")


@router.get("", response=TasksPage, auth=BearerToken(Scope.TASKS_READ), operation_id="list_tasks", summary="List tasks")
def list_tasks(request: HttpRequest, asked: Query[TasksAsked]) -> dict[str, Any]:
    """What is to be done, the best expected value first, without leads that are irrelevant now.

    `later` is put off, the soonest first; `accepted` is in the hands of sales; `closed` the last closed first. A page
    of the queue may hold fewer tasks than asked for, and yet not be the last one.
    """
    only(request, TasksAsked)
    with database.reading() as connection:
        if asked.lead is not None:
            found, following = _of_lead(connection, asked, asked.lead)
        elif asked.standing is TaskStanding.OPEN:
            found, following = _queue(connection, asked)
        else:
            found, following = _listed(connection, asked)
        return {"tasks": shapes(connection, found), "next": following}


def _of_lead(connection: Connection[Any], asked: TasksAsked, lead_id: int) -> tuple[list[Task], str | None]:
    if asked.standing is not TaskStanding.OPEN or asked.team or asked.member is not None or asked.free:
        raise wrong("lead", "All tasks of a lead are listed: leave out standing, team, member and free.")
    parts = parts_of(asked.cursor, (int,)) or [2**63 - 1]
    found = tasks.tasks_of_lead(connection, lead_id, most=asked.limit + 1, before=parts[0])
    page = found[: asked.limit]
    return page, cursor_of(page[-1].id) if len(found) > asked.limit else None


def _queue(connection: Connection[Any], asked: TasksAsked) -> tuple[list[Task], str | None]:
    parts = parts_of(asked.cursor, ((int, float), int))
    try:
        model_id: int | None = reading.acting(connection).id
    except NothingPublished:
        model_id = None
    page = tasks.queue_page(
        connection, model_id=model_id, teams=_teams(connection, asked) or None, member=asked.member,
        cursor=None if parts is None else Place(parts[0], parts[1]), most=asked.limit, now=now_us(),
        with_free=asked.free,
    )  # fmt: skip
    return page.tasks, None if page.next is None else cursor_of(page.next.expected, page.next.task_id)


def _listed(connection: Connection[Any], asked: TasksAsked) -> tuple[list[Task], str | None]:
    parts = parts_of(asked.cursor, (str, int, int))
    if parts is not None and parts[0] != asked.standing:
        raise wrong("cursor", "It is of another list; leave it out to begin again.")
    teams, most = _teams(connection, asked), asked.limit + 1
    match asked.standing:
        case TaskStanding.LATER:
            after = (0, 0) if parts is None else (parts[1], parts[2])
            found = tasks.later_tasks(connection, teams, now=now_us(), most=most, member=asked.member, after=after)
        case TaskStanding.ACCEPTED:
            last = 0 if parts is None else parts[2]
            found = tasks.accepted_tasks(connection, teams, most=most, member=asked.member, after=last)
        case _:
            closed = None if parts is None else (parts[1], parts[2])
            found = tasks.closed_tasks(connection, teams, most=most, member=asked.member, after=closed)
    page = found[: asked.limit]
    if len(found) <= asked.limit:
        return page, None
    at = page[-1].closed_at if asked.standing is TaskStanding.CLOSED else page[-1].not_before
    return page, cursor_of(str(asked.standing), at or 0, page[-1].id)


def _teams(connection: Connection[Any], asked: TasksAsked) -> Sequence[str]:
    """The teams asked for; of a member's queue their own; else all of the document and of the acting model."""
    if asked.team:
        return asked.team
    if asked.standing is TaskStanding.OPEN and asked.member is not None:
        teams = rosters.load_roster(connection).teams.values()
        return [team.id for team in teams if asked.member in team.members] if asked.free else []
    try:
        model = reading.acting(connection).plan.model
    except NothingPublished:
        routed: set[str] = set()
    else:
        routes = [rule.route for rule in model.rules] + [band.route for band in model.bands]
        routed = {route.team for route in routes if route is not None}
    return sorted(routed | rosters.load_roster(connection).teams.keys() | {SALES.team})


@router.get(
    "/{task_id}", response=TaskWhole, auth=BearerToken(Scope.TASKS_READ), operation_id="read_task",
    summary="Read a task",
)  # fmt: skip
def read_task(request: HttpRequest, task_id: TaskId) -> dict[str, Any]:
    """A task with its lead, why it was handed over, all that happened to it, and the outcomes that it may have now."""
    with database.reading() as connection:
        look = look_at_task(connection, task_id)
    if look is None:
        raise Problem(Kind.NO_SUCH_TASK, f"There is no task {task_id}.")
    return {
        **_told(look.task, look.card, now_us()),
        "parent_id": look.task.parent_id,
        "handover": None if look.handover is None else told.handover_of(look.handover),
        "appointment": None if look.appointment is None else _meeting(look.appointment),
        "notes": list(look.notes),
        "alerts": [each.id for each in look.alerts],
        "entries": [_entry(each) for each in look.entries],
        "outcomes": [row.outcome for row in look.outcomes],
    }


def _meeting(appointment: Appointment) -> dict[str, Any]:
    return {
        "starts_at": iso(appointment.starts_at), "minutes": appointment.minutes, "place": appointment.place,
        "called_off": appointment.is_called_off,
    }  # fmt: skip


def _entry(entry: Entry) -> dict[str, Any]:
    about = {name: value for name, value in entry.about.items() if name != tasks.REQUEST}
    return {"id": entry.id, "at": iso(entry.at), "by": entry.by, "did": entry.did, "note": entry.note, "about": about}


# ---- Actions ---------------------------------------------------------------------------------------------------------


@router.post(
    "/{task_id}/claim", response=TaskDone, auth=BearerToken(Scope.TASKS_WRITE), operation_id="claim_task",
    summary="Take a task on screen",
)  # fmt: skip
def claim(request: HttpRequest, task_id: TaskId, asked: Acting) -> dict[str, Any]:
    """For a quarter of an hour nobody else may have it; said again, it is kept."""
    now = now_us()
    with database.writing() as connection:
        return _acted(
            connection, request, asked, "took a task", task_id,
            lambda by: tasking.claim(connection, task_id, by=by, now=now),
        )  # fmt: skip


@router.post(
    "/{task_id}/release", response=Held, auth=BearerToken(Scope.TASKS_WRITE), operation_id="release_task",
    summary="Leave a task",
)  # fmt: skip
def release(request: HttpRequest, task_id: TaskId, asked: Acting) -> dict[str, Any]:
    """Others may take it at once; nobody leaves it for another one."""
    now = now_us()
    with database.writing() as connection:
        _acted(
            connection, request, asked, "left a task", task_id,
            lambda by: tasking.release(connection, task_id, by=by, now=now),
        )  # fmt: skip
    return {"released": True}


@router.post(
    "/{task_id}/assign", response=TaskDone, auth=BearerToken(Scope.TASKS_WRITE), operation_id="assign_task",
    summary="Give a task to somebody",
)  # fmt: skip
def assign(request: HttpRequest, task_id: TaskId, asked: AssignAsked) -> dict[str, Any]:
    """The member hears of it by their channels, unless they took it themselves. Sent again, it is done once."""
    now = now_us()
    with database.writing() as connection:
        return _acted(
            connection, request, asked, "gave a task", task_id,
            lambda by: tasking.assign(connection, task_id, asked.to, version=asked.version, by=by, now=now),
            field="to",
        )  # fmt: skip


@router.post(
    "/{task_id}/note", response=TaskDone, auth=BearerToken(Scope.TASKS_WRITE), operation_id="note_task",
    summary="Write a note on a task",
)  # fmt: skip
def note(request: HttpRequest, task_id: TaskId, asked: NoteAsked) -> dict[str, Any]:
    """It goes along to whatever the task opens."""
    now = now_us()
    with database.writing() as connection:
        return _acted(
            connection, request, asked, "wrote a note", task_id,
            lambda by: tasking.note(connection, task_id, asked.note, by=by, now=now),
        )  # fmt: skip


@router.post(
    "/{task_id}/outcome", response=TaskDone, auth=BearerToken(Scope.TASKS_WRITE), operation_id="settle_task",
    summary="Say what came of a task",
)  # fmt: skip
def outcome(request: HttpRequest, task_id: TaskId, asked: OutcomeAsked) -> dict[str, Any]:
    """Its facts are recorded, and what it opens is opened, with it or not at all.

    Sent again to the letter, after an answer was lost, it answers what came of it, and records nothing. With
    `may_be_undone` nothing is recorded before ten seconds have passed; `facts` is 0 then.
    """
    now = now_us()
    settle = settling.settle_soon if asked.may_be_undone else tasking.settle
    with database.writing() as connection:
        said = _said(asked, _zone(connection))
        return _acted(
            connection, request, asked, "settled a task", task_id,
            lambda by: settle(connection, task_id, said, version=asked.version, by=by, now=now),
        )  # fmt: skip


@router.post(
    "/{task_id}/undo", response=TaskDone, auth=BearerToken(Scope.TASKS_WRITE), operation_id="undo_outcome",
    summary="Take back what came of a task",
)  # fmt: skip
def undo(request: HttpRequest, task_id: TaskId, asked: Acting) -> dict[str, Any]:
    """Only by whoever said it, with `may_be_undone`, and before it counts; nothing was recorded then."""
    now = now_us()
    with database.writing() as connection:
        return _acted(
            connection, request, asked, "took an outcome back", task_id,
            lambda by: settling.undo(connection, task_id, by=by, now=now),
        )  # fmt: skip


@router.post(
    "/{task_id}/put-off", response=TaskDone, auth=BearerToken(Scope.TASKS_WRITE), operation_id="put_off_task",
    summary="Put a task off",
)  # fmt: skip
def put_off(request: HttpRequest, task_id: TaskId, asked: PutOffAsked) -> dict[str, Any]:
    """It comes again then, and is due as the team promises from then on; no try is counted."""
    now = now_us()
    with database.writing() as connection:
        until = _instant(asked.until, "until", _zone(connection))
        assert until is not None  # the body has to have one
        return _acted(
            connection, request, asked, "put a task off", task_id,
            lambda by: tasking.put_off(
                connection, task_id, until, version=asked.version, by=by, now=now, text=asked.note
            ),
        )  # fmt: skip


def _said(asked: OutcomeAsked, zone: ZoneInfo) -> Told:
    return Told(
        asked.outcome,
        call_at=_instant(asked.call_at, "call_at", zone),
        starts_at=_instant(asked.starts_at, "starts_at", zone),
        minutes=asked.minutes,
        place=asked.place,
        lead_class=asked.lead_class,
        reason=asked.reason,
        amount=asked.amount,
        currency=asked.currency,
        on=_instant(asked.on, "on", zone),
        opportunity_id=asked.opportunity_id,
        note=asked.note,
    )


@router.put(
    "/{task_id}/appointment", response=TaskDone, auth=BearerToken(Scope.TASKS_WRITE),
    operation_id="move_appointment", summary="Move a task's appointment",
)  # fmt: skip
def move(request: HttpRequest, task_id: TaskId, asked: MeetingAsked) -> dict[str, Any]:
    """Those who were invited get the new time."""
    now = now_us()
    with database.writing() as connection:
        starts_at = _instant(asked.starts_at, "starts_at", _zone(connection))
        assert starts_at is not None  # the body has to have one
        before = tasks.last_appointment(connection, task_id)
        minutes = asked.minutes or (MINUTES if before is None else before.minutes)
        place = asked.place if asked.place is not None else "" if before is None else before.place
        meeting = Meeting(starts_at, minutes, place)
        return _acted(
            connection, request, asked, "moved an appointment", task_id,
            lambda by: tasking.move_appointment(connection, task_id, meeting, version=asked.version, by=by, now=now),
        )  # fmt: skip


@router.post(
    "/{task_id}/appointment/call-off", response=TaskDone, auth=BearerToken(Scope.TASKS_WRITE),
    operation_id="call_off_appointment", summary="Call a task's appointment off",
)  # fmt: skip
def call_off(request: HttpRequest, task_id: TaskId, asked: ActingOn) -> dict[str, Any]:
    """Those who were invited are told, and the task is to be dealt with now."""
    now = now_us()
    with database.writing() as connection:
        return _acted(
            connection, request, asked, "called an appointment off", task_id,
            lambda by: tasking.call_off_appointment(connection, task_id, version=asked.version, by=by, now=now),
        )  # fmt: skip


def _acted(
    connection: Connection[Any], request: HttpRequest, asked: Acting, did: str, task_id: int,
    do: Callable[[str], Done | Refused], *, field: str = "",
) -> dict[str, Any]:  # fmt: skip
    """What came of an action, by the member who is named, else by the token; raises Problem.

    `field`: what of the body is wrong where the engine does not call it so.
    """
    try:
        done = act(connection, Actor(by_of(request), asked.member), did, task_id, do, now_us())
    except NoSuchMember as error:
        raise wrong("member", str(error), "body") from error
    if isinstance(done, Refused):
        raise refusal(done, field or done.field)
    opened = done.follow_up
    return {
        "task": shape(connection, done.task),
        "follow_up": None if opened is None else shape(connection, opened),
        "facts": done.facts,
        "again": done.again,
    }


def _zone(connection: Connection[Any]) -> ZoneInfo:
    return ZoneInfo(rosters.load_roster(connection).hours.timezone)


def _instant(text: str | None, name: str, zone: ZoneInfo) -> int | None:
    """An instant of a body; without a zone it is the team's."""
    if text is None:
        return None
    found = times.instant(text, zone)
    if found is None:
        raise wrong(name, "Not an instant; write it in ISO 8601, as 2026-12-01T10:00.", "body")
    return found


def refusal(refused: Refused, field: str = "") -> Problem:
    """A refusal as a problem."""
    if refused.why is Why.INVALID:
        return wrong(field or refused.field or "body", refused.reason, "body")
    return Problem(_KINDS[refused.why], f"{refused.reason}.")


# ---- Shapes ----------------------------------------------------------------------------------------------------------


def shape(connection: Connection[Any], task: Task) -> dict[str, Any]:
    """One task."""
    return shapes(connection, [task])[0]


def shapes(connection: Connection[Any], found: Sequence[Task]) -> list[dict[str, Any]]:
    """Tasks with who their leads are."""
    known = cards.load_cards(connection, sorted({each.shown_id for each in found}))
    now = now_us()
    return [_told(each, known.get(each.shown_id), now) for each in found]


def _told(task: Task, card: Card | None, now: int) -> dict[str, Any]:
    who = None if card is None else person(card.traits)
    return {
        "id": task.id,
        "version": task.version,
        "lead_id": task.shown_id if card is None else card.lead_id,
        "lead": "" if card is None else card.key,
        "name": "" if who is None else who.name,
        "company": "" if who is None or card is None else who.company or card.company or "",
        "team": task.team,
        "treatment": task.treatment,
        "standing": task.standing,
        "member": task.member,
        "opened_at": iso(task.opened_at),
        "due_at": iso(task.due_at),
        "not_before": iso(task.not_before),
        "starts_at": iso(task.starts_at),
        "rate": task.rate,
        "value": task.value,
        "expected": task.expected,
        "score": task.score,
        "tries": task.tries,
        "held_by": task.holder(now),
        "flagged_because": task.flagged_because,
        "outcome": task.outcome,
        "outcome_reason": task.outcome_reason,
        "outcome_by": task.outcome_by,
        "closed_at": iso(task.closed_at),
        "settles_at": iso(task.settles_at),
    }
