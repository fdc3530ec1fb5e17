"""Looking at one lead: its facts folded again with a ledger, as of any instant, under any published version of a model.

Nothing is written. The fold is the engine's own (`fold_lead`), so that what is shown is what was scored, line by line;
that the lines make the score is checked each time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import fsum
from typing import Any, Final

from psycopg import Connection

from couveuse.core.errors import StateMismatch
from couveuse.core.events import Fact, Verdict
from couveuse.core.fold import begin, behaviour_at, fit_points, is_counted, learn_verdict, run, verdict_on
from couveuse.core.ledger import Ledger, Line
from couveuse.core.plan import LAST_FACT, Plan
from couveuse.core.reading import Reading, at, interests, lines
from couveuse.core.state import Key, State
from couveuse.engine.clocks import now_us
from couveuse.engine.folding import fold_lead, is_admitted, known_of, reading_of, since_always
from couveuse.engine.live import LiveModel
from couveuse.engine.recalling import Recaller, check_kept
from couveuse.errors import CouveuseError
from couveuse.store import cards, leads, registers, states
from couveuse.store.events import Stored
from couveuse.store.facts import FactReader, Span
from couveuse.store.leads import Known, Who
from couveuse.store.payloads import Compressor

# Scores are compared rounded to six decimals.
CLOSE: Final = 1e-6


class BrokenLedger(CouveuseError):
    """A ledger does not add up to its score: this is a fault of Couveuse's; please report it with the model."""

    known_as = "ours"


@dataclass(frozen=True, slots=True)
class Seen:
    """A fact as it was stored, what is thought of the hit, and whether it may count for this lead at all."""

    stored: Stored
    verdict: Verdict
    is_admitted: bool

    @property
    def counts(self) -> bool:
        """Whether the fold takes it in."""
        return self.is_admitted and self.verdict is Verdict.HUMAN


@dataclass(frozen=True)
class Look:
    """One lead as of an instant: its reading, its ledger, whose lines refer to facts, and its facts in canonical order.

    `stored_score` is what the state says that is kept of the lead, at the same instant; None where none was asked.
    """

    lead_id: int
    who: Who
    plan: Plan
    state: State
    reading: Reading
    lines: Sequence[Line]
    stored: Sequence[Stored]
    stored_score: float | None = None

    @cached_property
    def facts(self) -> Sequence[Seen]:
        """The facts that had occurred by the instant, each with what is thought of it."""
        return [_seen(each, self.state, self.who) for each in self.stored if each.fact.at <= self.reading.at]

    @cached_property
    def known(self) -> Known:
        """What was known of who the lead is."""
        return known_of(self.who, [each for each in self.stored if each.fact.at <= self.reading.at])

    @cached_property
    def interests(self) -> Mapping[str, float]:
        """What the lead reads, the heaviest first."""
        weights = interests(self.plan, self.state, self.reading.at)
        return dict(sorted(weights.items(), key=lambda item: (-item[1], item[0])))

    @cached_property
    def sum(self) -> float:
        """What all lines make together."""
        return fsum(line.points for line in self.lines)

    @property
    def agrees(self) -> bool | None:
        """Whether the score that is kept is the score that is folded; None where none was asked."""
        if self.stored_score is None:
            return None
        return is_close(self.stored_score, self.reading.score)

    def curve(self) -> list[tuple[int, float]]:
        """The score over time as (instant, score), before and after each fact that counts, and at the end."""
        return list(_curve(self))


class Looker:
    """Looks at leads on the connections of one thread."""

    def __init__(self) -> None:
        self.payloads = Compressor()
        self.names, self.sources = registers.event_names(), registers.sources()
        self.recaller = Recaller(self.names, self.sources, self.payloads)

    def look(
        self,
        connection: Connection[Any],
        lead_id: int,
        model: LiveModel,
        *,
        at: int | None = None,
        known_at: int | None = None,
        now: int | None = None,
    ) -> Look:
        """A lead as of an instant, now if none is said, by what is known today or was known at another one.

        Verdicts that are known count whatever their time. Raises BrokenLedger where the lines do not make the score,
        NotKept where the archive did not keep what a version of before reads.
        """
        now = now_us() if now is None else now
        whos = leads.load_who(connection, [lead_id])
        stored: Sequence[Stored] = self.recaller.load(connection, [lead_id])[lead_id]
        if not model.is_live:
            check_kept(connection, lead_id, model)
        if known_at is not None:
            stored = [each for each in stored if each.received_at <= known_at]
        found = look_at(lead_id, whos[lead_id], model.plan, stored, at=at, now=now)
        if at is None and known_at is None:
            return replace(found, stored_score=self._stored_score(connection, model, found))
        return found

    def facts(
        self, connection: Connection[Any], lead_id: int, span: Span, after: Key | None, *, most: int, newest_first: bool
    ) -> tuple[list[Seen], bool]:
        """So many facts of a lead from a place in canonical order on, and whether more follow; nothing is folded."""
        who = leads.load_who(connection, [lead_id])[lead_id]
        reader = FactReader(self.names, self.sources, self.payloads)
        told = State([], [], [], [], {}, {})
        for each in reader.verdicts(connection, span):
            if is_admitted(each.fact, each.flags, who):
                learn_verdict(told, each.fact)
        found, goes_on = self.recaller.page(connection, span, after, most=most, newest_first=newest_first)
        return [_seen(each, told, who) for each in found], goes_on

    def reading(self, connection: Connection[Any], lead_id: int, model: LiveModel, now: int) -> Reading | None:
        """A lead's reading now by the state that is kept; None where none is."""
        state = self.state(connection, lead_id, model)
        return None if state is None else reading_of(model.plan, state, now)

    def state(self, connection: Connection[Any], lead_id: int, model: LiveModel) -> State | None:
        """The state that is kept of a lead; None where none is, or one of another model's."""
        packed = cards.state_of(connection, model.id, lead_id)
        try:
            return None if packed is None else states.unpack_state(model.plan, packed, self.payloads)
        except StateMismatch:
            return None

    def _stored_score(self, connection: Connection[Any], model: LiveModel, found: Look) -> float | None:
        state = self.state(connection, found.lead_id, model)
        if state is None or state.ints[LAST_FACT] > found.reading.at:
            return None
        return at(model.plan, state, found.reading.at).score


def look_at(lead_id: int, who: Who, plan: Plan, stored: Sequence[Stored], *, at: int | None, now: int) -> Look:
    """A lead whose facts are at hand, given in canonical order."""
    ledger = Ledger()
    state = fold_lead(plan, who, stored, until=at, ledger=ledger)
    reading = reading_of(plan, state, now if at is None else at)
    written = lines(plan, state, ledger, reading.at)
    found = Look(lead_id, who, plan, state, reading, written, stored)
    if not is_close(found.sum, reading.score):
        raise BrokenLedger
    return found


def _seen(stored: Stored, state: State, who: Who) -> Seen:
    fact = stored.fact
    verdict = verdict_on(state.verdicts, fact.source, fact.message_id)
    return Seen(stored, verdict, is_admitted(fact, stored.flags, who))


def is_close(one: float, other: float) -> bool:
    """Whether two scores are one."""
    return abs(one - other) <= CLOSE * max(1.0, abs(one), abs(other))


def _curve(look: Look) -> Iterator[tuple[int, float]]:
    """Folded step by step: what a fact of traits does to the fit is a step of the curve, too."""
    plan = look.plan
    state = begin(plan, look.who.email, since_always(plan, look.who.given))
    admitted = [each.fact for each in look.stored if is_admitted(each.fact, each.flags, look.who)]
    for fact in admitted:
        learn_verdict(state, fact)
    for fact in admitted:
        if fact.at <= look.reading.at and is_counted(state, fact):
            yield fact.at, _score(plan, state, fact.at)
            run(plan, state, ((fact.at, plan.match_fact(fact), fact),))
            yield fact.at, _score(plan, state, fact.at)
    yield look.reading.at, look.reading.score


def _score(plan: Plan, state: State, instant: int) -> float:
    points = behaviour_at(plan, state, instant) + fit_points(plan, state)
    cap = plan.model.total_cap
    return points if cap is None else min(points, cap)


def fact_of(line: Line) -> Fact | None:
    """The fact of a line; lines of fit and of the total cap have none."""
    return line.reference if isinstance(line.reference, Fact) else None
