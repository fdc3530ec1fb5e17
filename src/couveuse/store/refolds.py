"""Leads that are folded again outside of batches: which wait, and what has come of each since it was put off."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from couveuse.core.state import Key
from couveuse.store import arrays
from couveuse.store.statements import statement

# Advisory locks of two numbers: this one, and the lead's.
LOCK = 0x636F76
_PUT_OFF, _WAITING = statement("refolds", "put_off"), statement("refolds", "waiting_among")
_LEADS, _OF_LEAD, _DONE = (statement("refolds", name) for name in ("leads", "of_lead", "done"))
_HOLD, _GIVE_BACK = statement("refolds", "hold"), statement("refolds", "give_back")


@dataclass(frozen=True, slots=True)
class PutOff:
    """One wish to fold a lead again.

    Hand-overs whose facts are gone are withdrawn for the reason `because`, if there is one; the facts at the places
    `live` came live, and may hand the lead over.
    """

    lead_id: int
    because: str | None
    live: Sequence[Key]


def put_off(connection: Connection[Any], wishes: Iterable[PutOff]) -> None:
    """Have leads folded again later; who asks waits for nobody, and nobody for whoever asks."""
    rows = [(each.lead_id, each.because, json.dumps(each.live, ensure_ascii=False)) for each in wishes]
    connection.execute(_PUT_OFF, [list(column) for column in zip(*rows, strict=True)])


def waiting_among(connection: Connection[Any], lead_ids: Collection[int]) -> set[int]:
    """Of these leads those that wait to be folded again."""
    return {lead for (lead,) in connection.execute(_WAITING, [arrays.numbers(lead_ids)]).fetchall()}


def leads_waiting(connection: Connection[Any], most: int) -> list[int]:
    """The leads that wait, the longest waiting first."""
    return [lead for (lead,) in connection.execute(_LEADS, [most]).fetchall()]


def wishes_of(connection: Connection[Any], lead_id: int) -> tuple[list[int], list[PutOff]]:
    """What waits of one lead, with the numbers of the wishes."""
    rows = connection.execute(_OF_LEAD, [lead_id]).fetchall()
    wishes = [PutOff(lead_id, because, [_key(*place) for place in live]) for _, because, live in rows]
    return [number for number, _, _ in rows], wishes


def _key(at: int, kind: int, source: str, message_id: str) -> Key:
    return (at, kind, source, message_id)


def done(connection: Connection[Any], numbers: Sequence[int]) -> None:
    """These wishes are fulfilled."""
    connection.execute(_DONE, [list(numbers)])


def hold(connection: Connection[Any], lead_id: int) -> bool:
    """Whether nobody else folds this lead again; until `give_back`, or the connection's end, nobody else will."""
    row = connection.execute(_HOLD, [LOCK, lead_id]).fetchone()
    return row is not None and bool(row[0])


def give_back(connection: Connection[Any], lead_id: int) -> None:
    """Others may fold this lead again."""
    connection.execute(_GIVE_BACK, [LOCK, lead_id])
