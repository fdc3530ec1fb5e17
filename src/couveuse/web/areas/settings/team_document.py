"""The team's document on screen: written as a whole, its errors at their lines, its versions, and going back to one.

Each change is applied upon the version that its form was made from: where another one counts meanwhile, it is refused.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from difflib import unified_diff
from typing import Any, Final

from django.http import Http404, HttpResponse
from psycopg import Connection, Rollback

from couveuse.core.roster import Roster
from couveuse.core.roster_changes import Change, changes
from couveuse.documents.findings import Finding, TeamErrors
from couveuse.documents.team import TeamDocument, parse_team
from couveuse.documents.writing import yaml_text
from couveuse.engine import staffing
from couveuse.engine.staffing import Foreseen
from couveuse.store import rosters
from couveuse.store.rosters import Version
from couveuse.web import database
from couveuse.web.areas.settings.audit import number as number_of
from couveuse.web.areas.settings.team import PLACE, Telling
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect, render

# What stands against a change: lines for a page; none where it may be made.
Against = Callable[[Connection[Any], Roster, Roster], Sequence[str]]
NAME: Final = "equipe.yaml"
PAGE: Final = 50
MOST_TEXT: Final = 500_000
# What a company without a document begins with.
FIRST: Final = """couveuse: 1
team: {team}

hours:
  timezone: {timezone}
  week: {{mon-fri: ["09:00-12:30", "14:00-18:00"]}}
  holidays: FR

members:
  - {{id: me, name: {name}, email: {email}, language: {language}}}

teams:
  - id: telemarketing
    label: {{fr: Télémarketing, en: Telemarketing}}
    members: [me]
    leads: [me]
    assignment: round_robin
    treatments:
      detect-project: {{fr: Détecter un projet, en: Detect a project}}
      make-appointment: {{fr: Prendre rendez-vous, en: Make an appointment}}

  - id: sales
    label: {{fr: Commerciaux, en: Sales}}
    members: [me]
    leads: [me]
    assignment: round_robin
    treatments:
      make-appointment: {{fr: Prendre rendez-vous, en: Make an appointment}}
      appointment: {{fr: Tenir le rendez-vous, en: Keep the appointment}}
"""


def nothing(_connection: Connection[Any], _before: Roster, _after: Roster) -> Sequence[str]:
    """Nothing stands against it but what its own words say."""
    return ()


@page(Permission.MANAGE_TEAM, methods=("GET", "POST"))
def whole(asked: Asked) -> HttpResponse:
    """The whole document in a field: checked first, or applied at once."""
    if asked.request.method != "POST":
        with database.reading() as connection:
            version = rosters.newest(connection)
        text = first(asked) if version is None else version.text
        return _shown(asked, text, 0 if version is None else version.id)
    text = asked.request.POST.get("text", "").replace("\r\n", "\n")
    replaces = number_of(asked.request.POST.get("replaces", "")) or 0
    if len(text) > MOST_TEXT:
        return _shown(asked, text[:MOST_TEXT], replaces, error=asked.say("settings_team.too_long"), status=422)
    try:
        document = parse_team(text, NAME)
    except TeamErrors as errors:
        return _shown(asked, text, replaces, findings=errors.findings, status=422)
    if asked.request.POST.get("act") != "apply":
        with database.reading() as connection:
            foreseen = staffing.foresee(connection, document)
        return _shown(asked, text, replaces, foreseen=foreseen)
    return apply(
        asked, document, replaces, lambda lines, status: _shown(asked, text, replaces, error=lines[0], status=status)
    )


def apply(
    asked: Asked, document: TeamDocument, replaces: int, shown: Callable[[Sequence[str], int], HttpResponse],
    toast: str = "settings_team.applied", back: str = PLACE, against: Against = nothing,
) -> HttpResponse:  # fmt: skip
    """Let a document count, and go back; `shown` answers with what stands against it, where anything does.

    `against` is asked within the transaction, with the roster that counted before.
    """
    try:
        with database.writing() as connection, connection.transaction():
            before = rosters.newest(connection)
            applied = rosters.apply_roster(connection, document, by=asked.who.by, now=asked.now, replaces=replaces)
            lines = against(connection, Roster() if before is None else before.document().roster, document.roster)
            if lines:
                raise Rollback
            left = rosters.open_tasks(connection, applied.removed_members) if applied.removed_members else {}
    except rosters.Outdated:
        return shown([asked.say("settings_team.outdated")], 409)
    if lines:
        return shown(lines, 422)
    if left:
        tasks = sum(left.values())
        return redirect(asked, back, "settings_team.applied_left", n=asked.formats.number(tasks), who=", ".join(left))
    return redirect(asked, back, toast if applied.is_new else "settings_team.same", n=applied.version)


def first(asked: Asked) -> str:
    """A document to begin with, in which whoever asks is the first member."""
    quoted = {name: yaml_text([value]).strip()[2:] for name, value in
              (("name", asked.who.name), ("email", asked.who.email))}  # fmt: skip
    return FIRST.format(team="equipe", timezone=asked.who.timezone, language=asked.language, **quoted)


def _shown(
    asked: Asked, text: str, replaces: int, *, findings: Sequence[Finding] = (), foreseen: Foreseen | None = None,
    error: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    telling = Telling(asked)
    return render(
        asked, "settings/team_document.html", status, title=asked.say("settings_team.document"), text=text,
        replaces=replaces, findings=findings, error=error, foreseen=foreseen,
        rows=min(max(text.count("\n") + 2, 20), 60),
        changes=[] if foreseen is None else [told(asked, each) for each in foreseen.changes],
        gaps=[] if foreseen is None else [telling.gap(each) for each in foreseen.gaps],
        left={} if foreseen is None else foreseen.left,
    )  # fmt: skip


def told(asked: Asked, change: Change) -> str:
    """One thing that is not as it was, in words."""
    what = asked.say(f"settings_change.{change.what}", id=change.id)
    did = asked.say(f"settings_change.{change.did}")
    if change.what == "absence":
        first, last = (Telling(asked).day(date.fromisoformat(day)) for day in change.fields)
        return asked.say("settings_change.days", what=what, did=did, first=first, last=last)
    fields = ", ".join(asked.words.known("settings_field", each) for each in change.fields)
    return asked.say("settings_change.of", what=what, did=did, fields=fields) if fields else f"{what} {did}"


# ---- Versions --------------------------------------------------------------------------------------------------------


@page(Permission.MANAGE_TEAM)
def versions(asked: Asked) -> HttpResponse:
    """Which documents were applied, when and by whom, the newest first."""
    before = number_of(asked.request.GET.get("before", ""))
    with database.reading() as connection:
        found = rosters.versions(connection, PAGE + 1, before=2**63 - 1 if before is None else before)
        newest = rosters.newest(connection)
    shown = found[:PAGE]
    following = f"{PLACE}/versions?before={shown[-1].id}" if len(found) > PAGE else ""
    return render(
        asked, "settings/team_versions.html", title=asked.say("settings_team.versions"), versions=shown,
        following=following, counts=0 if newest is None else newest.id,
    )  # fmt: skip


@page(Permission.MANAGE_TEAM)
def version(asked: Asked, number: int) -> HttpResponse:
    """One version: what it changed, in words and in its text, and what going back to it would change."""
    with database.reading() as connection:
        found, newest, before = _version(connection, number)
        foreseen = staffing.foresee(connection, found.document()) if newest is not None else None
    return _version_shown(asked, found, newest, before, foreseen)


def _version(connection: Any, number: int) -> tuple[Version, Version | None, Version | None]:
    """A version, the one that counts, and the one before it; raises Http404."""
    found = rosters.version_of(connection, min(number, 2**63 - 1))
    if found is None:
        raise Http404
    newest = rosters.newest(connection)
    return found, newest, next(iter(rosters.versions(connection, 1, before=found.id)), None)


def _version_shown(
    asked: Asked, found: Version, newest: Version | None, before: Version | None, foreseen: Foreseen | None,
    error: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    roster = Roster() if before is None else before.document().roster
    diff = [
        (line[:1], line[1:]) for line in unified_diff(
            [] if before is None else before.text.splitlines(), found.text.splitlines(), lineterm="", n=2
        )
    ][2:]  # fmt: skip
    is_current = newest is not None and newest.id == found.id
    return render(
        asked, "settings/team_version.html", status, title=asked.say("settings_team.version_n", n=found.id),
        version=found, is_current=is_current, counts=0 if newest is None else newest.id, error=error,
        changes=[told(asked, each) for each in changes(roster, found.document().roster)], diff=diff,
        back=[] if foreseen is None or is_current else [told(asked, each) for each in foreseen.changes],
        left={} if foreseen is None else foreseen.left,
    )  # fmt: skip


@page(Permission.MANAGE_TEAM, methods=("POST",))
def restore(asked: Asked, number: int) -> HttpResponse:
    """The text of a version counts again, as a new one."""
    replaces = number_of(asked.request.POST.get("replaces", "")) or 0
    with database.reading() as connection:
        found, newest, before = _version(connection, number)
        foreseen = staffing.foresee(connection, found.document())
    return apply(
        asked, parse_team(found.text, NAME), replaces,
        lambda lines, status: _version_shown(asked, found, newest, before, foreseen, lines[0], status),
        toast="settings_team.restored",
    )  # fmt: skip


# What a form may run into in the rest of the document, by the sentence that the check says of it.
_MESSAGES: Final = {
    "teams.nobody_leads": "nobody_leads",
    "shape.empty_list": "nobody_left",
    "teams.nobody_to_give": "nobody_to_give",
    "teams.no_territories": "no_territories",
    "teams.idle_territories": "idle_territories",
}
_TEAM: Final = re.compile(r"teams\[(\d+)\]")


def lines_of(asked: Asked, errors: TeamErrors, document: TeamDocument) -> list[str]:
    """The errors of a document as lines, for a form that changes one thing of it; `document` is the one before."""
    teams = list(document.roster.teams.values())
    lines = []
    for each in errors.findings:
        place, key = _TEAM.search(each.field), _MESSAGES.get(each.wrong.key)
        if place is None or key is None or int(place[1]) >= len(teams):
            lines.append(asked.say("settings_team.field", field=each.field, told=each.told(asked.language)))
            continue
        team = teams[int(place[1])]
        lines.append(asked.say(f"settings_team.{key}", team=Telling(asked).label(team.label, team.id)))
    return lines
