"""Work that a merge had made one is parted when the merge is undone: each lead has its own task again.

Only what is open still is parted, and only what the absorbed lead's own facts ask for. Nobody is told: both tasks were
there before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from couveuse.engine.batches import Folder
from couveuse.engine.handing import gone
from couveuse.engine.live import LiveModel
from couveuse.store import handovers, moves
from couveuse.store.events import TooManyFacts

# Of a lead with more facts it is not asked anew whether they keep a hand-over: they did when it was merged.
MOST_FACTS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Undone:
    """A merge that was undone: its number, the lead that is itself again, and the one that held its facts."""

    merge: int
    lead_id: int
    stayed: int


def part(
    connection: Connection[Any], folder: Folder, models: Mapping[int, LiveModel], undone: Undone, now: int
) -> int:  # fmt: skip
    """Part the tasks that a merge had joined, in the caller's transaction; returns how many pairs."""
    joined = moves.joined_by(connection, undone.merge, undone.lead_id)
    joined = [each for each in joined if _is_kept(connection, folder, models, each, now)]
    if not joined:
        return 0
    episodes = handovers.last_episodes(connection, [undone.lead_id, undone.stayed])
    stayed = episodes.get(undone.stayed)
    if stayed is None or stayed.closed_at is not None:
        return 0
    own = episodes.get(undone.lead_id)
    if own is not None and own.closed_at is None:
        episode_id: int | None = own.id
    else:
        episode_id = moves.open_again(connection, undone.lead_id)
    if episode_id is None:
        return 0
    for each in joined:
        moves.part(
            connection, each, lead_id=undone.lead_id, episode_id=episode_id, stayed=undone.stayed,
            stayed_episode=stayed.id, now=now,
        )  # fmt: skip
    return len(joined)


def _is_kept(
    connection: Connection[Any], folder: Folder, models: Mapping[int, LiveModel], joined: moves.Joined, now: int
) -> bool:
    """Whether the absorbed lead's own facts ask for its task still; what an outcome asked for they do."""
    standing = joined.handover
    if standing is None or standing.model_id not in models:
        return True
    try:
        whos, stored = folder.load(connection, [standing.lead_id], MOST_FACTS)
    except TooManyFacts:
        return True
    return not gone([standing], models, whos, stored, now)
