"""The team on screen: who is in which team, when they work, whose leads are whose, and who is away."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpResponse
from psycopg import Connection

from couveuse.core.model import Label
from couveuse.core.roster import Channel, Hours, Reach, Roster, Team
from couveuse.core.times import DAY_US, microseconds, moment
from couveuse.documents.phrases import clause
from couveuse.documents.team import Gap
from couveuse.documents.team_shapes import WEEKDAYS
from couveuse.documents.vocabulary import Vocabulary
from couveuse.engine import staffing
from couveuse.errors import BadInput
from couveuse.store import rosters
from couveuse.web import database
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect, render

PLACE: Final = "/settings/team"
MOST_BECAUSE: Final = 200


@page(Permission.MANAGE_TEAM)
def show(asked: Asked) -> HttpResponse:
    """The teams, their members, and who is away now or will be."""
    return _shown(asked)


def _shown(
    asked: Asked, *, given: dict[str, str] | None = None, errors: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    with database.reading() as connection:
        version = rosters.newest(connection)
        # From yesterday on, since it is yesterday somewhere.
        since = moment(asked.now - DAY_US).date()
        roster, absences = rosters.load_roster(connection, since=since), rosters.load_absences(connection, since=since)
        gaps = staffing.missing(connection, roster) if version is not None else []
    telling = Telling(asked)
    return render(
        asked, "settings/team.html", status, title=asked.say("settings_nav.team"), version=version, roster=roster,
        absences=absences, away=roster.away(asked.now), t=telling,
        gaps=[(telling.gap(each), _mended(each)) for each in gaps],
        member_options=[(member.id, member.name) for member in roster.members.values()],
        given=given or {"member": "", "from": "", "until": "", "because": ""}, errors=errors or {},
    )  # fmt: skip


def _mended(gap: Gap) -> str:
    """Where what is missing can be added."""
    return f"{PLACE}/teams?{urlencode({'id': gap.team})}" if gap.treatment is None else f"{PLACE}/teams/{gap.team}"


class Telling:
    """What a roster says, in the words of the page."""

    def __init__(self, asked: Asked) -> None:
        self._asked, self._say = asked, asked.say
        self._vocabulary = Vocabulary(asked.language)

    def label(self, label: Label, id: str) -> str:
        """How a team or a treatment is called in the language of the page, else in any, else its id."""
        return str(getattr(label, self._asked.language) or label.fr or label.en or id)

    def hours(self, hours: Hours) -> list[str]:
        """Working hours: days that are alike together, then whose holidays count, then other days off."""
        lines: list[str] = []
        first = 0
        for day in range(1, 8):
            if day < 7 and hours.week[day] == hours.week[first]:
                continue
            if hours.week[first]:
                one = self._say(f"settings_day.{WEEKDAYS[first]}")
                until = self._say("settings_team.days", first=one, last=self._say(f"settings_day.{WEEKDAYS[day - 1]}"))
                spans = ", ".join(f"{clock(start)}–{clock(end)}" for start, end in hours.week[first])
                lines.append(f"{one if day - first == 1 else until} {spans}")
            first = day
        if hours.holidays:
            lines.append(self._say("settings_team.holidays_of", country=hours.holidays))
        if hours.days_off:
            lines.append(self._say("settings_team.days_off", days=", ".join(map(self.day, sorted(hours.days_off)))))
        return [*lines, hours.timezone]

    def day(self, day: date) -> str:
        """A day as readers write it."""
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=self._asked.formats.zone)
        return self._asked.formats.date(microseconds(noon))

    def within(self, length_us: int) -> str:
        """A length of working time."""
        return self._vocabulary.duration(length_us)

    def territories(self, team: Team, roster: Roster) -> list[tuple[str, str]]:
        """Whose leads are whose: a condition in words, and names."""
        return [(clause(self._vocabulary, each.where), self.names(each.members, roster)) for each in team.territories]

    def names(self, ids: Sequence[str], roster: Roster) -> str:
        """Members by their names."""
        return ", ".join(roster.members[id].name if id in roster.members else id for id in ids)

    def told(self, words: Sequence[str], roster: Roster) -> str:
        """Whom an alert goes to."""
        known = [self._asked.words.known("settings_told", word) for word in words]
        return ", ".join(roster.members[word].name if word in roster.members else word for word in known)

    def reached(self, channels: Sequence[Channel]) -> str:
        """By what somebody is reached."""
        return ", ".join("e-mail" if each.reach is Reach.EMAIL else f"{each.reach} {each.to}" for each in channels)

    def gap(self, gap: Gap) -> str:
        """What the acting model asks for, and no team has."""
        key = "settings_team.no_team" if gap.treatment is None else "settings_team.no_treatment"
        return self._say(key, cause=gap.cause, team=gap.team, treatment=gap.treatment or "")


def clock(minutes: int) -> str:
    """A time of day.

    >>> clock(510)
    '08:30'
    """
    return f"{minutes // 60:02}:{minutes % 60:02}"


# ---- Absences --------------------------------------------------------------------------------------------------------


@page(Permission.MANAGE_TEAM, methods=("POST",))
def add_absence(asked: Asked) -> HttpResponse:
    """A member is away: new tasks pass them over."""
    post = asked.request.POST
    given = {name: post.get(name, "").strip() for name in ("member", "from", "until", "because")}
    errors = {}
    days = {name: _day(given[name]) for name in ("from", "until")}
    for name, day in days.items():
        if day is None:
            errors[name] = asked.say("settings_team.no_day")
    if len(given["because"]) > MOST_BECAUSE or not given["because"].isprintable():
        errors["because"] = asked.say("settings_team.because_long")
    first, last = days["from"], days["until"]
    if first is not None and last is not None and last < first:
        errors["until"] = asked.say("settings_team.days_turned")
    if errors or first is None or last is None:
        return _shown(asked, given=given, errors=errors, status=422)
    try:
        with database.writing() as connection:
            rosters.add_absence(
                connection, given["member"], first, last, because=given["because"], by=asked.who.by, now=asked.now
            )
    except BadInput:
        return _shown(asked, given=given, errors={"member": asked.say("settings_team.no_member")}, status=422)
    return redirect(asked, f"{PLACE}#absences", "settings_team.absent")


@page(Permission.MANAGE_TEAM, methods=("POST",))
def remove_absence(asked: Asked, number: int) -> HttpResponse:
    """An absence is taken back."""
    with database.writing() as connection:
        is_of_document = _is_of_document(connection, number)
        is_done = rosters.remove_absence(connection, min(number, 2**63 - 1), by=asked.who.by, now=asked.now)
    key = "absence_back" if is_of_document else "absence_gone" if is_done else "no_absence"
    return redirect(asked, f"{PLACE}#absences", f"settings_team.{key}")


def _is_of_document(connection: Connection[Any], number: int) -> bool:
    return any(each.id == number and each.is_of_document for each in rosters.load_absences(connection))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
