"""The team as values: who they are, where they are reached, when they work, and what each team promises.

A roster is told by a document (`documents.team`) and by absences. Choosing who gets a task is `core.assigning`;
counting working hours is `core.working`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

from couveuse.core.conditions import Condition
from couveuse.core.frozen import Frozen
from couveuse.core.model import Label
from couveuse.core.text import email
from couveuse.core.times import HOUR_US, moment


class Assignment(StrEnum):
    """How a team gives its tasks to its members; a lead's owner comes first in each, where the team says so."""

    NOBODY = "nobody"  # whoever takes it
    ROUND_ROBIN = "round_robin"
    LOAD = "load"  # whoever has the fewest open tasks
    TERRITORY = "territory"  # then in turn among those of the territory


class Reach(StrEnum):
    """By what a person or a team is reached."""

    EMAIL = "email"
    SLACK = "slack"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Channel(Frozen):
    """One way to reach somebody: an e-mail address, the name of a sealed secret (Slack), or the id of an endpoint."""

    reach: Reach
    to: str


@dataclass(frozen=True, slots=True)
class Hours(Frozen):
    """When somebody works: spans of minutes of each weekday (0 is Monday), and whose public holidays count."""

    timezone: str = "Europe/Paris"
    week: tuple[tuple[tuple[int, int], ...], ...] = ((((9 * 60, 18 * 60),),) * 5) + ((),) * 2
    holidays: str = ""  # a country, or a country and a region: FR, FR-57; '': none
    days_off: frozenset[date] = frozenset()  # beside the holidays


@dataclass(frozen=True, slots=True)
class Digest(Frozen):
    """Alerts together at a time of the working day (minutes), instead of one mail each."""

    at: int


@dataclass(frozen=True, slots=True)
class Member(Frozen):
    """A person of ours."""

    id: str
    name: str
    email: str
    telephone: str = ""
    language: str = "en"
    channels: tuple[Channel, ...] = ()  # without any: the e-mail
    hours: Hours | None = None  # without: those of the team for whose work they are asked
    digest: Digest | None = None
    weight: int = 1  # of each round, so many turns


@dataclass(frozen=True, slots=True)
class Territory(Frozen):
    """Leads that meet a condition on traits are these members'; the first territory that holds is the lead's."""

    id: str
    where: Condition
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Promise(Frozen):
    """An SLA: within how much working time a task is to be dealt with; by treatment, with one for all others."""

    within: int = 8 * HOUR_US
    by_treatment: Mapping[str, int] = field(default_factory=dict)
    raise_to: tuple[str, ...] = ()  # who is told of what is overdue: members, `lead`, `owner`, `team`, a list
    raise_every: int | None = None  # again after so much working time; None: once
    raise_times: int = 3
    news_within: int = 30 * 24 * HOUR_US  # an accepted lead without news for so long is asked about (calendar time)


@dataclass(frozen=True, slots=True)
class Team(Frozen):
    """A team: its members in the order of their turns, and how it works."""

    id: str
    label: Label = field(default_factory=Label)
    members: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()  # members that lead it
    hours: Hours = field(default_factory=Hours)
    assignment: Assignment = Assignment.NOBODY
    owner_first: bool = True
    territories: tuple[Territory, ...] = ()
    promise: Promise = field(default_factory=Promise)
    alert: tuple[str, ...] = ("member", "team")  # who gets alerts: `member`, `owner`, `lead`, `team`, a member, a list
    channels: tuple[Channel, ...] = ()  # of the team itself; without any, `team` means each member
    digest: Digest | None = None  # of whoever has none of their own
    tries: int = 5  # so often nobody answers, then the task is closed
    treatments: Mapping[str, Label] = field(default_factory=dict)  # what to do, in words


@dataclass(frozen=True, slots=True)
class Absence(Frozen):
    """Days on which a member is away, both inclusive."""

    member: str
    first_day: date
    last_day: date
    because: str = ""


@dataclass(frozen=True, slots=True)
class Roster(Frozen):
    """All teams and their people."""

    teams: Mapping[str, Team] = field(default_factory=dict)
    members: Mapping[str, Member] = field(default_factory=dict)
    lists: Mapping[str, tuple[Channel, ...]] = field(default_factory=dict)  # named lists of channels
    absences: tuple[Absence, ...] = ()
    owner_trait: str = "owner"  # the trait of a lead that names its owner: a member's id or e-mail
    currency: str = "EUR"
    hours: Hours = field(default_factory=Hours)  # of whoever has none of their own
    name: str = ""

    def hours_of(self, member: str, team: str = "") -> Hours:
        """When a member works, on what a team has given: their own hours, else the team's, else everybody's."""
        person, group = self.members.get(member), self.teams.get(team)
        if person is not None and person.hours is not None:
            return person.hours
        return self.hours if group is None else group.hours

    def away(self, at: int) -> frozenset[str]:
        """Who is away at an instant, by the date that it is for them."""
        return frozenset(
            absence.member
            for absence in self.absences
            if absence.first_day <= _day(at, self.hours_of(absence.member)) <= absence.last_day
        )

    def owner_of(self, named: object) -> str | None:
        """The member whom a lead's owner trait names, by id or by e-mail; None where it is nobody of ours."""
        if not isinstance(named, str) or not named.strip():
            return None
        wanted = email(named)
        if wanted in self.members:
            return wanted
        return next((member.id for member in self.members.values() if email(member.email) == wanted), None)


def _day(at: int, hours: Hours) -> date:
    return moment(at, ZoneInfo(hours.timezone)).date()
