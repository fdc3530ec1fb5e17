"""Lists of leads under a model: page by page from a cursor's place, never by counting rows off, and never counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Final
from uuid import UUID

from psycopg import Connection, sql

from couveuse.store.statements import statement
from couveuse.store.states import table_of

# So many leads are looked at for one page where filters leave some out.
WINDOW: Final = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after the lead of that number and score (for lists); `FIRST` is before all."""

    score: float
    lead_id: int


FIRST: Final = Place(inf, 0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which leads: None leaves none out. Bands, stages (-1: none) and temperatures by their numbers in `lead_states`.

    `scores` are the least (exclusive) and the most of what the bands hold; `since` is an instant; `identity` a digest.
    """

    bands: Sequence[int] | None = None
    scores: tuple[float | None, float | None] = (None, None)
    stages: Sequence[int] | None = None
    temperatures: Sequence[int] | None = None
    classes: Sequence[str] | None = None
    since: int | None = None
    company: str | None = None
    identity: bytes | None = None

    @property
    def leaves_out(self) -> bool:
        """Whether leads must be looked at that are not in the list."""
        return any(each is not None for each in (self.bands, self.stages, self.temperatures, self.classes, self.since))


@dataclass(frozen=True, slots=True)
class Listed:
    """One lead of a list, with its packed state."""

    lead_id: int
    sort_score: float
    read_at: int
    state: bytes


def list_leads(
    connection: Connection[Any], model_id: int, wanted: Wanted, after: Place, *, most: int, by_number: bool
) -> tuple[list[Listed], Place | None]:
    """The leads after a place, best score first or by number, and where the next page begins; None after the last one.

    A page may hold fewer than `most` leads, or none, and yet not be the last.
    """
    window = WINDOW if wanted.leaves_out else most + 1
    values = {
        "score": after.score, "lead": after.lead_id, "window": window, "limit": most + 1, "by_number": by_number,
        "low": wanted.scores[0], "high": wanted.scores[1], "bands": _array(wanted.bands),
        "stages": _array(wanted.stages), "temperatures": _array(wanted.temperatures), "classes": _array(wanted.classes),
        "since": wanted.since, "company": wanted.company,
        "identity": None if wanted.identity is None else UUID(bytes=wanted.identity),
    }  # fmt: skip
    is_of_few = wanted.company is not None or wanted.identity is not None
    name = "of_whom" if is_of_few else "by_number" if by_number else "by_score"
    query = statement("listing", name).format(table=sql.Identifier(table_of(model_id)))
    rows = connection.execute(query, values, binary=True).fetchall()
    found = [
        Listed(lead_id, score, read_at, state) for *_, lead_id, score, read_at, state in rows if lead_id is not None
    ]
    if len(found) > most:
        return found[:most], Place(found[most - 1].sort_score, found[most - 1].lead_id)
    if rows and rows[0][0] >= window:
        return found, Place(rows[0][1], rows[0][2])
    return found, None


def _array(values: Sequence[Any] | None) -> list[Any] | None:
    return None if values is None else list(values)
