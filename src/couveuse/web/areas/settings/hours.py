"""Forms for working hours: everybody's, a team's, a member's."""

import re
from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from django.http import Http404, HttpResponse

from couveuse.core.roster import Hours
from couveuse.documents import team_editing
from couveuse.documents.team import TeamDocument
from couveuse.documents.team_shapes import WEEKDAYS
from couveuse.web.areas.settings.changing import Errors, Given, document_that_counts, posted, tried
from couveuse.web.areas.settings.team import PLACE, Telling, clock
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import render

_SPAN: Final = re.compile(r"([01]?[0-9]|2[0-3])[:h]([0-5][0-9])\s*[-–]\s*(?:([01]?[0-9]|2[0-3])[:h]([0-5][0-9])|24:00)")


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
    document, version = document_that_counts()
    hours, has_own, called = _hours_now(asked, document, kind, id)
    if asked.request.method != "POST":
        return _hours_form(asked, version, kind, id, called, has_own, _hours_given(hours))
    given = posted(asked, *WEEKDAYS, "timezone", "holidays", "days_off", "own")
    is_own = not kind or given["own"] == "1"
    said, errors = _hours_said(asked, given) if is_own else (None, {})
    if errors:
        return _hours_form(asked, version, kind, id, called, has_own, given, errors=errors, status=422)
    return tried(
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
        zone_options=[(zone, zone.replace("_", " ")) for zone in sorted({*_zones(), given["timezone"]})],
    )  # fmt: skip
