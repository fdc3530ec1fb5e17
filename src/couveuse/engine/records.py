"""One lead as its page shows it: read from the state that is kept, and folded where that costs little or was asked for.

A lead of few facts is folded whole, so that its ledger, its curve and the points of each fact stand on the page. Of one
that has more only the state is read: the ledger is folded on demand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from psycopg import Connection

from couveuse.core.errors import StateMismatch
from couveuse.core.plan import LAST_FACT
from couveuse.core.reading import Reading, at, interests
from couveuse.core.state import State
from couveuse.engine.folding import reading_of
from couveuse.engine.live import LiveModel
from couveuse.engine.long_ledgers import Asked, LongLedger, long_ledger
from couveuse.engine.looking import Look, Looker, is_close, look_at
from couveuse.engine.recalling import check_kept
from couveuse.errors import BadInput
from couveuse.store import events, states
from couveuse.store.events import Stored, TooManyFacts
from couveuse.store.records import Around, around

# A lead of so many facts is folded within its page; of more only when somebody asks for it.
MOST_IN_PAGE: Final = 1_500
# And of so many at most: who wants the ledger of a lead with more asks the command line.
MOST_ON_DEMAND: Final = 300_000


class TooLong(BadInput):
    """A lead has more facts than a page folds: read its ledger with couveuse explain, on its exported facts."""


@dataclass(frozen=True, slots=True)
class Record:
    """A lead with what stands around it; `look` None: it has too many facts to be folded within a page.

    Then `long` is its ledger, where that was asked for.
    """

    around: Around
    model: LiveModel
    reading: Reading
    traits: Mapping[str, Any]
    groups: Sequence[str]
    interests: Mapping[str, float]
    state: State
    look: Look | None
    long: LongLedger | None = None
    known_at: int | None = None
    stored_score: float | None = None

    @property
    def is_unfolded(self) -> bool:
        """Whether all that is said is of the state that is kept."""
        return self.look is None and self.long is None

    @property
    def agrees(self) -> bool | None:
        """Whether the score that is kept is the score that was folded; None where that was not asked."""
        if self.look is not None:
            return self.look.agrees
        if self.long is None or self.stored_score is None:
            return None
        return is_close(self.stored_score, self.long.reading.score)

    @property
    def lead_id(self) -> int:
        """The lead that holds the facts."""
        return self.around.lead_id


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of a lead: now or as of an instant, by what was known at another.

    `is_folded`: its ledger, whatever it costs. Of a long one `most` entries before `until` are told, and the curve
    where that is wanted.
    """

    as_of: int | None = None
    known_at: int | None = None
    is_folded: bool = False
    until: int | None = None
    most: int = 24
    with_curve: bool = True

    @property
    def is_other(self) -> bool:
        """Whether it is of another instant than now."""
        return self.as_of is not None or self.known_at is not None


NOW: Final = Wanted()


def read_record(
    connection: Connection[Any], looker: Looker, lead_id: int, model: LiveModel, *, now: int, wanted: Wanted = NOW
) -> Record | None:
    """A lead now, or as of an instant, by what was known at another; None where there is no such lead.

    One of very many facts is as it is now, whatever was wanted, until its ledger is (`Record.is_unfolded`). Raises
    TooLong.
    """
    found = around(connection, lead_id, model.id, now)
    if found is None:
        return None
    state = _state(looker, model, found)
    stored = _stored(connection, looker, found, MOST_IN_PAGE)
    if stored is None:
        if state is not None and not wanted.is_folded:
            reading = reading_of(model.plan, state, now)
            weights = _heaviest(interests(model.plan, state, reading.at))
            return Record(
                found, model, reading, found.card.traits, found.card.groups, weights, state, None,
                known_at=wanted.known_at,
            )  # fmt: skip
        return _long(connection, looker, found, model, state, now=now, wanted=wanted)  # or it was never folded
    if wanted.known_at is not None:
        stored = [each for each in stored if each.received_at <= wanted.known_at]
    if not model.is_live:
        check_kept(connection, found.lead_id, model)
    look = look_at(found.lead_id, found.who, model.plan, stored, at=wanted.as_of, now=now)
    look = replace(look, stored_score=None if wanted.is_other else _score(model, state, look.reading.at))
    known = look.known
    return Record(found, model, look.reading, known.traits, known.groups, look.interests, look.state, look)


def _long(
    connection: Connection[Any], looker: Looker, found: Around, model: LiveModel, state: State | None, *, now: int,
    wanted: Wanted,
) -> Record:  # fmt: skip
    """A lead of very many facts, with its ledger."""
    if not model.is_live:
        check_kept(connection, found.lead_id, model)
    asked = Asked(now, wanted.as_of, wanted.known_at, wanted.until, wanted.most, wanted.with_curve)
    try:
        long = long_ledger(
            connection, looker, model.plan, found.who, found.identities, asked, most_facts=MOST_ON_DEMAND
        )
    except TooManyFacts:
        raise TooLong from None
    weights = _heaviest(interests(model.plan, long.state, long.reading.at))
    return Record(
        found, model, long.reading, long.known.traits, long.known.groups, weights, long.state, None, long,
        wanted.known_at, None if wanted.is_other else _score(model, state, long.reading.at),
    )  # fmt: skip


def _score(model: LiveModel, state: State | None, instant: int) -> float | None:
    """What the state that is kept says at an instant; None where it knows later facts, or none is."""
    if state is None or state.ints[LAST_FACT] > instant:
        return None
    return at(model.plan, state, instant).score


def _stored(connection: Connection[Any], looker: Looker, found: Around, most: int) -> Sequence[Stored] | None:
    """The facts of a lead in canonical order; None where there are more than `most`."""
    try:
        if found.has_archived:
            return looker.recaller.load(connection, [found.lead_id], most)[found.lead_id]
        loaded = events.load_facts(
            connection, [found.lead_id], names=looker.names, sources=looker.sources, payloads=looker.payloads, most=most
        )  # fmt: skip
        return loaded[found.lead_id]
    except TooManyFacts:
        return None


def _state(looker: Looker, model: LiveModel, found: Around) -> State | None:
    try:
        return None if found.state is None else states.unpack_state(model.plan, found.state, looker.payloads)
    except StateMismatch:
        return None


def _heaviest(weights: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(weights.items(), key=lambda item: (-item[1], item[0])))
