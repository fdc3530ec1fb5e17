"""What is shown of one lead beside its score: who it is, episodes and hand-overs, merges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from psycopg import Connection

from couveuse.store.statements import statement

_SURVIVOR = statement("cards", "survivor")
_CARDS = statement("cards", "cards")
_HANDOVERS = statement("cards", "handovers")
_HANDOVER_OF_TASK = statement("cards", "handover_of_task")
_MERGES = statement("cards", "merges")
_STATE = statement("cards", "state")

# A page is read by a person: of what grows without end the newest are shown.
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Card:
    """Who a lead is; `sort` and `key` are of the identity that makes it one."""

    lead_id: int
    sort: int
    key: str
    created_at: int
    domain: str | None
    company: str | None
    traits: Mapping[str, Any]
    groups: Sequence[str]


class HandOverRow(NamedTuple):
    """One hand-over."""

    id: int
    model_id: int
    team: str
    treatment: str
    kind: str
    cause: str
    causes: Sequence[Mapping[str, Any]]
    at: int
    made_at: int
    score: float
    band: str
    why: Sequence[Mapping[str, Any]]
    withdrawn_at: int | None
    withdrawn_because: str | None


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """One episode with its hand-overs."""

    number: int
    opened_at: int
    closed_at: int | None
    closed_by: str | None
    handovers: list[HandOverRow] = field(default_factory=list)


class MergeRow(NamedTuple):
    """One merge by hand: which lead went into which; `key` and `into_key` are what they are known by."""

    id: int
    lead_id: int
    key: str
    into_id: int
    into_key: str
    at: int
    by: str
    undone_at: int | None
    undone_by: str | None


def survivor(connection: Connection[Any], lead_id: int) -> int | None:
    """The lead that holds a lead's facts now; None where there is no such lead."""
    row = connection.execute(_SURVIVOR, {"lead": lead_id}).fetchone()
    return None if row is None else int(row[0])


def load_cards(connection: Connection[Any], lead_ids: Sequence[int]) -> dict[int, Card]:
    """Who these leads are, by number."""
    return {row[0]: Card(*row) for row in connection.execute(_CARDS, [list(lead_ids)]).fetchall()}


def episodes_of(connection: Connection[Any], lead_id: int) -> list[EpisodeRow]:
    """A lead's episodes, the newest first, with their hand-overs."""
    episodes: dict[int, EpisodeRow] = {}
    for number, opened_at, closed_at, closed_by, *rest in connection.execute(_HANDOVERS, [lead_id, MOST]).fetchall():
        episode = episodes.setdefault(number, EpisodeRow(number, opened_at, closed_at, closed_by))
        if rest[0] is not None:
            episode.handovers.append(HandOverRow(*rest))
    return list(episodes.values())


def handover_of_task(connection: Connection[Any], task_id: int) -> HandOverRow | None:
    """The hand-over that asked for a task, else the last one of its episode."""
    row = connection.execute(_HANDOVER_OF_TASK, [task_id]).fetchone()
    return None if row is None else HandOverRow(*row)


def merges_of(connection: Connection[Any], lead_id: int) -> list[MergeRow]:
    """Merges of and into a lead, undone ones too, the newest first."""
    wanted = {"lead": lead_id, "most": MOST}
    return [MergeRow(*row) for row in connection.execute(_MERGES, wanted).fetchall()]


def state_of(connection: Connection[Any], model_id: int, lead_id: int) -> bytes | None:
    """The packed state of a lead under a model, where one is kept."""
    row = connection.execute(_STATE, [model_id, lead_id], binary=True).fetchone()
    return None if row is None else bytes(row[0])
