"""Facts that people of ours say of a lead: they wait for the engine as those of the front door do, and are trusted.

They are appended in the caller's transaction, so that what a person did and the facts that it is are one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from couveuse.core.events import Fact
from couveuse.core.outcomes import Said
from couveuse.store import cards, intake, states
from couveuse.store.identities import EMAIL
from couveuse.store.packets import Accepted, Flag, digest_of, lane_of
from couveuse.store.payloads import Compressor
from couveuse.store.published import live_models

SOURCE: Final = "couveuse"


@dataclass(frozen=True, slots=True)
class Whose:
    """The lead that holds the facts now, and its own key."""

    lead_id: int
    email: str | None
    user_id: str | None


def whose(connection: Connection[Any], lead_id: int) -> Whose | None:
    """The lead into which a lead went, or itself, with its own key; None where it is no more."""
    survivor = cards.survivor(connection, lead_id)
    card = None if survivor is None else cards.load_cards(connection, [survivor]).get(survivor)
    if card is None:
        return None
    return Whose(card.lead_id, *((card.key, None) if card.sort == EMAIL else (None, card.key)))


def lock_lead(connection: Connection[Any], lead_id: int) -> None:
    """Nobody else folds the lead, or opens or ends its episodes, until the transaction ends.

    Whoever wants a team's or a task's lock beside it takes this one first.
    """
    states.lock_states(connection, [model.id for model in live_models(connection)], [lead_id])


def record(connection: Connection[Any], lead: Whose, said: Sequence[Said], *, prefix: str, now: int) -> None:
    """Append what was said of a lead; `prefix` names the occasion, so that each fact of it is known once for ever."""
    payloads = Compressor()
    accepted = [_accepted(lead, each, f"{prefix}-{each.name}", payloads, now) for each in said]
    if accepted:
        intake.append_facts(connection, {lane_of(lead.email, lead.user_id, None): accepted})


def record_all(connection: Connection[Any], said: Sequence[tuple[Whose, Said, str]], *, now: int) -> None:
    """Append one fact of each of many leads; the text beside it names the occasion, as `prefix` does."""
    payloads = Compressor()
    lanes: dict[int, list[Accepted]] = {}
    for lead, each, occasion in said:
        fact = _accepted(lead, each, f"{occasion}-{each.name}", payloads, now)
        lanes.setdefault(lane_of(lead.email, lead.user_id, None), []).append(fact)
    if lanes:
        intake.append_facts(connection, lanes)


def _accepted(lead: Whose, said: Said, message_id: str, payloads: Compressor, now: int) -> Accepted:
    fact = Fact(said.at, said.event, message_id, SOURCE, said.properties, {}, said.traits)
    digest = digest_of(SOURCE, message_id)
    return Accepted(
        said.at, now, said.event, SOURCE, digest, lead.email, lead.user_id, None, Flag.NONE, payloads.pack_fact(fact)
    )  # fmt: skip
