"""Forms for the teams: one more, one less, how each is called, who is in it, how it gives its tasks and by when."""

from collections.abc import Sequence
from typing import Any, Final

from django.http import Http404, HttpResponse
from psycopg import Connection

from couveuse.core.model import Label
from couveuse.core.roster import Assignment, Roster, Team
from couveuse.documents import team_editing
from couveuse.documents.team_checks import WORDS
from couveuse.engine import staffing
from couveuse.web import database
from couveuse.web.areas.settings import reached, team_given
from couveuse.web.areas.settings.changing import Errors, Given, document_that_counts, tried
from couveuse.web.areas.settings.team import Telling
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import render

# Empty lines that the form offers for treatments that are new.
SPARE: Final = 2


@page(Permission.MANAGE_TEAM, methods=("GET", "POST"))
def add(asked: Asked) -> HttpResponse:
    """A team more; the address may say which, as a route of the scoring model asks for it."""
    document, version = document_that_counts()
    roster = document.roster
    if asked.request.method != "POST":
        return _form(asked, roster, version, team_given.of_nobody(*_asked_for(asked, roster)))
    given = team_given.of_form(asked, roster)
    errors = team_given.wrong(asked, given, roster, None)
    if errors:
        return _form(asked, roster, version, given, errors=errors, status=422)
    return tried(
        asked, document, lambda: team_editing.add_team(document, team_given.said_of_new(given)),
        lambda lines, status: _form(asked, roster, version, given, lines=lines, status=status),
    )  # fmt: skip


def _asked_for(asked: Asked, roster: Roster) -> tuple[str, dict[str, Label]]:
    """The team that the address names, and the treatments for which the acting model asks it, as others call them."""
    id = asked.request.GET.get("id", "")[:80]
    if not id or id in roster.teams:
        return "", {}
    with database.reading() as connection:
        gaps = staffing.missing(connection, Roster(teams={**roster.teams, id: Team(id)}))
    wanted = [each.treatment for each in gaps if each.team == id and each.treatment is not None]
    known = {name: label for team in roster.teams.values() for name, label in team.treatments.items()}
    return (id if wanted else ""), {name: known.get(name, Label()) for name in dict.fromkeys(wanted)}


@page(Permission.MANAGE_TEAM, methods=("GET", "POST"))
def change(asked: Asked, id: str) -> HttpResponse:
    """How a team is called, who is in it, how it gives its tasks, and within how long they are to be dealt with."""
    document, version = document_that_counts()
    roster, team = document.roster, _found(document.roster, id)
    if asked.request.method != "POST":
        return _form(asked, roster, version, team_given.of_team(team), team=team)
    given = team_given.of_form(asked, roster) | {"id": id}
    errors = team_given.wrong(asked, given, roster, team)
    if errors:
        return _form(asked, roster, version, given, team=team, errors=errors, status=422)
    said = team_given.said(team, given)
    return tried(
        asked, document,
        lambda: team_editing.set_team(document, id, said, members=given["members"], leads=given["leads"]),
        lambda lines, status: _form(asked, roster, version, given, team=team, lines=lines, status=status),
        against=lambda connection, before, after: _needed(asked, connection, before, after),
    )  # fmt: skip


@page(Permission.MANAGE_TEAM, methods=("POST",))
def remove(asked: Asked, id: str) -> HttpResponse:
    """A team goes, unless it is needed; its members stay members."""
    document, version = document_that_counts()
    roster, team = document.roster, _found(document.roster, id)

    def shown(lines: Sequence[str], status: int) -> HttpResponse:
        return _form(asked, roster, version, team_given.of_team(team), team=team, lines=lines, status=status)

    if len(roster.teams) == 1:
        return shown([asked.say("settings_teams.last")], 422)
    return tried(
        asked, document, lambda: team_editing.remove_team(document, id), shown,
        against=lambda connection, before, after: _needed(asked, connection, before, after),
    )  # fmt: skip


def _found(roster: Roster, id: str) -> Team:
    team = roster.teams.get(id)
    if team is None:
        raise Http404
    return team


def _needed(asked: Asked, connection: Connection[Any], before: Roster, after: Roster) -> list[str]:
    """What stands against taking teams or treatments away, a line for each."""
    found = staffing.needed(connection, before, after)

    def name(team: str, treatment: str) -> str:
        return Telling(asked).label(before.teams[team].treatments.get(treatment, Label()), treatment)

    causes: dict[tuple[str, str | None], list[str]] = {}
    for gap in found.gaps:
        causes.setdefault((gap.team, gap.treatment), []).append(gap.cause)
    lines = [
        asked.say("settings_teams.routes", causes=", ".join(by)) if treatment is None
        else asked.say("settings_teams.routes_for", treatment=name(team, treatment), causes=", ".join(by))
        for (team, treatment), by in causes.items()
    ]  # fmt: skip
    for (team, treatment), count in found.tasks.items():
        n = asked.formats.number(count)
        lines.append(asked.count("settings_teams.tasks", count, n=n, treatment=name(team, treatment)))
    return lines


def _form(
    asked: Asked, roster: Roster, version: int, given: Given, *, team: Team | None = None,
    errors: Errors | None = None, lines: Sequence[str] = (), status: int = 200,
) -> HttpResponse:  # fmt: skip
    telling = Telling(asked)
    words = [(word, asked.say(f"settings_told.{word}")) for word in WORDS]
    return render(
        asked, "settings/team_form.html", status, team=team, given=given, errors=errors or {}, lines=lines,
        version=version, roster=roster, t=telling, against=_against(asked, roster, team),
        title=asked.say("settings_teams.add") if team is None else telling.label(team.label, team.id),
        ways=[(str(way), asked.say(f"settings_assignment.{way}")) for way in Assignment
              if team is not None or way is not Assignment.TERRITORY],
        words=[*words, *((name, name) for name in roster.lists)],
        people=[(member.id, member.name) for member in roster.members.values()],
        rows=[*given["treatments"], *([team_given.NO_TREATMENT] * SPARE)], is_member=False,
        places=reached.places(() if team is None else team.channels),
    )  # fmt: skip


def _against(asked: Asked, roster: Roster, team: Team | None) -> list[str]:
    """What stands against removing a team, told before anybody tries."""
    if team is None:
        return []
    if len(roster.teams) == 1:
        return [asked.say("settings_teams.last")]
    left = Roster(teams={id: each for id, each in roster.teams.items() if id != team.id}, members=roster.members)
    with database.reading() as connection:
        return _needed(asked, connection, roster, left)
