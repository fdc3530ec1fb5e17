"""Forms for the territories of a team: which leads are whose, in the order in which they are asked.

A form says a territory in lines that must all hold. What a document says beyond that stays, and is changed there.
"""

from collections.abc import Sequence
from typing import Any, Final

from django.http import Http404, HttpResponse

from couveuse.core.conditions import All, Condition
from couveuse.core.roster import Roster, Team, Territory
from couveuse.documents import team_editing
from couveuse.documents.conditions import as_data
from couveuse.engine.editing import FIELDS
from couveuse.web.areas.settings import team_given
from couveuse.web.areas.settings.changing import Errors, Given, Shown, document_that_counts, posted, tried
from couveuse.web.areas.settings.team import PLACE, Telling
from couveuse.web.areas.settings.territory_lines import HOWS, NO_LINE, lines_of, test_of
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import render

MOST_LINES: Final = 12
SPARE: Final = 2


# ---- Pages -----------------------------------------------------------------------------------------------------------


@page(Permission.MANAGE_TEAM, methods=("GET", "POST"))
def of_team(asked: Asked, id: str) -> HttpResponse:
    """The territories of a team in their order, and a form for one more."""
    document, version = document_that_counts()
    team = _team(document.roster, id)
    if asked.request.method != "POST":
        return _list(asked, document.roster, team, version)
    given = _given(asked)
    errors, where = _wrong(asked, given, team, None)
    if errors:
        return _list(asked, document.roster, team, version, given=given, errors=errors, status=422)
    said = {"id": given["id"], "where": where, "members": given["members"]}
    return tried(
        asked, document, lambda: team_editing.add_territory(document, id, said),
        lambda lines, status: _list(asked, document.roster, team, version, given=given, lines=lines, status=status),
        back=_place(id),
    )  # fmt: skip


@page(Permission.MANAGE_TEAM, methods=("GET", "POST"))
def change(asked: Asked, id: str, territory: str) -> HttpResponse:
    """Other leads, other members."""
    document, version = document_that_counts()
    team = _team(document.roster, id)
    found = _territory(team, territory)
    lines_now = lines_of(found.where)
    if asked.request.method != "POST":
        given = {"id": found.id, "members": list(found.members), "lines": lines_now or []}
        return _form(asked, document.roster, team, found, version, given)
    given = _given(asked) | {"id": found.id}
    errors, where = _wrong(asked, given, team, found)
    if errors:
        return _form(asked, document.roster, team, found, version, given, errors=errors, status=422)
    said: dict[str, object] = {}
    if lines_now is not None and given["lines"] != lines_now:
        said["where"] = where
    if set(given["members"]) != set(found.members):
        said["members"] = [*(each for each in found.members if each in given["members"]),
                           *(each for each in given["members"] if each not in found.members)]  # fmt: skip
    return tried(
        asked, document, lambda: team_editing.change_territory(document, id, territory, said),
        lambda lines, status: _form(asked, document.roster, team, found, version, given, lines=lines, status=status),
        back=_place(id),
    )  # fmt: skip


@page(Permission.MANAGE_TEAM, methods=("POST",))
def remove(asked: Asked, id: str, territory: str) -> HttpResponse:
    """A territory goes; after the last one the team's tasks go in turn."""
    document, version = document_that_counts()
    change = lambda: team_editing.remove_territory(document, id, territory)  # noqa: E731
    shown = _list_again(asked, document.roster, _team(document.roster, id), version)
    return tried(asked, document, change, shown, back=_place(id))


@page(Permission.MANAGE_TEAM, methods=("POST",))
def up(asked: Asked, id: str, territory: str) -> HttpResponse:
    """A territory is asked before the one above it."""
    document, version = document_that_counts()
    change = lambda: team_editing.raise_territory(document, id, territory)  # noqa: E731
    shown = _list_again(asked, document.roster, _team(document.roster, id), version)
    return tried(asked, document, change, shown, back=_place(id))


def _place(team: str) -> str:
    return f"{PLACE}/teams/{team}/territories"


def _team(roster: Roster, id: str) -> Team:
    found = roster.teams.get(id)
    if found is None:
        raise Http404
    return found


def _territory(team: Team, id: str) -> Territory:
    found = next((each for each in team.territories if each.id == id), None)
    if found is None:
        raise Http404
    return found


def _list_again(asked: Asked, roster: Roster, team: Team, version: int) -> Shown:
    return lambda lines, status: _list(asked, roster, team, version, lines=lines, status=status)


def _list(
    asked: Asked, roster: Roster, team: Team, version: int, *, given: Given | None = None,
    errors: Errors | None = None, lines: Sequence[str] = (), status: int = 200,
) -> HttpResponse:  # fmt: skip
    telling = Telling(asked)
    told = list(zip(team.territories, telling.territories(team, roster), strict=True))
    return render(
        asked, "settings/territories.html", status, team=team, version=version, told=told,
        title=asked.say("settings_territory.title", team=telling.label(team.label, team.id)),
        **_of_form(asked, roster, team, given or {"id": "", "members": [], "lines": []}, errors, lines),
    )  # fmt: skip


def _form(
    asked: Asked, roster: Roster, team: Team, territory: Territory, version: int, given: Given, *,
    errors: Errors | None = None, lines: Sequence[str] = (), status: int = 200,
) -> HttpResponse:  # fmt: skip
    telling = Telling(asked)
    at = team.territories.index(territory)
    return render(
        asked, "settings/territory.html", status, title=territory.id, team=team, territory=territory, version=version,
        team_name=telling.label(team.label, team.id), condition=telling.territories(team, roster)[at][0],
        is_simple=lines_of(territory.where) is not None, is_last=len(team.territories) == 1,
        **_of_form(asked, roster, team, given, errors, lines),
    )  # fmt: skip


def _of_form(
    asked: Asked, roster: Roster, team: Team, given: Given, errors: Errors | None, lines: Sequence[str]
) -> dict[str, Any]:
    return {
        "given": given, "errors": errors or {}, "lines": lines,
        "rows": [*given["lines"], *([NO_LINE] * SPARE)],
        "hows": [(how, asked.say(f"settings_territory.{how}")) for how in HOWS],
        "traits": sorted({*FIELDS, *_traits_of(roster)}),
        "people": [(id, roster.members[id].name) for id in team.members],
    }  # fmt: skip


def _traits_of(roster: Roster) -> set[str]:
    """The traits that territories ask about already."""
    found = (lines_of(each.where) for team in roster.teams.values() for each in team.territories)
    return {line["trait"] for lines in found for line in lines or () if line["trait"] != "groups"}


# ---- What the form holds ---------------------------------------------------------------------------------------------


def _given(asked: Asked) -> dict[str, Any]:
    post = asked.request.POST
    columns = [[text.strip() for text in post.getlist(name)] for name in NO_LINE]
    rows = [dict(zip(NO_LINE, row, strict=True)) for row in zip(*columns, strict=False)][: MOST_LINES + SPARE + 1]
    lines = [row for row in rows if row["trait"] or row["value"]]
    return {**posted(asked, "id"), "members": list(dict.fromkeys(post.getlist("members"))), "lines": lines}


def _wrong(asked: Asked, given: Given, team: Team, territory: Territory | None) -> tuple[Errors, dict[str, object]]:
    """What will not do, by field; and the condition as the document writes it."""
    say, errors = asked.say, {}
    if territory is None and not team_given.is_id(given["id"]):
        errors["id"] = say("settings_member.bad_id")
    elif territory is None and any(each.id == given["id"] for each in team.territories):
        errors["id"] = say("settings_member.id_taken")
    if not given["members"]:
        errors["members"] = say("settings_territory.nobody")
    elif not set(given["members"]) <= set(team.members):
        errors["members"] = say("settings_territory.bad_member")
    known = None if territory is None else lines_of(territory.where)
    if territory is not None and known is None:
        return errors, {}
    if not given["lines"]:
        errors["lines"] = say("settings_territory.no_line")
    elif len(given["lines"]) > MOST_LINES:
        errors["lines"] = say("settings_territory.many_lines", most=MOST_LINES)
    tests: list[Condition] = []
    for line in given["lines"]:
        made = test_of(line, None if territory is None else territory.where)
        if isinstance(made, str):
            errors.setdefault("lines", say(f"settings_territory.{made}", trait=line["trait"] or "–"))
        else:
            tests.append(made)
    if errors:
        return errors, {}
    return errors, as_data(tests[0] if len(tests) == 1 else All(tuple(tests)))
