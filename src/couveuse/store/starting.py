"""The first days of an instance: what it has by now, and the first fact that a key sent."""

from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from couveuse.store.statements import statement

_LOOK, _BARE = statement("starting", "look"), statement("starting", "is_bare")
_MARK, _UNMARK = statement("starting", "mark"), statement("starting", "unmark")
_KEY, _ARRIVED = statement("starting", "key"), statement("starting", "arrived")

MODEL: Final = "model"
PUT_AWAY: Final = "put_away"


@dataclass(frozen=True, slots=True)
class Look:
    """What an instance has by now; of the leads, the one with the most points."""

    published_by: str
    model: str
    is_chosen: bool
    is_put_away: bool
    has_events: bool
    has_imports: bool
    has_team: bool
    users: int
    has_invitations: bool
    best_lead: int | None


@dataclass(frozen=True, slots=True)
class Awaited:
    """A key whose first event is waited for: its source, since when, and whether it has let something in."""

    source: str
    since: int
    is_used: bool


@dataclass(frozen=True, slots=True)
class Arrived:
    """A fact that came: its name, its person's key, and their lead with its score, once there is one."""

    event: str
    key: str
    lead_id: int | None
    score: float | None
    received_at: int


def look(connection: Connection[Any]) -> Look:
    """What there is by now."""
    row = connection.execute(_LOOK).fetchone()
    assert row is not None  # it always answers
    return Look(*row)


def is_bare(connection: Connection[Any]) -> bool:
    """Whether nothing was recorded yet."""
    row = connection.execute(_BARE).fetchone()
    assert row is not None  # it always answers
    return bool(row[0])


def mark(connection: Connection[Any], step: str, *, by: str, now: int) -> None:
    """Write down that a step is done."""
    connection.execute(_MARK, {"step": step, "now": now, "by": by})


def unmark(connection: Connection[Any], step: str) -> None:
    """Take that back."""
    connection.execute(_UNMARK, [step])


def awaited(connection: Connection[Any], key_id: int) -> Awaited | None:
    """The key of that number."""
    row = connection.execute(_KEY, [key_id]).fetchone()
    return None if row is None else Awaited(*row)


def arrived(connection: Connection[Any], key: Awaited) -> Arrived | None:
    """What a key's source has sent since the key was made; that whose lead has a score, first."""
    row = connection.execute(_ARRIVED, {"source": key.source, "since": key.since}).fetchone()
    return None if row is None else Arrived(*row)
