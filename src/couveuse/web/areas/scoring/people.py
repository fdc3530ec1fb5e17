"""Leads as rows of the scoring pages: who they are, and where their score stands now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from couveuse.core.errors import StateMismatch
from couveuse.core.model import Temperature
from couveuse.core.reading import Reading
from couveuse.engine.folding import reading_of
from couveuse.engine.live import LiveModel
from couveuse.report.names import Names
from couveuse.report.persons import Person
from couveuse.store import states
from couveuse.store.cards import Card
from couveuse.web.reading import looker


@dataclass(frozen=True, slots=True)
class Shown:
    """A lead in a list."""

    lead_id: int
    name: str
    beneath: str
    score: float
    temperature: Temperature
    level: float
    last_at: int | None


def named(names: Names, card: Card, who: Person) -> tuple[str, str]:
    """How a lead is called, and what stands beneath: its company and job, else its key."""
    name = names.short(who.name or card.key)
    parts = [names.short(text, 40) for text in (who.company or card.company or "", who.job_title) if text.strip()]
    return name, " · ".join(parts) or (names.short(card.key) if who.name else "")


def shown(names: Names, card: Card, who: Person, reading: Reading) -> Shown:
    """A lead as it is read now."""
    name, beneath = named(names, card, who)
    return Shown(
        card.lead_id, name, beneath, reading.score, reading.temperature, names.level(reading.score),
        reading.last_event_at,
    )  # fmt: skip


def scores_of(connection: Connection[Any], model: LiveModel, lead_ids: Sequence[int], now: int) -> dict[int, Reading]:
    """What the model says of leads now, by the states that are kept."""
    payloads, found = looker(connection).payloads, {}
    for lead_id, packed in states.packed_states(connection, model.id, lead_ids).items():
        try:
            found[lead_id] = reading_of(model.plan, states.unpack_state(model.plan, packed, payloads), now)
        except StateMismatch:
            continue  # it was written by another version of ours, and is folded again
    return found
