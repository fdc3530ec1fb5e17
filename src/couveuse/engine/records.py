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
from couveuse.engine.looking import Look, Looker, look_at
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
    """A lead with what stands around it; `look` None: it has too many facts to be folded within a page."""

    around: Around
    model: LiveModel
    reading: Reading
    traits: Mapping[str, Any]
    groups: Sequence[str]
    interests: Mapping[str, float]
    state: State
    look: Look | None

    @property
    def lead_id(self) -> int:
        """The lead that holds the facts."""
        return self.around.lead_id


def read_record(
    connection: Connection[Any], looker: Looker, lead_id: int, model: LiveModel, *, now: int, as_of: int | None = None,
    known_at: int | None = None, is_wanted: bool = False,
) -> Record | None:  # fmt: skip
    """A lead now, or as of an instant, by what was known at another; None where there is no such lead.

    `is_wanted`: its ledger is, whatever it costs; as of another instant it always is. Raises TooLong.
    """
    found = around(connection, lead_id, model.id, now)
    if found is None:
        return None
    is_other = as_of is not None or known_at is not None
    stored = _stored(connection, looker, found, MOST_ON_DEMAND if is_wanted or is_other else MOST_IN_PAGE)
    state = None if is_other else _state(looker, model, found)
    if stored is None and (is_wanted or is_other):
        raise TooLong
    if stored is None and state is None:  # it waits to be folded for the first time
        stored = _stored(connection, looker, found, MOST_ON_DEMAND)
        if stored is None:
            raise TooLong
    if stored is None:
        assert state is not None
        reading = reading_of(model.plan, state, now)
        weights = _heaviest(interests(model.plan, state, reading.at))
        return Record(found, model, reading, found.card.traits, found.card.groups, weights, state, None)
    if known_at is not None:
        stored = [each for each in stored if each.received_at <= known_at]
    if not model.is_live:
        check_kept(connection, found.lead_id, model)
    look = look_at(found.lead_id, found.who, model.plan, stored, at=as_of, now=now)
    if state is not None and state.ints[LAST_FACT] <= look.reading.at:
        look = replace(look, stored_score=at(model.plan, state, look.reading.at).score)
    known = look.known
    return Record(found, model, look.reading, known.traits, known.groups, look.interests, look.state, look)


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
