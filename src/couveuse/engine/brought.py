"""What an import has come to: its counts, and who of its leads may be written to."""

from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from couveuse.core.consent import Purpose
from couveuse.errors import BadInput
from couveuse.store import consents, imports
from couveuse.store.consents import Reach
from couveuse.store.imports import Import


@dataclass(frozen=True, slots=True)
class Told:
    """What an import has come to."""

    stored: Import
    reach: Reach


def told(connection: Connection[Any], number: int) -> Told:
    """What an import has come to; raises BadInput where there is none of that number."""
    stored = imports.import_by_id(connection, number)
    if stored is None:
        raise BadInput(f"import {number}: there is none; see: couveuse import --list")
    reach = consents.reach_of_import(connection, number, purpose=Purpose.MARKETING_EMAIL, since=stored.started_at)
    return Told(stored, reach)
