"""The queue as a list: what is mine, nobody's, put off, late, accepted, closed; of one team or of all that one sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.http import Http404, HttpResponse
from psycopg import Connection

from couveuse.core.model import Temperature
from couveuse.engine.sheets import scores_of
from couveuse.report.names import Names
from couveuse.report.persons import person
from couveuse.store import sheets, tasks
from couveuse.store.sheets import Named
from couveuse.store.tasks import Task
from couveuse.web import database
from couveuse.web.areas.desk import showing
from couveuse.web.areas.desk.places import pair_of, place_of, written
from couveuse.web.areas.desk.task import waiting_bar
from couveuse.web.areas.desk.whose import Desk, desk_of
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.reading import looker
from couveuse.web.rendering import render

A_PAGE: Final = 50


class Which(StrEnum):
    """Which tasks are listed."""

    ALL = "all"
    MINE = "mine"
    FREE = "free"
    OVERDUE = "overdue"
    LATER = "later"
    ACCEPTED = "accepted"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Listed:
    """Tasks of a page, and where the next one begins; '' after the last one."""

    tasks: Sequence[Task]
    after: str


@page(Permission.SEE_TASKS)
def queue(asked: Asked) -> HttpResponse:
    """A page of the list."""
    given = asked.request.GET
    which = given.get("which", "")
    if which not in ("", *Which):
        raise Http404
    with database.reading() as connection:
        desk = desk_of(asked, connection)
        team = given.get("team", "")
        if team and team not in desk.teams and desk.teams:
            raise Http404
        wanted = Which(which) if which else Which.MINE if desk.member is not None and not team else Which.ALL
        found = _listed(connection, asked, desk, wanted, (team,) if team else desk.teams, given.get("after", ""))
        named = sheets.named(connection, [each.shown_id for each in found.tasks], desk.model_id)
        scores = scores_of(looker(connection), named.values(), desk.model, asked.now)
        waiting = waiting_bar(asked, connection, desk)
    if not desk.teams:
        return render(asked, "desk/lacking.html", title=asked.say("desk_tabs.queue"), lacking=desk.lacking)
    names = None if desk.model is None else Names(
        desk.model.plan.model, asked.language, [score for score, _ in scores.values()]
    )  # fmt: skip
    return render(
        asked, "desk/rows.html" if asked.is_htmx else "desk/queue.html", title=asked.say("desk_tabs.queue"),
        which=wanted, whiches=[each for each in Which if each is not Which.MINE or desk.member is not None],
        team=team, teams=[(each, showing.team_name(asked, desk.roster, each)) for each in desk.teams],
        rows=[_row(asked, desk, each, named, scores, names) for each in found.tasks],
        after=found.after, waiting=waiting, desk=desk,
    )  # fmt: skip


def _listed(
    connection: Connection[Any], asked: Asked, desk: Desk, which: Which, teams: Sequence[str], after: str
) -> Listed:
    if not teams:
        return Listed((), "")
    if which in (Which.ALL, Which.MINE, Which.FREE):
        page = tasks.queue_page(
            connection, model_id=desk.model_id, teams=teams, member=desk.member if which is Which.MINE else None,
            cursor=place_of(after), most=A_PAGE, now=asked.now, only_free=which is Which.FREE,
        )  # fmt: skip
        return Listed(page.tasks, "" if page.next is None else written(page.next.expected, page.next.task_id))
    place, most = pair_of(after), A_PAGE + 1
    match which:
        case Which.LATER:
            found = tasks.later_tasks(connection, teams, now=asked.now, most=most, after=place or (0, 0))
        case Which.OVERDUE:
            found = tasks.overdue_tasks(connection, teams, now=asked.now, most=most, after=place or (0, 0))
        case Which.ACCEPTED:
            found = tasks.accepted_tasks(connection, teams, most=most, after=(place or (0, 0))[1])
        case _:
            found = tasks.closed_tasks(connection, teams, most=most, after=place)
    return Listed(found[:A_PAGE], _after(which, found) if len(found) > A_PAGE else "")


def _after(which: Which, found: Sequence[Task]) -> str:
    last = found[A_PAGE - 1]
    at = {Which.LATER: last.not_before, Which.OVERDUE: last.due_at, Which.CLOSED: last.closed_at}.get(which)
    return written(at or 0, last.id)


def _row(
    asked: Asked, desk: Desk, task: Task, known: Mapping[int, Named], scores: Mapping[int, tuple[float, Temperature]],
    names: Names | None,
) -> dict[str, Any]:  # fmt: skip
    named = known.get(task.shown_id)
    traits = {} if named is None else named.card.traits
    who = person(traits)
    due, is_late = showing.due_in_short(asked, task)
    score, temperature = scores.get(task.shown_id, (None, None))
    ended = showing.outcome_name(asked, task.outcome) if not task.is_open or task.standing == "accepted" else ""
    return {
        "id": task.id,
        "name": showing.lead_name(asked, traits, "" if named is None else named.card.key),
        "company": who.company or ("" if named is None else named.card.company or ""),
        "treatment": showing.treatment(asked, desk.roster, task),
        "team": showing.team_name(asked, desk.roster, task.team),
        "member": desk.called(task.member),
        "holder": desk.called(task.holder(asked.now)),
        "due": due,
        "is_late": is_late,
        "tries": task.tries,
        "rate": asked.formats.share(task.rate),
        "expected": asked.formats.money(task.expected, desk.roster.currency),
        "score": score,
        "temperature": temperature,
        "level": 0.0 if names is None or score is None else names.level(score),
        "outcome": ended,
        "reason": showing.reason_name(asked, task.outcome_reason),
        "by": desk.called(task.outcome_by),
        "closed": "" if task.closed_at is None else asked.formats.short_date(task.closed_at),
    }
