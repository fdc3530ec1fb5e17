"""By what leads are found: the words of each, its groups, source and owner, written a moment after it changed.

Which words those are is decided elsewhere (`couveuse.engine.findable`); how leads are found by them, in `listing`.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from psycopg import Connection

from couveuse.store.statements import statement

_DUE, _BEGIN_AGAIN, _TOLD = (statement("findable", name) for name in ("due", "begin_again", "told"))
_WRITE, _FORGET, _DONE = (statement("findable", name) for name in ("write", "forget", "done"))
_ASK, _LEARN_GROUPS = statement("findable", "ask"), statement("findable", "learn_groups")
_WAITING = statement("findable", "waiting")
# So many of the keys of a lead are looked at: whoever has more is found by the first.
MOST_KEYS: Final = 20
# So many groups and sources may be chosen from a list.
MOST_CHOICES: Final = 200


class Told(NamedTuple):
    """What a lead is found by, as the store has it."""

    lead_id: int
    traits: Mapping[str, Any]
    groups: Sequence[str]
    company: str | None
    domain: str | None
    keys: Sequence[str]


@dataclass(frozen=True, slots=True)
class Findable:
    """The row of a lead."""

    lead_id: int
    words: Collection[str]
    groups: Sequence[str]
    source: str | None
    owner: str | None


def due_leads(connection: Connection[Any], *, after: int, most: int) -> list[int]:
    """Leads from a number on whose row is to be written anew, held until the transaction ends."""
    return [lead for (lead,) in connection.execute(_DUE, {"after": after, "most": most}).fetchall()]


def begin_again(connection: Connection[Any], owner_trait: str) -> bool:
    """Whether all leads are to be made findable anew, since another trait names their owners."""
    row = connection.execute(_BEGIN_AGAIN, {"owner_trait": owner_trait}).fetchone()
    assert row is not None  # an aggregate always answers
    return bool(row[0])


def told_of(connection: Connection[Any], lead_ids: Sequence[int]) -> list[Told]:
    """What some leads are found by; whoever is being erased is left out."""
    rows = connection.execute(_TOLD, {"leads": list(lead_ids), "most": MOST_KEYS}).fetchall()
    return [Told(*row) for row in rows]


def write_findable(connection: Connection[Any], rows: Sequence[Findable]) -> None:
    """By what some leads are found from now on."""
    connection.execute(
        _WRITE,
        {
            "leads": [row.lead_id for row in rows],
            "words": [json.dumps(sorted(row.words), ensure_ascii=False) for row in rows],
            "groups": [json.dumps(list(row.groups), ensure_ascii=False) for row in rows],
            "sources": [row.source for row in rows],
            "owners": [row.owner for row in rows],
        },
    )
    names = sorted({group for row in rows for group in row.groups})
    if names:
        connection.execute(_LEARN_GROUPS, {"names": names})


def forget(connection: Connection[Any], lead_ids: Sequence[int]) -> None:
    """Leads to which no key points are not found."""
    connection.execute(_FORGET, {"leads": list(lead_ids)})


def done(connection: Connection[Any], asked: Sequence[int], written: Sequence[int]) -> None:
    """Leads that were written are due no longer, nor is who is no more among those that were asked."""
    connection.execute(_DONE, {"asked": list(asked), "done": list(written)})


def ask(connection: Connection[Any], lead_ids: Collection[int]) -> None:
    """Some leads are to be made findable anew: what they are found by has changed."""
    if lead_ids:
        connection.execute(_ASK, {"leads": list(lead_ids)})


def waiting(connection: Connection[Any], most: int) -> int:
    """How many leads are still to be made findable; `most` of them are counted."""
    row = connection.execute(_WAITING, {"most": most}).fetchone()
    assert row is not None  # an aggregate always answers
    return int(row[0])
