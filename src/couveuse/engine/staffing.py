"""Whether the team can do what the acting model asks of it."""

from typing import Any

from psycopg import Connection

from couveuse.core.roster import Roster
from couveuse.documents.reading import parse_model
from couveuse.documents.team import without_team
from couveuse.store import published


def lacking(connection: Connection[Any], roster: Roster) -> list[str]:
    """What the acting model's routes ask of teams that are not there, each a line that names the cure."""
    acting = [model for model in published.live_models(connection) if model.standing == "acting"]
    return [line for model in acting for line in without_team(parse_model(model.document, model.name).model, roster)]
