"""Whose desk it is: who acts, whose queue they work on, and which tasks are there for them at all."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404
from psycopg import Connection

from couveuse.core.roster import Roster
from couveuse.engine.live import LiveModel, NothingPublished
from couveuse.engine.sheets import Scope, teams_of_all
from couveuse.store import rosters
from couveuse.store.tasks import OURSELVES
from couveuse.web.asking import Asked
from couveuse.web.permissions import may_see_team
from couveuse.web.reading import acting

# A task's number as PostgreSQL holds it; a greater one is nobody's.
MOST_NUMBER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Desk:
    """Who sits there: `by` is how tasks name them, `scope` their queue; where they have none `lacking` says why."""

    roster: Roster
    model: LiveModel | None
    by: str
    member: str | None
    scope: Scope | None
    teams: tuple[str, ...]
    lacking: str = ""

    @property
    def model_id(self) -> int | None:
        """The number of the model that acts."""
        return None if self.model is None else self.model.id

    def called(self, by: str | None) -> str:
        """What somebody is called whom a task names; ourselves by our name."""
        known = self.roster.members.get(by or "")
        return ("Couveuse" if by == OURSELVES else by or "") if known is None else known.name


def desk_of(asked: Asked, connection: Connection[Any]) -> Desk:
    """The desk of who asks; absences are nobody's business here."""
    version = rosters.newest(connection)
    roster = Roster() if version is None else version.document().roster
    try:
        model: LiveModel | None = acting(connection)
    except NothingPublished:
        model = None
    who = asked.who
    member = who.member if who.member in roster.members else None
    own = tuple(team.id for team in roster.teams.values() if member is not None and member in team.members)
    everything = teams_of_all(roster, None if model is None else model.plan.model)
    teams = everything if who.teams_seen is None else own
    by = who.by if member is None else member
    if own:
        return Desk(roster, model, by, member, Scope(own, member), teams)
    if who.teams_seen is None:
        return Desk(roster, model, by, member, Scope(everything), teams)
    lacking = "no_member" if not who.member else "gone" if member is None else "no_team"
    return Desk(roster, model, by, member, None, (), lacking)


def may_see(asked: Asked, team: str) -> None:
    """Another team's task is not there: raises Http404."""
    if not may_see_team(asked.who, team):
        raise Http404


def number(given: int) -> int:
    """The number of something in an address; raises Http404 for one that nothing can have."""
    if not 0 < given <= MOST_NUMBER:
        raise Http404
    return given
