"""A company: its people with their scores, what they did of late, who has them, what waits; and all companies."""

from typing import Any, Final, NamedTuple

from django.http import Http404, HttpResponse
from django.urls import reverse

from couveuse.core.errors import StateMismatch
from couveuse.core.model import Label
from couveuse.core.reading import Reading
from couveuse.core.roster import Roster
from couveuse.core.times import DAY_US
from couveuse.engine.folding import TEMPERATURES, reading_of
from couveuse.engine.live import LiveModel
from couveuse.report.names import Names
from couveuse.report.persons import Person, person
from couveuse.store import companies, states
from couveuse.store.companies import MOST_PEOPLE, Colleague
from couveuse.store.rosters import roster_of
from couveuse.web import database, reading
from couveuse.web.api.asking import cursor_of, parts_of
from couveuse.web.areas.leads.record import known_number
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission, may
from couveuse.web.problems import Problem
from couveuse.web.reading import looker
from couveuse.web.rendering import render

MOST: Final = 50
MOST_TASKS: Final = 20
LATELY_US: Final = 30 * DAY_US


class Task(NamedTuple):
    """An open task of somebody who works there, in the names that people know."""

    lead_id: int
    who: str
    team: str
    treatment: str
    member: str
    due_at: int


class Row(NamedTuple):
    """Somebody who works there."""

    colleague: Colleague
    person: Person
    reading: Reading | None
    level: float
    owner: str


@page(Permission.SEE_LEADS)
def company(asked: Asked, company_id: int) -> HttpResponse:
    """The page of a company."""
    after = _after(asked, (float, int))
    with database.reading() as connection:
        model = reading.acting(connection)
        found = companies.company(connection, known_number(company_id))
        if found is None:
            raise Http404
        roster = roster_of(found.team_document)
        people, goes_on = companies.people_of(
            connection, found.id, model.id, most=MOST, after=None if after is None else (after[0], after[1])
        )
        readings = [_reading(connection, model, each, asked.now) for each in people]
        waiting = _tasks(asked, connection, found.id)
        lately = companies.lately(connection, found.id, since=asked.now - LATELY_US, now=asked.now)
    names = Names(model.plan.model, asked.language, [each.score for each in readings if each is not None])
    names.formats = names.teller.formats = asked.formats
    rows = []
    for each, read in zip(people, readings, strict=True):
        member = roster.members.get(roster.owner_of(each.traits.get(roster.owner_trait)) or "")
        level = 0.0 if read is None else names.level(read.score)
        rows.append(Row(each, person(each.traits), read, level, "" if member is None else member.name))
    following = None
    if goes_on:
        last = people[-1]
        cursor = cursor_of(-1e15 if last.sort_score is None else float(last.sort_score), last.lead_id)
        following = reverse("company", kwargs={"company_id": found.id}, query={"after": cursor})
    template = "leads/people.html" if asked.is_htmx and after is not None else "leads/company.html"
    owners = sorted({row.owner for row in rows if row.owner})
    return render(
        asked, template, title=found.name or found.domain, company=found, rows=rows, next=following, names=names,
        lately=lately, tasks=[_told(asked, roster, each) for each in waiting], owners=owners, most=MOST_PEOPLE,
    )  # fmt: skip


@page(Permission.SEE_LEADS)
def all_companies(asked: Asked) -> HttpResponse:
    """Companies by domain, found by how it begins."""
    word = asked.request.GET.get("q", "").strip().lower().removeprefix("www.")[:253]
    word = word if "\x00" not in word else ""
    parts = _after(asked, (str,))
    with database.reading() as connection:
        model = reading.acting(connection)
        found, goes_on = companies.list_companies(
            connection, model.id, begins=word, after="" if parts is None else parts[0], most=MOST
        )
    scores = [each.best for each in found if each.best is not None]
    following = None
    if goes_on:
        query = {**({"q": word} if word else {}), "after": cursor_of(found[-1].domain)}
        following = reverse("companies", query=query)
    template = "leads/company_rows.html" if asked.is_htmx and parts is not None else "leads/companies.html"
    return render(
        asked, template, title=asked.say("leads_companies.title"), rows=found, word=word, next=following,
        names=Names(model.plan.model, asked.language, scores), temperatures=TEMPERATURES,
    )  # fmt: skip


def _reading(connection: Any, model: LiveModel, colleague: Colleague, now: int) -> Reading | None:
    """What the model says of somebody now, by the state that is kept; None where none is yet."""
    if colleague.state is None:
        return None
    try:
        state = states.unpack_state(model.plan, colleague.state, looker(connection).payloads)
    except StateMismatch:
        return None
    return reading_of(model.plan, state, now)


def _tasks(asked: Asked, connection: Any, company_id: int) -> list[companies.Waiting]:
    """Open tasks of the teams that the reader sees."""
    if not may(asked.who, Permission.SEE_TASKS):
        return []
    teams = asked.who.teams_seen
    return companies.open_tasks_of(connection, company_id, None if teams is None else sorted(teams), most=MOST_TASKS)


def _told(asked: Asked, roster: Roster, task: companies.Waiting) -> Task:
    """A task with its lead, its team and what is to be done by the team's document, else by the product's words."""
    team = roster.teams.get(task.team)
    called = asked.words.known("team", task.team)
    wanted = asked.words.known("treatment", task.treatment)
    label = Label() if team is None else team.treatments.get(task.treatment, Label())
    member = roster.members.get(task.member or "")
    return Task(
        task.lead_id,
        person(task.traits).name or task.key,
        called if team is None else team.label.text(asked.language, called),
        label.text(asked.language, wanted),
        (task.member or "") if member is None else member.name,
        task.due_at,
    )


def _after(asked: Asked, kinds: tuple[type, ...]) -> list[Any] | None:
    try:
        return parts_of(asked.request.GET.get("after"), kinds)
    except Problem:
        return None
