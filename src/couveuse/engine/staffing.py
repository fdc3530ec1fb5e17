"""Whether the team can do what the acting model asks of it, and what another document of the team would change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
