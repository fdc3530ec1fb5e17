"""What an import has come to: its counts, and who of its leads may be written to."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from psycopg import Connection

from couveuse.core.consent import Purpose
from couveuse.errors import BadInput
from couveuse.store import consents, imports
from couveuse.store.consents import Reach
from couveuse.store.imports import DONE, Import


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


@dataclass(frozen=True, slots=True)
class Kept:
    """What an import had come to when it was done; `reach` is None where it is not done, or was taken back."""

    stored: Import
    reach: Reach | None


def keep(connection: Connection[Any], number: int) -> Told:
    """What an import that is done has come to, kept for whoever looks at it later."""
    found = told(connection, number)
    reach = asdict(found.reach)
    imports.keep_reach(connection, number, reach)
    return replace(found, stored=replace(found.stored, counts={**found.stored.counts, "reach": reach}))


def kept(connection: Connection[Any], number: int) -> Kept | None:
    """What was kept of an import; None where there is none of that number.

    One that an earlier version ended is asked of its leads now.
    """
    stored = imports.import_by_id(connection, number)
    if stored is None:
        return None
    if stored.standing != DONE:
        return Kept(stored, None)
    reach = stored.counts.get("reach")
    return Kept(stored, told(connection, number).reach if reach is None else Reach(**reach))
