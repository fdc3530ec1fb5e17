"""What people do with a task: each action by a form that works without a script, and by the engine's own function."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from psycopg import Connection

from couveuse.core.outcomes import Outcome
from couveuse.engine import settling, tasking
from couveuse.engine.follow_ups import MINUTES, Meeting
from couveuse.engine.tasking import Done, Refused, Why
from couveuse.store import alerts, tasks
from couveuse.store.tasks import Task
from couveuse.web import database
from couveuse.web.areas.desk import forms
from couveuse.web.areas.desk.forms import Wrong
from couveuse.web.areas.desk.task import Mistake, refused, shown
from couveuse.web.areas.desk.whose import Desk, desk_of, may_see, number
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect

Act = Callable[[Connection[Any], Desk, Task], Done | Refused]


@page(Permission.DO_TASKS, methods=("POST",))
def claim(asked: Asked, task_id: int) -> HttpResponse:
    """Keep a task on screen while it is looked at; where another one has it by now the page says so."""
    done = _done(
        asked, task_id, lambda connection, desk, task: tasking.claim(connection, task.id, by=desk.by, now=asked.now)
    )  # fmt: skip
    if isinstance(done, HttpResponse):
        return redirect(asked, _task(task_id)) if asked.is_htmx else done
    return HttpResponse(status=204) if asked.is_htmx else redirect(asked, _task(task_id))


@page(Permission.DO_TASKS, methods=("POST",))
def release(asked: Asked, task_id: int) -> HttpResponse:
    """Leave a task: another one may have it. `next` says where to go from there."""
    done = _done(
        asked, task_id, lambda connection, desk, task: tasking.release(connection, task.id, by=desk.by, now=asked.now)
    )  # fmt: skip
    if isinstance(done, HttpResponse):
        return done
    after = forms.text(asked.request.POST, "after")
    return redirect(asked, f"{reverse('desk')}?after={after}" if after else reverse("desk_queue"))


@page(Permission.DO_TASKS, methods=("POST",))
def outcome(asked: Asked, task_id: int) -> HttpResponse:
    """What came of it: it counts in ten seconds, unless it is taken back; then the next task is there."""
    form = forms.text(asked.request.POST, "outcome")

    def act(connection: Connection[Any], desk: Desk, task: Task) -> Done | Refused:
        told = forms.told(asked)
        if told.amount is not None and not told.currency:
            told = replace(told, currency=desk.roster.currency)
        version = forms.whole(asked.request.POST, "version")
        return settling.settle_soon(connection, task.id, told, version=version, by=desk.by, now=asked.now)

    done = _done(asked, task_id, act, form=form)
    return done if isinstance(done, HttpResponse) else redirect(asked, reverse("desk"))


@page(Permission.DO_TASKS, methods=("POST",))
def undo(asked: Asked, task_id: int) -> HttpResponse:
    """Take back what one said a moment ago; the task is on screen again."""
    done = _done(
        asked, task_id, lambda connection, desk, task: settling.undo(connection, task.id, by=desk.by, now=asked.now)
    )  # fmt: skip
    return done if isinstance(done, HttpResponse) else redirect(asked, _task(task_id), "desk_done.undone")


@page(Permission.DO_TASKS, methods=("POST",))
def note(asked: Asked, task_id: int) -> HttpResponse:
    """Write a note."""
    text = forms.text(asked.request.POST, "note")

    def act(connection: Connection[Any], desk: Desk, task: Task) -> Done | Refused:
        return tasking.note(connection, task.id, text, by=desk.by, now=asked.now)

    done = _done(asked, task_id, act, form="note")
    return done if isinstance(done, HttpResponse) else redirect(asked, _task(task_id), "desk_done.noted")


@page(Permission.DO_TASKS, methods=("POST",))
def give(asked: Asked, task_id: int) -> HttpResponse:
    """Give it to somebody of its team, or to whoever takes it."""
    to = forms.text(asked.request.POST, "member") or None

    def act(connection: Connection[Any], desk: Desk, task: Task) -> Done | Refused:
        team = desk.roster.teams.get(task.team)
        if to is not None and (team is None or to not in team.members):
            raise Wrong("member", "desk_wrong.member")
        version = forms.whole(asked.request.POST, "version")
        done = tasking.assign(connection, task.id, to, version=version, by=desk.by, now=asked.now)
        if isinstance(done, Done) and to != desk.member:
            tasking.release(connection, task.id, by=desk.by, now=asked.now)
        return done

    done = _done(asked, task_id, act, form="give")
    if isinstance(done, HttpResponse):
        return done
    return redirect(asked, reverse("desk"), "desk_done.given" if to is not None else "desk_done.freed")


@page(Permission.DO_TASKS, methods=("POST",))
def put_off(asked: Asked, task_id: int) -> HttpResponse:
    """It comes again at a time; nobody tried."""

    def act(connection: Connection[Any], desk: Desk, task: Task) -> Done | Refused:
        until = forms.at(asked, "until")
        if until is None:
            raise Wrong("until", "desk_wrong.instant")
        version, text = forms.whole(asked.request.POST, "version"), forms.text(asked.request.POST, "note")
        return tasking.put_off(connection, task.id, until, version=version, by=desk.by, now=asked.now, text=text)

    done = _done(asked, task_id, act, form="put_off")
    return done if isinstance(done, HttpResponse) else redirect(asked, reverse("desk"), "desk_done.put_off")


@page(Permission.DO_TASKS, methods=("POST",))
def move(asked: Asked, task_id: int) -> HttpResponse:
    """The appointment is at another time; who was invited is told."""

    def act(connection: Connection[Any], desk: Desk, task: Task) -> Done | Refused:
        starts_at = forms.at(asked, "starts_at")
        if starts_at is None:
            raise Wrong("starts_at", "desk_wrong.instant")
        before = tasks.last_appointment(connection, task.id)
        minutes = MINUTES if before is None else before.minutes
        meeting = Meeting(starts_at, minutes, "" if before is None else before.place)
        version = forms.whole(asked.request.POST, "version")
        return tasking.move_appointment(connection, task.id, meeting, version=version, by=desk.by, now=asked.now)

    done = _done(asked, task_id, act, form="move")
    return done if isinstance(done, HttpResponse) else redirect(asked, _task(task_id), "desk_done.moved")


@page(Permission.DO_TASKS, methods=("POST",))
def call_off(asked: Asked, task_id: int) -> HttpResponse:
    """There is no appointment any more; who was invited is told, and the task is to be dealt with now."""

    def act(connection: Connection[Any], desk: Desk, task: Task) -> Done | Refused:
        version = forms.whole(asked.request.POST, "version")
        return tasking.call_off_appointment(connection, task.id, version=version, by=desk.by, now=asked.now)

    done = _done(asked, task_id, act, form="move")
    return done if isinstance(done, HttpResponse) else redirect(asked, _task(task_id), "desk_done.called_off")


@page(Permission.SEE_TASKS, methods=("POST",))
def seen(asked: Asked, alert_id: int) -> HttpResponse:
    """Somebody has seen an alert; the first one counts."""
    with database.writing() as connection:
        alert = alerts.alert(connection, number(alert_id))
        if alert is None:
            raise Http404
        may_see(asked, alert.team)
        desk = desk_of(asked, connection)
        alerts.acknowledge(connection, alert.id, by=desk.by, now=asked.now)
    back = reverse("desk") if alert.task_id is None else _task(alert.task_id)
    return redirect(asked, back, "desk_done.seen")


def _done(asked: Asked, task_id: int, act: Act, *, form: str = "") -> Done | HttpResponse:
    """What came of an action on a task that is there for who asks; a page where it was not done."""
    with database.writing() as connection:
        task = tasks.task(connection, number(task_id))
        if task is None:
            raise Http404
        may_see(asked, task.team)
        desk = desk_of(asked, connection)
        try:
            done = act(connection, desk, task)
        except Wrong as wrong:
            return _again(asked, task_id, form, wrong.field, asked.say(wrong.key))
    if isinstance(done, Done):
        return done
    if done.why is Why.NO_SUCH_TASK:
        raise Http404
    if done.why is Why.INVALID:
        known = asked.words.known("desk_wrong", f"{form}_{done.field}")
        key = f"{form}_{done.field}" if known != f"{form}_{done.field}" else done.field
        text = asked.words.known("desk_wrong", key)
        return _again(asked, task_id, form, done.field, asked.say("desk_wrong.other") if text == key else text)
    return refused(asked, done, task_id, desk)


def _again(asked: Asked, task_id: int, form: str, field: str, text: str) -> HttpResponse:
    """The task's page with what was wrong beside the field, and all that had been typed."""
    written = {name: value[: forms.MOST_TEXT] for name, value in asked.request.POST.items() if isinstance(value, str)}
    is_form = form in tuple(Outcome) or form in ("note", "give", "put_off", "move")
    return shown(asked, task_id, Mistake(form if is_form else "note", field, text, written))


def _task(task_id: int) -> str:
    return str(reverse("desk_task", kwargs={"task_id": task_id}))
