"""What a publication would change, as it is kept with its draft: counts, and numbers of leads with both scores."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from psycopg import Connection

from couveuse.core.reading import DECIMALS
from couveuse.engine.folding import reading_of
from couveuse.engine.live import LiveModel, LiveModels
from couveuse.store import rescoring
from couveuse.store.payloads import Compressor
from couveuse.store.states import unpack_state

# So many leads are named of each pair of bands, and of each route.
MOST_NAMED: Final = 50


@dataclass(frozen=True, slots=True)
class Moved:
    """A lead with its score now and under the coming model, both of the diff's instant."""

    lead_id: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Move:
    """From one band into another, by their places in their models; `way` is 1 up, -1 down, 0 the same height."""

    before: int
    after: int
    way: int
    leads: int
    named: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class HandOver:
    """Hand-overs that would be made if so many a day were asked for."""

    team: str
    treatment: str
    cause: str
    leads: int
    named: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a publication would change, as of an instant."""

    at: int
    leads: int
    moves: tuple[Move, ...]
    hand_overs: tuple[HandOver, ...]

    def going(self, way: int) -> int:
        """How many leads go up (1), down (-1) or stay at their height (0)."""
        return sum(move.leads for move in self.moves if move.way == way)


def compare(connection: Connection[Any], acting: int, coming: int, now: int) -> Comparison:
    """Compare the states of two models, once they are made; scores are read as of one instant."""
    models = {model.id: model for model in LiveModels().load(connection)}
    before, after = models[acting], models[coming]
    movers = rescoring.band_movers(connection, acting, coming, MOST_NAMED)
    routed = rescoring.route_movers(connection, acting, coming, MOST_NAMED)
    wanted = sorted({row[-1] for row in movers} | {row[-1] for row in routed})
    scores = _scores(connection, before, after, wanted, now)
    moves = tuple(
        Move(
            each.before, each.after, _way(before, after, each.before, each.after), each.leads,
            _named(scores, [row[2] for row in movers if row[:2] == (each.before, each.after)]),
        )
        for each in rescoring.band_moves(connection, acting, coming, 0)
    )  # fmt: skip
    hand_overs = tuple(
        HandOver(
            each.team, each.treatment, each.cause, each.leads,
            _named(scores, [row[3] for row in routed if row[:3] == (each.team, each.treatment, each.cause)]),
        )
        for each in rescoring.route_moves(connection, acting, coming, 0)
    )  # fmt: skip
    return Comparison(now, rescoring.count(connection, acting), moves, hand_overs)


def _named(scores: Mapping[int, Moved], lead_ids: Sequence[int]) -> tuple[Moved, ...]:
    """These leads, but for those that went while the models were compared."""
    return tuple(scores[lead_id] for lead_id in lead_ids if lead_id in scores)


def _way(before: LiveModel, after: LiveModel, was: int, now: int) -> int:
    """Up or down by the height in its own model: the models may have different bands."""
    heights = [place / max(len(model.plan.model.bands) - 1, 1) for model, place in ((before, was), (after, now))]
    return (heights[1] > heights[0]) - (heights[1] < heights[0])


def _scores(
    connection: Connection[Any], before: LiveModel, after: LiveModel, lead_ids: Sequence[int], now: int
) -> dict[int, Moved]:
    payloads = Compressor()
    found = {}
    for lead_id, packed in rescoring.both_states(connection, before.id, after.id, lead_ids).items():
        scores = [
            round(reading_of(model.plan, unpack_state(model.plan, each, payloads), now).score, DECIMALS)
            for model, each in zip((before, after), packed, strict=True)
        ]
        found[lead_id] = Moved(lead_id, *scores)
    return found


def as_json(comparison: Comparison) -> dict[str, object]:
    """A comparison as it is kept."""
    return asdict(comparison)


def from_json(told: Mapping[str, Any]) -> Comparison:
    """A comparison as it was kept."""

    def named(each: Mapping[str, Any]) -> dict[str, Any]:
        return {**each, "named": tuple(Moved(**one) for one in each["named"])}

    return Comparison(
        told["at"],
        told["leads"],
        tuple(Move(**named(each)) for each in told["moves"]),
        tuple(HandOver(**named(each)) for each in told["hand_overs"]),
    )
