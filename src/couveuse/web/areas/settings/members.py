"""Forms for the members of the team: who they are, how they are reached, in which teams they are."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from django.http import Http404, HttpResponse

from couveuse.core.roster import Channel, Member, Reach, Roster
from couveuse.documents import team_editing
from couveuse.documents.shapes import ID_PATTERN
from couveuse.documents.team_shapes import EMAIL_PATTERN, MOST_WEIGHT
from couveuse.store import rosters
from couveuse.web import database
from couveuse.web.areas.settings import reached
from couveuse.web.areas.settings.changing import MOST_NAME, Errors, Given, document_that_counts, posted, tried
from couveuse.web.areas.settings.team import Telling
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import render

# Text of people's that a document holds as it is: one line, nothing that controls.
_LINE: Final = re.compile(r"\S(.*\S)?")


@page(Permission.MANAGE_TEAM, methods=("GET", "POST"))
def add(asked: Asked) -> HttpResponse:
    """Somebody new."""
    document, version = document_that_counts()
    if asked.request.method != "POST":
        given = {"id": "", "name": "", "email": "", "telephone": "", "language": asked.language, "weight": "1",
                 "teams": [], "leads": [], **reached.of((), None, "own")}  # fmt: skip
        return _member_form(asked, document.roster, version, given)
    given = _given(asked)
    errors = _wrong(asked, given, document.roster, None)
    if errors:
        return _member_form(asked, document.roster, version, given, errors=errors, status=422)
    return tried(
        asked, document, lambda: team_editing.add_member(document, _said(given), given["teams"], given["leads"]),
        lambda lines, status: _member_form(asked, document.roster, version, given, lines=lines, status=status),
    )  # fmt: skip


@page(Permission.MANAGE_TEAM, methods=("GET", "POST"))
def change(asked: Asked, id: str) -> HttpResponse:
    """Other words of a member, and other teams."""
    document, version = document_that_counts()
    member = document.roster.members.get(id)
    if member is None:
        raise Http404
    if asked.request.method != "POST":
        return _member_form(asked, document.roster, version, _as_given(document.roster, member), member=member)
    given = _given(asked) | {"id": id}
    errors = _wrong(asked, given, document.roster, id)
    if errors:
        return _member_form(asked, document.roster, version, given, member=member, errors=errors, status=422)

    def shown(lines: Sequence[str], status: int) -> HttpResponse:
        return _member_form(asked, document.roster, version, given, member=member, lines=lines, status=status)

    change = lambda: team_editing.change_member(document, id, _said(given, member), given["teams"], given["leads"])  # noqa: E731
    return tried(asked, document, change, shown)


@page(Permission.MANAGE_TEAM, methods=("POST",))
def remove(asked: Asked, id: str) -> HttpResponse:
    """A member goes; their open tasks are anybody's to take."""
    document, version = document_that_counts()
    member = document.roster.members.get(id)
    if member is None:
        raise Http404
    given = _as_given(document.roster, member)

    def shown(lines: Sequence[str], status: int) -> HttpResponse:
        return _member_form(asked, document.roster, version, given, member=member, lines=lines, status=status)

    return tried(asked, document, lambda: team_editing.remove_member(document, id), shown)


def _given(asked: Asked) -> dict[str, Any]:
    post = asked.request.POST
    texts = posted(asked, "id", "name", "email", "telephone", "language", "weight")
    return {**texts, **reached.of_form(asked), "teams": post.getlist("teams"), "leads": post.getlist("leads")}


def _as_given(roster: Roster, member: Member) -> dict[str, Any]:
    return {
        "id": member.id, "name": member.name, "email": member.email, "telephone": member.telephone,
        "language": member.language, "weight": str(member.weight),
        **reached.of(member.channels, member.digest, member.email),
        "teams": [team.id for team in roster.teams.values() if member.id in team.members],
        "leads": [team.id for team in roster.teams.values() if member.id in team.leads],
    }  # fmt: skip


def _said(given: Given, member: Member | None = None) -> dict[str, object]:
    """What the form says, as the document has it: what is usual is left out; an own e-mail that changes stays one."""
    weight = int(given["weight"])
    own, before = given["email"], () if member is None else member.channels
    if member is not None:
        mine = Channel(Reach.EMAIL, member.email)
        before = tuple(replace(each, to=own) if each == mine else each for each in before)
    return {
        "id": given["id"], "name": given["name"], "email": given["email"], "telephone": given["telephone"] or None,
        "language": given["language"], "weight": None if weight == 1 else weight,
        "channels": reached.channels(given, before, own), "digest": given["digest"] or None,
    }  # fmt: skip


def _wrong(asked: Asked, given: Given, roster: Roster, id: str | None) -> Errors:
    """What will not do, by field."""
    say, errors = asked.say, {}
    others = [member for member in roster.members.values() if member.id != id]
    if id is None and (not re.fullmatch(ID_PATTERN, given["id"]) or len(given["id"]) > 80):
        errors["id"] = say("settings_member.bad_id")
    elif id is None and any(member.id == given["id"] for member in others):
        errors["id"] = say("settings_member.id_taken")
    for name in ("name", "telephone"):
        text = given[name]
        if len(text) > MOST_NAME or not text.isprintable() or (name == "name" and not _LINE.fullmatch(text)):
            errors[name] = say(f"settings_member.bad_{name}")
    if len(given["email"]) > 254 or not re.fullmatch(EMAIL_PATTERN, given["email"]):
        errors["email"] = say("settings_member.bad_email")
    elif any(member.email.lower() == given["email"].lower() for member in others):
        errors["email"] = say("settings_member.email_taken")
    if given["language"] not in ("fr", "en"):
        errors["language"] = say("settings_member.bad_language")
    if not given["weight"].isascii() or not given["weight"].isdigit() or not 1 <= int(given["weight"]) <= MOST_WEIGHT:
        errors["weight"] = say("settings_member.bad_weight")
    if not set(given["teams"]) | set(given["leads"]) <= roster.teams.keys():
        errors["teams"] = say("settings_member.bad_team")
    elif not set(given["leads"]) <= set(given["teams"]):
        errors["teams"] = say("settings_member.leads_others")
    before = () if id is None else roster.members[id].channels
    return errors | reached.wrong(asked, given, reached.places(before), is_member=True)


def _member_form(
    asked: Asked, roster: Roster, version: int, given: Given, *, member: Member | None = None,
    errors: Errors | None = None, lines: Sequence[str] = (), status: int = 200,
) -> HttpResponse:  # fmt: skip
    tasks = 0
    if member is not None:
        with database.reading() as connection:
            tasks = rosters.open_tasks(connection, [member.id]).get(member.id, 0)
    telling = Telling(asked)
    return render(
        asked, "settings/member.html", status,
        title=asked.say("settings_member.add") if member is None else member.name, member=member, given=given,
        errors=errors or {}, lines=lines, version=version, roster=roster, t=telling, tasks=tasks,
        weights=[(str(n), asked.formats.number(n)) for n in range(1, MOST_WEIGHT + 1)], is_member=True,
        places=reached.places(() if member is None else member.channels),
    )  # fmt: skip
