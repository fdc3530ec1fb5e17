"""Forms for the ordinary changes to the team: a member, their teams, how a team gives its tasks, working hours.

Each writes its change into the document's text, and applies that as any other document.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, Final
from zoneinfo import available_timezones

from django.http import Http404, HttpResponse

from couveuse.core.roster import Assignment, Hours, Member, Roster, Team
from couveuse.documents import durations, team_editing
from couveuse.documents.findings import TeamErrors
from couveuse.documents.shapes import ID_PATTERN
from couveuse.documents.team import TeamDocument
from couveuse.documents.team_shapes import EMAIL_PATTERN, MOST_WEIGHT, WEEKDAYS
from couveuse.errors import BadModel
from couveuse.store import rosters
from couveuse.web import database
from couveuse.web.areas.settings.audit import number as number_of
from couveuse.web.areas.settings.team import PLACE, Telling, clock
from couveuse.web.areas.settings.team_document import apply, lines_of
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import render

MOST_NAME: Final = 200
_SPAN: Final = re.compile(r"([01]?[0-9]|2[0-3])[:h]([0-5][0-9])\s*[-–]\s*(?:([01]?[0-9]|2[0-3])[:h]([0-5][0-9])|24:00)")
_OPEN_TIME: Final = re.compile(r"[1-9][0-9]{0,3}[mh]")
# Text of people's that a document holds as it is: one line, nothing that controls.
_LINE: Final = re.compile(r"\S(.*\S)?")

Given = Mapping[str, Any]
Errors = dict[str, str]


def _document() -> tuple[TeamDocument, int]:
    """The document that counts, and its number; raises Http404 where none does."""
    with database.reading() as connection:
        version = rosters.newest(connection)
    if version is None:
        raise Http404
    return version.document(), version.id


def _tried(
    asked: Asked, document: TeamDocument, change: Callable[[], TeamDocument],
    shown: Callable[[Sequence[str], int], HttpResponse],
    back: str = PLACE,
) -> HttpResponse:  # fmt: skip
    """Make a change and apply it; what stands against it is shown above the form."""
    replaces = number_of(asked.request.POST.get("replaces", "")) or 0
    try:
        changed = change()
    except TeamErrors as errors:
        return shown(lines_of(asked, errors, document), 422)
    except team_editing.NoSuch as error:
        raise Http404 from error
    except BadModel as error:  # the text is written in a way that nothing can be changed in
        return shown([str(error)], 422)
    return apply(asked, changed, replaces, lambda error: shown([error], 409), back=back)


# ---- Members ---------------------------------------------------------------------------------------------------------


@page(Permission.MANAGE_TEAM, methods=("GET", "POST"))
def add(asked: Asked) -> HttpResponse:
    """Somebody new."""
    document, version = _document()
    if asked.request.method != "POST":
        given = {"id": "", "name": "", "email": "", "telephone": "", "language": asked.language, "weight": "1",
                 "teams": [], "leads": []}  # fmt: skip
        return _member_form(asked, document.roster, version, given)
    given = _given(asked)
    errors = _wrong(asked, given, document.roster, None)
    if errors:
        return _member_form(asked, document.roster, version, given, errors=errors, status=422)
    return _tried(
        asked, document, lambda: team_editing.add_member(document, _said(given), given["teams"], given["leads"]),
        lambda lines, status: _member_form(asked, document.roster, version, given, lines=lines, status=status),
    )  # fmt: skip


@page(Permission.MANAGE_TEAM, methods=("GET", "POST"))
def change(asked: Asked, id: str) -> HttpResponse:
    """Other words of a member, and other teams."""
    document, version = _document()
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

    change = lambda: team_editing.change_member(document, id, _said(given), given["teams"], given["leads"])  # noqa: E731
    return _tried(asked, document, change, shown)


@page(Permission.MANAGE_TEAM, methods=("POST",))
def remove(asked: Asked, id: str) -> HttpResponse:
    """A member goes; their open tasks are anybody's to take."""
    document, version = _document()
    member = document.roster.members.get(id)
    if member is None:
        raise Http404
    given = _as_given(document.roster, member)

    def shown(lines: Sequence[str], status: int) -> HttpResponse:
        return _member_form(asked, document.roster, version, given, member=member, lines=lines, status=status)

    return _tried(asked, document, lambda: team_editing.remove_member(document, id), shown)


def _given(asked: Asked) -> dict[str, Any]:
    post = asked.request.POST
    texts = {name: post.get(name, "").strip() for name in ("id", "name", "email", "telephone", "language", "weight")}
    return {**texts, "teams": post.getlist("teams"), "leads": post.getlist("leads")}


def _as_given(roster: Roster, member: Member) -> dict[str, Any]:
    return {
        "id": member.id, "name": member.name, "email": member.email, "telephone": member.telephone,
        "language": member.language, "weight": str(member.weight),
        "teams": [team.id for team in roster.teams.values() if member.id in team.members],
        "leads": [team.id for team in roster.teams.values() if member.id in team.leads],
    }  # fmt: skip


def _said(given: Given) -> dict[str, object]:
    """What the form says, as the document has it: what is usual is left out."""
    weight = int(given["weight"])
    return {
        "id": given["id"], "name": given["name"], "email": given["email"], "telephone": given["telephone"] or None,
        "language": given["language"], "weight": None if weight == 1 else weight,
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
    return errors


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
        weights=[(str(n), asked.formats.number(n)) for n in range(1, MOST_WEIGHT + 1)],
    )  # fmt: skip


# ---- Teams -----------------------------------------------------------------------------------------------------------


@page(Permission.MANAGE_TEAM, methods=("GET", "POST"))
def team(asked: Asked, id: str) -> HttpResponse:
    """How a team is called, gives its tasks, and within how long they are to be dealt with."""
    document, version = _document()
    found = document.roster.teams.get(id)
    if found is None:
        raise Http404
    if asked.request.method != "POST":
        given: dict[str, Any] = {
            "fr": found.label.fr, "en": found.label.en, "assignment": str(found.assignment),
            "owner_first": "1" if found.owner_first else "", "within": durations.written(found.promise.within),
            "tries": str(found.tries),
        }  # fmt: skip
        return _team_form(asked, found, version, given)
    post = asked.request.POST
    given = {name: post.get(name, "").strip() for name in ("fr", "en", "assignment", "owner_first", "within", "tries")}
    errors = _wrong_team(asked, given)
    if errors:
        return _team_form(asked, found, version, given, errors=errors, status=422)
    return _tried(
        asked, document, lambda: team_editing.set_team(document, id, _team_said(found, given)),
        lambda lines, status: _team_form(asked, found, version, given, lines=lines, status=status),
    )  # fmt: skip


def _wrong_team(asked: Asked, given: Given) -> Errors:
    errors: Errors = {}
    for name in ("fr", "en"):
        if len(given[name]) > MOST_NAME or not given[name].isprintable():
            errors[name] = asked.say("settings_member.bad_name")
    if given["assignment"] not in list(Assignment):
        errors["assignment"] = asked.say("settings_teams.bad_assignment")
    if not _OPEN_TIME.fullmatch(given["within"]):
        errors["within"] = asked.say("settings_teams.bad_within")
    if not given["tries"].isascii() or not given["tries"].isdigit() or not 1 <= int(given["tries"]) <= 50:
        errors["tries"] = asked.say("settings_teams.bad_tries")
    return errors


def _team_said(team: Team, given: Given) -> dict[str, object]:
    """What is said otherwise than it was; what stays is not written."""
    said: dict[str, object] = {}
    label = {name: given[name] for name in ("fr", "en") if given[name]}
    if label != {name: text for name in ("fr", "en") if (text := getattr(team.label, name))}:
        said["label"] = label or None
    if given["assignment"] != str(team.assignment):
        said["assignment"] = given["assignment"]
    if bool(given["owner_first"]) is not team.owner_first:
        said["owner_first"] = bool(given["owner_first"])
    if given["within"] != durations.written(team.promise.within):
        said["sla.within"] = given["within"]
    if int(given["tries"]) != team.tries:
        said["tries"] = int(given["tries"])
    return said


def _team_form(
    asked: Asked, team: Team, version: int, given: Given, *, errors: Errors | None = None, lines: Sequence[str] = (),
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    telling = Telling(asked)
    return render(
        asked, "settings/team_form.html", status, title=telling.label(team.label, team.id), team=team, given=given,
        errors=errors or {}, lines=lines, version=version,
        ways=[(str(way), asked.say(f"settings_assignment.{way}")) for way in Assignment],
    )  # fmt: skip


# ---- Working hours ---------------------------------------------------------------------------------------------------


@page(Permission.MANAGE_TEAM, methods=("GET", "POST"))
def hours_of_all(asked: Asked) -> HttpResponse:
    """The hours of whoever has none of their own."""
    return _hours(asked, "", "")


@page(Permission.MANAGE_TEAM, methods=("GET", "POST"))
def hours_of_team(asked: Asked, id: str) -> HttpResponse:
    """The hours of a team."""
    return _hours(asked, "teams", id)


@page(Permission.MANAGE_TEAM, methods=("GET", "POST"))
def hours_of_member(asked: Asked, id: str) -> HttpResponse:
    """The hours of one member."""
    return _hours(asked, "members", id)


def _hours(asked: Asked, kind: str, id: str) -> HttpResponse:
    document, version = _document()
    hours, has_own, called = _hours_now(asked, document, kind, id)
    if asked.request.method != "POST":
        return _hours_form(asked, version, kind, id, called, has_own, _hours_given(hours))
    post = asked.request.POST
    names = (*WEEKDAYS, "timezone", "holidays", "days_off", "own")
    given = {name: post.get(name, "").strip() for name in names}
    is_own = not kind or given["own"] == "1"
    said, errors = _hours_said(asked, given) if is_own else (None, {})
    if errors:
        return _hours_form(asked, version, kind, id, called, has_own, given, errors=errors, status=422)
    return _tried(
        asked, document, lambda: team_editing.set_hours(document, kind, id, said),
        lambda lines, status: _hours_form(
            asked, version, kind, id, called, has_own, given, lines=lines, status=status
        ),
    )  # fmt: skip


def _hours_now(asked: Asked, document: TeamDocument, kind: str, id: str) -> tuple[Hours, bool, str]:
    """The hours that count, whether they are of one's own, and how whoever they are of is called; raises Http404."""
    roster = document.roster
    if not kind:
        return roster.hours, True, asked.say("settings_hours.everybody")
    if kind == "members":
        member = roster.members.get(id)
        if member is None:
            raise Http404
        return member.hours or roster.hours, member.hours is not None, member.name
    team = roster.teams.get(id)
    if team is None:
        raise Http404
    written = document.data.get("teams")
    own = isinstance(written, list) and any(
        isinstance(each, dict) and each.get("id") == id and "hours" in each for each in written
    )
    return team.hours, own, Telling(asked).label(team.label, id)


def _hours_given(hours: Hours) -> dict[str, str]:
    week = {
        WEEKDAYS[day]: ", ".join(f"{clock(start)}-{clock(end)}" for start, end in spans)
        for day, spans in enumerate(hours.week)
    }
    days = " ".join(day.isoformat() for day in sorted(hours.days_off))
    return {**week, "timezone": hours.timezone, "holidays": hours.holidays, "days_off": days, "own": "1"}


def _hours_said(asked: Asked, given: Given) -> tuple[dict[str, object], Errors]:
    """The hours as the document writes them, or what will not do by field."""
    errors: Errors = {}
    days: list[list[str]] = []
    for name in WEEKDAYS:
        spans = _spans(given[name])
        if spans is None:
            errors[name] = asked.say("settings_hours.bad_spans")
        days.append(spans or [])
    if not errors and not any(days):
        errors["mon"] = asked.say("settings_hours.never")
    if given["timezone"] not in available_timezones():
        errors["timezone"] = asked.say("settings_hours.bad_zone")
    off = given["days_off"].replace(",", " ").split()
    if not all(map(_is_day, off)):
        errors["days_off"] = asked.say("settings_hours.bad_days")
    if given["holidays"] and not re.fullmatch("[A-Z]{2}(-[A-Za-z0-9]{1,6})?", given["holidays"]):
        errors["holidays"] = asked.say("settings_hours.bad_country")
    said: dict[str, object] = {
        "timezone": given["timezone"], "week": team_editing.week_data(days), "holidays": given["holidays"] or "none",
    }  # fmt: skip
    return said | ({"days_off": sorted(set(off))} if off else {}), errors


def _spans(text: str) -> list[str] | None:
    """The spans of a day, as 08:30-12:30, 13:30-18:00; None where they are none, overlap, or are out of order."""
    found: list[str] = []
    last = -1
    for part in filter(None, (each.strip() for each in re.split("[,;/]", text))):
        match = _SPAN.fullmatch(part)
        if match is None:
            return None
        start = int(match[1]) * 60 + int(match[2])
        end = int(match[3]) * 60 + int(match[4]) if match[3] else 24 * 60
        if start >= end or start < last:
            return None
        found.append(f"{clock(start)}-{clock(end)}")
        last = end
    return found


@cache
def _zones() -> frozenset[str]:
    """The time zones that people choose from: a place each."""
    return frozenset(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix/")))


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _hours_form(
    asked: Asked, version: int, kind: str, id: str, called: str, has_own: bool, given: Given, *,
    errors: Errors | None = None, lines: Sequence[str] = (), status: int = 200,
) -> HttpResponse:  # fmt: skip
    place = f"{PLACE}/hours" if not kind else f"{PLACE}/{kind}/{id}/hours"
    return render(
        asked, "settings/hours.html", status, title=asked.say("settings_hours.title", who=called), version=version,
        kind=kind, has_own=has_own, given=given, errors=errors or {}, lines=lines, place=place, days=WEEKDAYS,
        zone_options=[(zone, zone) for zone in sorted({*_zones(), given["timezone"]})],
    )  # fmt: skip
