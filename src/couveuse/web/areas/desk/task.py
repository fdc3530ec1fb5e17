"""One task fills the page: whose turn it is, or the one that is asked for."""

from dataclasses import dataclass, field
from typing import Any, Final

from django.http import Http404, HttpResponse
from psycopg import Connection

from couveuse.core.outcomes import CLASSES, REASONS, TABLE, Outcome
from couveuse.engine import sheets as engine
from couveuse.engine.sheets import Turn, View
from couveuse.engine.tasking import Refused, Why
from couveuse.report.persons import person
from couveuse.store import sheets
from couveuse.store.sheets import Waiting
from couveuse.store.tasks import Place, Task
from couveuse.web import database
from couveuse.web.areas.desk import showing
from couveuse.web.areas.desk.places import place_of
from couveuse.web.areas.desk.whose import Desk, desk_of, may_see, number
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission, may
from couveuse.web.reading import looker
from couveuse.web.rendering import render


@dataclass(frozen=True, slots=True)
class Mistake:
    """What of a form will not do: `form` and `name` say where, `written` is what had been typed."""

    form: str = ""
    name: str = ""
    text: str = ""
    written: dict[str, str] = field(default_factory=dict)


_NONE = Mistake()
# So many of those who have all tasks on screen are named.
MOST_NAMES: Final = 5


@page(Permission.SEE_TASKS)
def turn(asked: Asked) -> HttpResponse:
    """The best task that may be had now, on one's own screen from now on; looking without doing takes none."""
    after = place_of(asked.request.GET.get("after", ""))
    if asked.request.method == "HEAD":  # who only asks whether it is there has nothing on screen
        return HttpResponse()
    with database.writing() as connection:
        desk = desk_of(asked, connection)
        if desk.scope is None:
            return _empty(asked, desk.lacking)
        found = engine.take_turn(
            connection, desk.scope, desk.model_id, by=desk.by, now=asked.now, after=after
        )  # fmt: skip
        if found.task_id is None and after is not None:
            found = engine.take_turn(connection, desk.scope, desk.model_id, by=desk.by, now=asked.now)
        if found.task_id is None:
            waiting = sheets.waiting_of(connection, desk.by, asked.now)
            return _nothing(asked, desk, found, waiting)
        following = None if found.following is None else found.following.shown_id
        sheet = sheets.sheet(
            connection, found.task_id, desk.model_id, by=desk.by, now=asked.now, next_lead=following
        )  # fmt: skip
        if sheet is None:  # erased between two statements
            raise Http404
        view = engine.view(connection, looker(connection), sheet, desk.model, asked.now)
    return _shown(asked, desk, view, following=found.following, is_turn=True)


@page(Permission.SEE_TASKS)
def show(asked: Asked, task_id: int) -> HttpResponse:
    """The task of a number, on one's own screen from now on where that may be."""
    return shown(asked, number(task_id))


def shown(asked: Asked, task_id: int, mistake: Mistake = _NONE) -> HttpResponse:
    """A task's page; with what was wrong in a form where something was."""
    with database.writing() as connection:
        desk = desk_of(asked, connection)
        sheet = sheets.sheet(connection, task_id, desk.model_id, by=desk.by, now=asked.now)
        if sheet is None:
            raise Http404
        may_see(asked, sheet.task.team)
        holder = sheet.task.holder(asked.now)
        is_mine = any(each.task_id == task_id for each in sheet.waiting)
        if holder not in (None, desk.by) or (sheet.task.settles_at is not None and not is_mine):
            return refused(asked, Refused(Why.HELD, "", holder=holder or ""), task_id, desk)
        if asked.request.method != "HEAD" and _may_be_taken(asked, sheet.task):
            engine.take(connection, task_id, by=desk.by, now=asked.now)
        view = engine.view(connection, looker(connection), sheet, desk.model, asked.now)
    return _shown(asked, desk, view, mistake=mistake)


def _may_be_taken(asked: Asked, task: Task) -> bool:
    return task.is_open and task.settles_at is None and may(asked.who, Permission.DO_TASKS)


def _shown(
    asked: Asked, desk: Desk, view: View, *, following: Task | None = None, is_turn: bool = False,
    mistake: Mistake = _NONE
) -> HttpResponse:  # fmt: skip
    sheet, task = view.sheet, view.sheet.task
    card = sheet.card
    who = person(card.traits if card is not None else {})
    due, is_late = showing.due(asked, task)
    ways = showing.ways(asked, view.outcomes)
    is_open = bool(ways) and task.settles_at is None
    return render(
        asked,
        "desk/task.html",
        422 if mistake.form else 200,
        title=showing.lead_name(asked, *_named(sheet)),
        desk=desk,
        view=view,
        task=task,
        name=showing.lead_name(asked, *_named(sheet)),
        job_title=who.job_title,
        company=who.company or (card.company if card is not None else "") or "",
        team=showing.team_name(asked, desk.roster, task.team),
        treatment=showing.treatment(asked, desk.roster, task),
        due=due,
        is_late=is_late,
        level=showing.level(view, None if desk.model is None else desk.model.plan.model, asked.language),
        dialled=showing.telephone(view),
        mail=showing.mail_of(view),
        asked_for=showing.asked_for(asked, desk, view),
        why=showing.why(asked, desk, view),
        deeds=showing.deeds(asked, view.deeds),
        history=showing.history(asked, desk, sheet.entries),
        earlier=[*showing.history(asked, desk, sheet.earlier), *showing.written(asked, desk, view.notes)],
        because=asked.words.known("because", task.flagged_because or ""),
        ended=showing.outcome_name(asked, task.outcome),
        ended_why=showing.reason_name(asked, task.outcome_reason),
        ways=ways if is_open else [],
        offers=_offers(asked, desk, view),
        is_open=is_open,
        waiting=_waiting(asked, sheet.waiting),
        following=_following(asked, sheet.following),
        after=None if following is None else Place(task.expected, task.id),
        is_turn=is_turn,
        typed=mistake.written.get("note", "") if mistake.form else showing.typed_before(sheet.entries, desk.by),
        mistake=mistake,
    )


def _named(sheet: sheets.Sheet) -> tuple[dict[str, Any], str]:
    return ({}, "") if sheet.card is None else (dict(sheet.card.traits), sheet.card.key)


def _offers(asked: Asked, desk: Desk, view: View) -> dict[str, Any]:
    """What the forms of the page offer."""
    members = [
        (member.id, member.name)
        for team in desk.roster.teams.values() if team.id == view.sheet.task.team
        for member in map(desk.roster.members.__getitem__, team.members)
    ]  # fmt: skip
    return {
        "call_at": list(showing.times_to_call(asked)),
        "until": list(showing.days_to_wait(asked)),
        "classes": [(each.value, label.text(asked.language, each.value)) for each, label in CLASSES.items()],
        "reasons": [(reason, label.text(asked.language, reason)) for reason, label in REASONS.items()],
        "members": members,
        "currency": desk.roster.currency,
        "value": f"{view.sheet.task.value:.2f}".removesuffix(".00"),
        "starts_at": "" if view.sheet.task.starts_at is None
        else f"{asked.formats.moment(view.sheet.task.starts_at):%Y-%m-%dT%H:%M}",
    }  # fmt: skip


def _waiting(asked: Asked, waiting: list[Waiting] | Any) -> list[dict[str, Any]]:
    """What may be taken back still: of each for how long a person may count on it."""
    return [
        {
            "task": each.task_id, "name": showing.lead_name(asked, each.traits, each.key),
            "outcome": TABLE[Outcome(each.outcome)].label.text(asked.language, each.outcome),
            "left": max((each.until - asked.now) // 1000 - 2000, 0),
        }
        for each in waiting
    ]  # fmt: skip


def _following(asked: Asked, following: sheets.Following | None) -> dict[str, str] | None:
    if following is None:
        return None
    company = person(following.traits).company or following.company or ""
    return {"name": showing.lead_name(asked, following.traits, following.key), "company": company}


def _nothing(asked: Asked, desk: Desk, found: Turn, waiting: list[Waiting]) -> HttpResponse:
    """Nothing may be had now: all is done, or others have all of it on screen."""
    held = sorted({desk.called(each.holder(asked.now)) for each in found.held})[:MOST_NAMES]
    return render(
        asked, "desk/nothing.html", title=asked.say("desk_tabs.desk"), held=held, waiting=_waiting(asked, waiting),
    )  # fmt: skip


def _empty(asked: Asked, lacking: str) -> HttpResponse:
    """Who has no place in the team's document has no queue; the page says what to do about it."""
    return render(asked, "desk/lacking.html", title=asked.say("desk_tabs.desk"), lacking=lacking)


def refused(asked: Asked, refused: Refused, task_id: int, desk: Desk) -> HttpResponse:
    """Why something could not be done with a task, in words, and what to do now."""
    known = asked.words.known("desk_why", refused.why)
    key = refused.why if known != refused.why else "changed"
    by = desk.called(refused.holder) or asked.say("desk_task.somebody")
    is_act = asked.request.method == "POST"
    title = asked.say("desk_refused.title") if is_act else asked.say("desk_refused.taken")
    return render(
        asked, "desk/refused.html", 409, title=title, task_id=task_id, is_act=is_act,
        why=asked.say(f"desk_why.{key}", by=by), can_look=refused.why not in (Why.HELD, Why.ERASED),
    )  # fmt: skip


def waiting_bar(asked: Asked, connection: Connection[Any], desk: Desk) -> list[dict[str, Any]]:
    """What may be taken back still, on other pages of the desk."""
    return _waiting(asked, sheets.waiting_of(connection, desk.by, asked.now))
