"""What of the journal of hand-overs is to be dispatched: claimed, by one process each, and marked when it is done."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from couveuse.core.events import LEAD_REJECTED, OPPORTUNITY_LOST, OPPORTUNITY_WON
from couveuse.store.statements import statement

CHANNEL: Final = "couveuse_handovers"
# Names the advisory locks under which a team's tasks are given.
TEAM_LOCK: Final = 1_668_247_157
# Who does what nobody did by hand.
OURSELVES: Final = "couveuse"
# What came of a task whose episode a fact has ended.
OUTCOMES: Final[Mapping[str, str]] = {OPPORTUNITY_WON: "won", OPPORTUNITY_LOST: "lost", LEAD_REJECTED: "rejected"}

_CLAIM, _CLAIM_SET_ASIDE = statement("dispatch", "claim"), statement("dispatch", "claim_set_aside")
_SET_ASIDE, _DISPATCHED = statement("dispatch", "set_aside"), statement("dispatch", "dispatched")
_LOCK_TEAMS = statement("dispatch", "lock_teams")
_OPEN_KEYS, _HOLD_OPEN = statement("dispatch", "open_keys"), statement("dispatch", "hold_open")
_CLAIM_WITHDRAWN, _TOLD = statement("dispatch", "claim_withdrawn"), statement("dispatch", "told")
_CLAIM_CLOSED, _CLOSED = statement("dispatch", "claim_closed"), statement("dispatch", "closed")
_CLOSE_TASKS = statement("dispatch", "close_tasks")
_CLAIM_DONE, _DONE_TOLD = statement("dispatch", "claim_done"), statement("dispatch", "done_told")
_STANDING, _ENDPOINTS = statement("dispatch", "standing"), statement("dispatch", "endpoints")

Key = tuple[int, str, int]
"""By what a task is one: lead, team, episode."""


@dataclass(frozen=True, slots=True)
class Due:
    """A hand-over to dispatch; `was_set_aside`: it waited while its lead was irrelevant, or held."""

    id: int
    lead_id: int
    episode_id: int
    team: str
    treatment: str
    rate: float
    value: float
    score: float
    made_at: int
    was_set_aside: bool
    is_over: bool  # its episode is closed
    is_irrelevant: bool
    is_held: bool  # somebody holds the lead: nothing of it is handed over

    @property
    def key(self) -> Key:
        """The task that it asks for."""
        return (self.lead_id, self.team, self.episode_id)


@dataclass(frozen=True, slots=True)
class Fallen:
    """A hand-over that was withdrawn, and whether tasks and alerts had been made of it."""

    id: int
    lead_id: int
    episode_id: int
    team: str
    treatment: str
    was_dispatched: bool
    because: str


@dataclass(frozen=True, slots=True)
class Ended:
    """An episode that a fact has ended, and by which event."""

    id: int
    lead_id: int
    at: int
    event: str


@dataclass(frozen=True, slots=True)
class Done:
    """A task that is done with, and since when."""

    id: int
    lead_id: int
    closed_at: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A hand-over that stands."""

    id: int
    team: str
    episode_id: int
    cause: str
    kind: str


def claim_handovers(connection: Connection[Any], *, most: int, now: int) -> list[Due]:
    """Hand-overs that nobody has dispatched, the oldest first; another process gets others."""
    return [Due(*row) for row in connection.execute(_CLAIM, {"most": most, "now": now}).fetchall()]


def claim_set_aside(connection: Connection[Any], *, most: int, now: int) -> list[Due]:
    """Hand-overs that were set aside and need not wait any more; another process gets others."""
    return [Due(*row) for row in connection.execute(_CLAIM_SET_ASIDE, {"most": most, "now": now}).fetchall()]


def set_aside(connection: Connection[Any], ids: Collection[int], now: int) -> None:
    """Hand-overs wait while their lead is irrelevant, or held."""
    connection.execute(_SET_ASIDE, {"ids": list(ids), "now": now})


def mark_dispatched(connection: Connection[Any], ids: Collection[int], now: int) -> None:
    """What these hand-overs asked for is made."""
    connection.execute(_DISPATCHED, {"ids": list(ids), "now": now})


def lock_teams(connection: Connection[Any], teams: Collection[str]) -> None:
    """Give tasks of these teams alone, until the transaction ends."""
    connection.execute(_LOCK_TEAMS, {"lock": TEAM_LOCK, "teams": list(teams)})


def hold_open(connection: Connection[Any], lead_ids: Collection[int]) -> tuple[set[Key], set[Key]]:
    """Of which of these leads, teams and episodes there is an open task that is held now, and those that are busy.

    Somebody is saying what came of a busy one, and may wait for the episode that whoever asks has locked.
    """
    held = set(connection.execute(_HOLD_OPEN, [list(lead_ids)]).fetchall())
    return held, set(connection.execute(_OPEN_KEYS, [list(lead_ids)]).fetchall()) - held


def claim_withdrawn(connection: Connection[Any], *, most: int) -> list[Fallen]:
    """Hand-overs that were withdrawn and of which nobody was told that; another process gets others."""
    return [Fallen(*row) for row in connection.execute(_CLAIM_WITHDRAWN, {"most": most}).fetchall()]


def mark_told(connection: Connection[Any], ids: Collection[int], now: int) -> None:
    """The withdrawal of these hand-overs is dispatched."""
    connection.execute(_TOLD, {"ids": list(ids), "now": now})


def claim_ended(connection: Connection[Any], *, most: int) -> list[Ended]:
    """Episodes that a fact has ended and of which tasks may be left; another process gets others."""
    return [Ended(*row) for row in connection.execute(_CLAIM_CLOSED, {"most": most}).fetchall()]


def close_tasks(connection: Connection[Any], ended: Sequence[Ended], now: int) -> int:
    """The tasks that are left of some episodes are closed by the facts that ended them; returns how many."""
    wanted = {
        "now": now,
        "by": OURSELVES,
        "leads": [each.lead_id for each in ended],
        "episodes": [each.id for each in ended],
        "outcomes": [OUTCOMES.get(each.event, "closed") for each in ended],
        "events": [each.event for each in ended],
    }
    return len(connection.execute(_CLOSE_TASKS, wanted).fetchall())


def mark_closed(connection: Connection[Any], ids: Collection[int], now: int) -> None:
    """Nothing is left of these episodes."""
    connection.execute(_CLOSED, {"ids": list(ids), "now": now})


def claim_done(connection: Connection[Any], *, most: int) -> list[Done]:
    """Tasks that are done with and of which endpoints outside were not told; another process gets others."""
    return [Done(*row) for row in connection.execute(_CLAIM_DONE, {"most": most}).fetchall()]


def mark_done_told(connection: Connection[Any], ids: Collection[int]) -> None:
    """Endpoints outside were told that these tasks are done with."""
    connection.execute(_DONE_TOLD, {"ids": list(ids)})


def standing_in(connection: Connection[Any], episode_ids: Collection[int]) -> list[Kept]:
    """Hand-overs of some episodes that stand, by number."""
    return [Kept(*row) for row in connection.execute(_STANDING, [list(episode_ids)]).fetchall()]


def endpoints_for(connection: Connection[Any], events: Collection[str]) -> dict[str, list[str]]:
    """The endpoints that want each of these events."""
    found: dict[str, list[str]] = {event: [] for event in events}
    for endpoint, event in connection.execute(_ENDPOINTS, {"events": list(events)}).fetchall():
        found[event].append(endpoint)
    return found
