"""Tasks: their queues, who has them, and what came of them."""

from collections.abc import Sequence
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema
from psycopg import Connection
from pydantic import Field

from couveuse.core import times
from couveuse.core.outcomes import Told
from couveuse.engine import tasking
from couveuse.engine.follow_ups import SALES, Meeting
from couveuse.engine.live import NothingPublished
from couveuse.engine.tasking import Done, Refused, Why
from couveuse.report.persons import person
from couveuse.store import cards, rosters, tasks
from couveuse.store.api_tokens import Scope
from couveuse.store.tasks import Place, Task
from couveuse.web import database, reading
from couveuse.web.api.asking import BearerToken, by_of, cursor_of, iso, now_us, only, parts_of, wrong
from couveuse.web.api.desk_shapes import (
    Acting,
    ActingOn,
    AssignAsked,
    Held,
    MeetingAsked,
    NoteAsked,
    OutcomeAsked,
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
}


class TasksAsked(Schema):
    """Which tasks, and which page of them."""

    standing: TaskStanding = TaskStanding.OPEN
    team: list[Text] = Field([], max_length=50, description="Teams by id, as often as wanted; all if not said.")
    member: Text | None = Field(None, max_length=100, description="Only those of this member.")
    free: bool = Field(False, description="With a member: also those of the teams that are nobody's.")
    lead: int | None = Field(None, ge=1, le=2**63 - 1, description="All tasks of this lead, whatever else is said.")
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
            return {"tasks": shapes(connection, tasks.tasks_of_lead(connection, asked.lead)), "next": None}
        if asked.standing is TaskStanding.OPEN:
            found, following = _queue(connection, asked)
        else:
            found, following = _listed(connection, asked)
        return {"tasks": shapes(connection, found), "next": following}


def _queue(connection: Connection[Any], asked: TasksAsked) -> tuple[list[Task], str | None]:
    parts = parts_of(asked.cursor, ((int, float), int))
    try:
        model_id: int | None = reading.acting(connection).id
    except NothingPublished:
        model_id = None
    page = tasks.queue_page(
        connection, model_id=model_id, teams=_teams(connection, asked), member=asked.member,
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
    """The teams asked for; else all of the document and of the acting model, which alone open tasks."""
    if asked.team:
        return asked.team
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
    """A task with all that happened to it, and the outcomes that it may have now."""
    with database.reading() as connection:
        task = tasks.task(connection, task_id)
        if task is None:
            raise Problem(Kind.NO_SUCH_TASK, f"There is no task {task_id}.")
        history = tasks.entries(connection, task_id)
        return {
            **shape(connection, task),
            "entries": [
                {
                    "id": each.id, "at": iso(each.at), "by": each.by, "did": each.did, "note": each.note,
                    "about": dict(each.about),
                }
                for each in history
            ],
            "outcomes": [row.outcome for row in tasking.offered(connection, task)],
        }  # fmt: skip


# ---- Actions ---------------------------------------------------------------------------------------------------------


@router.post(
    "/{task_id}/claim", response=TaskDone, auth=BearerToken(Scope.TASKS_WRITE), operation_id="claim_task",
    summary="Take a task on screen",
)  # fmt: skip
def claim(request: HttpRequest, task_id: TaskId, asked: Acting) -> dict[str, Any]:
    """For a quarter of an hour nobody else may have it; said again, it is kept."""
    with database.writing() as connection:
        return _done(connection, tasking.claim(connection, task_id, by=_by(connection, request, asked), now=now_us()))


@router.post(
    "/{task_id}/release", response=Held, auth=BearerToken(Scope.TASKS_WRITE), operation_id="release_task",
    summary="Leave a task",
)  # fmt: skip
def release(request: HttpRequest, task_id: TaskId, asked: Acting) -> dict[str, Any]:
    """Others may take it at once."""
    with database.writing() as connection:
        _known(connection, task_id)
        return {"released": tasking.release(connection, task_id, by=_by(connection, request, asked))}


@router.post(
    "/{task_id}/assign", response=TaskDone, auth=BearerToken(Scope.TASKS_WRITE), operation_id="assign_task",
    summary="Give a task to somebody",
)  # fmt: skip
def assign(request: HttpRequest, task_id: TaskId, asked: AssignAsked) -> dict[str, Any]:
    """The member hears of it by their channels, unless they took it themselves."""
    with database.writing() as connection:
        by = _by(connection, request, asked)
        return _done(
            connection,
            tasking.assign(connection, task_id, asked.to, version=asked.version, by=by, now=now_us()),
            field="to",
        )


@router.post(
    "/{task_id}/note", response=TaskDone, auth=BearerToken(Scope.TASKS_WRITE), operation_id="note_task",
    summary="Write a note on a task",
)  # fmt: skip
def note(request: HttpRequest, task_id: TaskId, asked: NoteAsked) -> dict[str, Any]:
    """It goes along to whatever the task opens."""
    with database.writing() as connection:
        by = _by(connection, request, asked)
        return _done(connection, tasking.note(connection, task_id, asked.note, by=by, now=now_us()))


@router.post(
    "/{task_id}/outcome", response=TaskDone, auth=BearerToken(Scope.TASKS_WRITE), operation_id="settle_task",
    summary="Say what came of a task",
)  # fmt: skip
def outcome(request: HttpRequest, task_id: TaskId, asked: OutcomeAsked) -> dict[str, Any]:
    """Its facts are recorded, and what it opens is opened, with it or not at all.

    Sent again after an answer was lost, it answers the task as it is, and records nothing.
    """
    now = now_us()
    with database.writing() as connection:
        by, zone = _by(connection, request, asked), _zone(connection)
        told = Told(
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
        done = tasking.settle(connection, task_id, told, version=asked.version, by=by, now=now)
        if isinstance(done, Refused) and done.why in (Why.CHANGED, Why.OVER):
            task = tasks.task(connection, task_id)
            if task is not None and _was_said(task, asked, by):
                done = Done(task)
        return _done(connection, done)


@router.put(
    "/{task_id}/appointment", response=TaskDone, auth=BearerToken(Scope.TASKS_WRITE),
    operation_id="move_appointment", summary="Move a task's appointment",
)  # fmt: skip
def move(request: HttpRequest, task_id: TaskId, asked: MeetingAsked) -> dict[str, Any]:
    """Those who were invited get the new time."""
    with database.writing() as connection:
        starts_at = _instant(asked.starts_at, "starts_at", _zone(connection))
        assert starts_at is not None  # the body has to have one
        meeting, by = Meeting(starts_at, asked.minutes, asked.place), _by(connection, request, asked)
        return _done(
            connection,
            tasking.move_appointment(connection, task_id, meeting, version=asked.version, by=by, now=now_us()),
        )


@router.post(
    "/{task_id}/appointment/call-off", response=TaskDone, auth=BearerToken(Scope.TASKS_WRITE),
    operation_id="call_off_appointment", summary="Call a task's appointment off",
)  # fmt: skip
def call_off(request: HttpRequest, task_id: TaskId, asked: ActingOn) -> dict[str, Any]:
    """Those who were invited are told, and the task is to be dealt with now."""
    with database.writing() as connection:
        by = _by(connection, request, asked)
        return _done(
            connection, tasking.call_off_appointment(connection, task_id, version=asked.version, by=by, now=now_us())
        )


def _by(connection: Connection[Any], request: HttpRequest, asked: Acting) -> str:
    """The member who acts, else the token."""
    if asked.member is None:
        return by_of(request)
    if asked.member not in rosters.load_roster(connection).members:
        raise wrong("member", "There is no such member; see /api/v1/team.", "body")
    return asked.member


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


def _was_said(task: Task, asked: OutcomeAsked, by: str) -> bool:
    """Whether the last thing that happened to a task is this very outcome."""
    return (task.version, task.outcome, task.outcome_by) == (asked.version + 1, str(asked.outcome), by)


def _known(connection: Connection[Any], task_id: int) -> None:
    if tasks.task(connection, task_id) is None:
        raise Problem(Kind.NO_SUCH_TASK, f"There is no task {task_id}.")


def _done(connection: Connection[Any], done: Done | Refused, field: str = "") -> dict[str, Any]:
    if isinstance(done, Refused):
        raise refusal(done, field)
    opened = done.follow_up
    return {
        "task": shape(connection, done.task),
        "follow_up": None if opened is None else shape(connection, opened),
        "facts": done.facts,
    }


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
    told = []
    for each in found:
        card = known.get(each.shown_id)
        who = person(card.traits) if card is not None else None
        told.append({
            "id": each.id,
            "version": each.version,
            "lead_id": each.shown_id,
            "lead": "" if card is None else card.key,
            "name": "" if who is None else who.name,
            "company": "" if who is None or card is None else who.company or card.company or "",
            "team": each.team,
            "treatment": each.treatment,
            "standing": each.standing,
            "member": each.member,
            "opened_at": iso(each.opened_at),
            "due_at": iso(each.due_at),
            "not_before": iso(each.not_before),
            "starts_at": iso(each.starts_at),
            "rate": each.rate,
            "value": each.value,
            "expected": each.expected,
            "score": each.score,
            "tries": each.tries,
            "held_by": each.holder(now),
            "flagged_because": each.flagged_because,
            "outcome": each.outcome,
            "outcome_reason": each.outcome_reason,
            "outcome_by": each.outcome_by,
            "closed_at": iso(each.closed_at),
        })  # fmt: skip
    return told
