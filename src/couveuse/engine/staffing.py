"""Whether the team can do what the acting model asks of it, and what another document of the team would change."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from psycopg import Connection

from couveuse.core.model import Model
from couveuse.core.roster import Roster
from couveuse.core.roster_changes import Change, Did
from couveuse.documents.reading import parse_model
from couveuse.documents.team import Gap, TeamDocument, gaps
from couveuse.store import published, rosters


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What applying a document would come to: changes, routes that lead nowhere, open tasks of members that go."""

    changes: Sequence[Change]
    gaps: Sequence[Gap]
    left: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Needed:
    """What another roster would take away although it is needed: what the acting model asks for, and open tasks."""

    gaps: Sequence[Gap] = ()
    tasks: Mapping[tuple[str, str], int] = field(default_factory=dict)  # by team and treatment


def needed(connection: Connection[Any], before: Roster, after: Roster) -> Needed:
    """What a roster no longer has of the one before it, and is asked for; what was missing already is not told."""
    known = frozenset(missing(connection, before))
    left = {team.id: team.treatments.keys() - set(_treatments(after, team.id)) for team in before.teams.values()}
    poorer = [id for id, treatments in left.items() if treatments or id not in after.teams]
    tasks = rosters.open_tasks_of_teams(connection, poorer) if poorer else {}
    return Needed(
        gaps=[each for each in missing(connection, after) if each not in known],
        tasks={(team, treatment): count for (team, treatment), count in tasks.items()
               if team not in after.teams or treatment in left[team]},
    )  # fmt: skip


def _treatments(roster: Roster, team: str) -> Collection[str]:
    found = roster.teams.get(team)
    return () if found is None else found.treatments.keys()


def missing(connection: Connection[Any], roster: Roster) -> list[Gap]:
    """What the acting model's routes ask of teams that are not there."""
    acting = [model for model in published.live_models(connection) if model.standing == "acting"]
    return [gap for each in acting for gap in gaps(_model(each.document, each.name), roster)]


@lru_cache(maxsize=4)
def _model(document: str, name: str) -> Model:
    """A published model, read once: a page asks for it each time."""
    return parse_model(document, name).model


def lacking(connection: Connection[Any], roster: Roster) -> list[str]:
    """The same, each a line that names the cure."""
    return [str(gap) for gap in missing(connection, roster)]


def foresee(connection: Connection[Any], document: TeamDocument) -> Foreseen:
    """What applying a document would change; nothing is written."""
    changes = rosters.foreseen(connection, document)
    gone = [each.id for each in changes if each.what == "member" and each.did is Did.REMOVED]
    left = rosters.open_tasks(connection, gone) if gone else {}
    return Foreseen(changes, missing(connection, document.roster), left)
