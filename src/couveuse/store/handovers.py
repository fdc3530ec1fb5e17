"""Episodes and hand-overs: the journal of what has to reach a team, each once."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from couveuse.store.statements import statement

_LAST_EPISODES = statement("handovers", "last_episodes")
_OPEN = statement("handovers", "open_episodes")
_CLOSE = statement("handovers", "close_episodes")
_HAND_OVER = statement("handovers", "hand_over")
_CAUSES = statement("handovers", "causes")
_STANDING = statement("handovers", "standing_of_leads")
_WITHDRAW = statement("handovers", "withdraw")
_NEWEST, _SINCE = statement("handovers", "newest"), statement("handovers", "since")

Key = tuple[int, str, int, str]
"""By what a hand-over is one: lead, team, episode, and kind of cause."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One hand-off from first cause to its end."""

    lead_id: int
    id: int
    number: int
    opened_at: int
    closed_at: int | None


@dataclass(frozen=True, slots=True)
class HandOver:
    """What has to reach a team: which lead, to do what, and why; `why` are lines of the ledger."""

    lead_id: int
    episode_id: int
    model_id: int
    team: str
    treatment: str
    kind: str  # rule or band
    cause: str  # the rule's or the band's id
    at: int
    score: float
    band: str
    why: Sequence[Mapping[str, Any]]  # empty where it joins what was handed over before
    rate: float  # the conversion rate that the model puts to the band
    value: float  # what winning the lead would be worth


@dataclass(frozen=True, slots=True)
class Standing:
    """A hand-over that stands, with all its causes: (cause, instant)."""

    id: int
    lead_id: int
    model_id: int
    team: str
    kind: str
    causes: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A hand-over as the journal tells it; `key` is the lead's own."""

    id: int
    lead_id: int
    team: str
    treatment: str
    cause: str
    made_at: int
    score: float
    key: str


def last_episodes(connection: Connection[Any], lead_ids: Collection[int]) -> dict[int, Episode]:
    """The last episode of each of these leads that has one."""
    rows = connection.execute(_LAST_EPISODES, [list(lead_ids)]).fetchall()
    return {row[0]: Episode(*row) for row in rows}


def open_episodes(connection: Connection[Any], opening: Mapping[int, tuple[int, int]]) -> dict[int, int]:
    """An episode for each lead, of that number and from that instant on; returns their ids by lead."""
    wanted = {
        "leads": list(opening),
        "numbers": [number for number, _ in opening.values()],
        "ats": [at for _, at in opening.values()],
    }
    return dict(connection.execute(_OPEN, wanted).fetchall())


def close_episodes(connection: Connection[Any], closing: Mapping[int, tuple[int, str]]) -> None:
    """Episodes end at an instant, with an event."""
    connection.execute(
        _CLOSE,
        {
            "ids": list(closing),
            "ats": [at for at, _ in closing.values()],
            "bys": [by for _, by in closing.values()],
        },
    )


def causes_of(connection: Connection[Any], keys: Collection[Key]) -> dict[Key, frozenset[str]]:
    """The hand-overs that are made already among these, and perhaps others of the same leads, each with its causes."""
    wanted = {"leads": list({lead_id for lead_id, *_ in keys}), "episodes": list({key[2] for key in keys})}
    rows = connection.execute(_CAUSES, wanted).fetchall()
    return {(lead_id, team, episode_id, kind): frozenset(causes) for lead_id, team, episode_id, kind, causes in rows}


def hand_over(connection: Connection[Any], made: Sequence[HandOver], now: int) -> int:
    """Write hand-overs; what stands already is joined by its new cause. Returns how many are new."""
    wanted = {
        "now": now,
        "leads": [each.lead_id for each in made],
        "episodes": [each.episode_id for each in made],
        "models": [each.model_id for each in made],
        "teams": [each.team for each in made],
        "treatments": [each.treatment for each in made],
        "kinds": [each.kind for each in made],
        "causes": [each.cause for each in made],
        "ats": [each.at for each in made],
        "scores": [each.score for each in made],
        "bands": [each.band for each in made],
        "whys": [json.dumps(each.why, ensure_ascii=False) for each in made],
        "rates": [each.rate for each in made],
        "values": [each.value for each in made],
    }
    return sum(is_new for _, _, is_new in connection.execute(_HAND_OVER, wanted).fetchall())


def standing_of_leads(connection: Connection[Any], lead_ids: Collection[int]) -> list[Standing]:
    """Hand-overs of these leads that stand in open episodes, the oldest first."""
    rows = connection.execute(_STANDING, [list(lead_ids)]).fetchall()
    return [
        Standing(number, lead_id, model_id, team, kind, tuple((each["cause"], each["at"]) for each in causes))
        for number, lead_id, model_id, team, kind, causes in rows
    ]


def withdraw(connection: Connection[Any], ids: Collection[int], *, because: str, now: int) -> None:
    """Hand-overs whose facts are gone."""
    connection.execute(_WITHDRAW, {"ids": list(ids), "because": because, "now": now})


def newest(connection: Connection[Any]) -> int:
    """The number of the newest hand-over; 0 where there is none."""
    row = connection.execute(_NEWEST).fetchone()
    assert row is not None  # an aggregate always answers
    return int(row[0])


def made_since(connection: Connection[Any], number: int) -> list[Made]:
    """The hand-overs made after one, by number, in the order in which they were made."""
    return [Made(*row) for row in connection.execute(_SINCE, [number]).fetchall()]
