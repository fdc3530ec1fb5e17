"""The ledger of a lead of very many facts: all are folded, and only the lines that are shown are told.

To make a hundred thousand facts of stored rows, and lines, words and rows of these, takes ten times as long as to fold
them. Here rows are skimmed (`couveuse.engine.skimming`), the fold writes its entries down, and of all lines but those
asked for only the sum is kept. The numbers are those of `couveuse.engine.looking`, to the last digit; a test holds the
two together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from math import fsum
from typing import Any, Final

from psycopg import Connection

from couveuse.core.events import CHANGES, Fact
from couveuse.core.fold import Step, behaviour_at, fit_points, run
from couveuse.core.ledger import Ledger, Line
from couveuse.core.plan import Plan
from couveuse.core.reading import Reading, amounts, lines
from couveuse.core.state import State
from couveuse.engine.folding import known_of, reading_of
from couveuse.engine.looking import BrokenLedger, Looker, is_close
from couveuse.engine.recalling import Row
from couveuse.engine.skimming import AT, Skimmer
from couveuse.store.events import Stored
from couveuse.store.facts import Span
from couveuse.store.leads import Known, Who

# A curve is kept with four points at each of so many places of its time, as it is drawn.
PLACES: Final = 250

Point = tuple[int, float]
"""An instant, and the score at it."""


@dataclass(frozen=True, slots=True)
class Unshown:
    """Entries of a ledger whose lines are not told: how many, what they gave, and what is left of it."""

    entries: int
    given: float
    left: float


@dataclass(frozen=True, slots=True)
class LongLedger:
    """A lead's ledger as of an instant: some of its entries line by line, and what those before and after them make.

    `lines` end with those of who the lead is. `facts` are counted as far as they may count for the lead at all; the
    curve holds (instant, score), and `spots` where facts stand on it, with whether they count.
    """

    reading: Reading
    state: State
    known: Known
    lines: Sequence[Line]
    before: Unshown
    after: Unshown
    entries: int
    sum: float
    facts: int
    curve: Sequence[Point]
    spots: Sequence[tuple[int, bool]]


@dataclass(frozen=True, slots=True)
class Asked:
    """As of which instant (None: `now`), by what was known when, and which entries: `most` of them before `until`."""

    now: int
    at: int | None = None
    known_at: int | None = None
    until: int | None = None
    most: int = 24
    with_curve: bool = True


def long_ledger(
    connection: Connection[Any], looker: Looker, plan: Plan, who: Who, identities: Sequence[int], asked: Asked, *,
    most_facts: int,
) -> LongLedger:  # fmt: skip
    """The ledger of a lead of very many facts.

    Raises TooManyFacts where there are more than `most_facts`, BrokenLedger where its lines do not make the score.
    """
    span = Span(identities) if asked.known_at is None else Span(identities, known=asked.known_at)
    rows = looker.recaller.rows(connection, span, who.lead_id, most=most_facts)
    skimmer = Skimmer(plan, looker.names, looker.sources, looker.payloads)
    skimmer.learn(connection, rows)
    return folded(plan, skimmer, who, rows, asked)


def folded(plan: Plan, skimmer: Skimmer, who: Who, rows: Sequence[Row], asked: Asked) -> LongLedger:
    """The ledger of a lead whose rows are at hand, given in the order of their instants."""
    judged: list[Row] = []
    state, steps = skimmer.begin(who, rows, asked.at, judged)
    ledger, curve = Ledger(), list[Point]()
    if asked.with_curve:
        curve = _walked(plan, state, steps, ledger)
    else:
        run(plan, state, steps, ledger)
    reading = reading_of(plan, state, asked.now if asked.at is None else asked.at)
    count = len(ledger.entries)
    end = count if asked.until is None else max(0, min(asked.until, count))
    start = max(end - asked.most, 0)
    shown = lines(plan, state, ledger, reading.at, start)
    first, middle, last = (
        amounts(plan, ledger, reading.at, *part) for part in ((0, start), (start, end), (end, count))
    )  # fmt: skip
    still = shown[len(middle) + len(last) :]
    exact = fsum(chain(first, middle, last, (line.points for line in still)))
    if not is_close(exact, reading.score):
        raise BrokenLedger
    told = [*shown[: len(middle)], *still]
    curve.append((reading.at, reading.score))
    return LongLedger(
        reading=reading, state=state, known=_known(skimmer, who, steps, judged), lines=_with_facts(skimmer, told),
        before=Unshown(start, fsum(_given(ledger, 0, start)), fsum(first)),
        after=Unshown(count - end, fsum(_given(ledger, end, count)), fsum(last)),
        entries=count, sum=exact, facts=len(steps) + len(judged), curve=_thinned(curve),
        spots=_spots(steps, judged, reading.at) if asked.with_curve else (),
    )  # fmt: skip


def _given(ledger: Ledger, start: int, end: int) -> Iterator[float]:
    return (entry[4] for entry in ledger.entries[start:end])


def _with_facts(skimmer: Skimmer, told: Sequence[Line]) -> list[Line]:
    """Lines with whole facts for what was skimmed."""
    rows = {id(line.reference): line.reference for line in told if isinstance(line.reference, tuple)}
    facts = {number: skimmer.fact(row) for number, row in rows.items()}
    return [
        Line(line.at, facts.get(id(line.reference), line.reference), line.rule, line.kind, line.points)
        for line in told
    ]  # fmt: skip


def _walked(plan: Plan, state: State, steps: Sequence[Step], ledger: Ledger) -> list[Point]:
    """Take the state through its steps; the score before and after each of them."""
    cap = plan.model.total_cap
    held, fit = state.held, fit_points(plan, state)
    curve: list[Point] = []
    for step in steps:
        at = step[0]
        before = behaviour_at(plan, state, at) + fit
        run(plan, state, (step,), ledger)
        if state.held is not held:  # else nothing is known of the lead that was not before
            held, fit = state.held, fit_points(plan, state)
        after = behaviour_at(plan, state, at) + fit
        if cap is not None:
            before, after = min(before, cap), min(after, cap)
        curve += ((at, before), (at, after))
    return curve


def _thinned(curve: Sequence[Point]) -> list[Point]:
    """A curve with at most four points (first, lowest, highest, last) at each of so many places."""
    if len(curve) <= 4 * PLACES:
        return list(curve)
    start, span = curve[0][0], max(curve[-1][0] - curve[0][0], 1)
    thin: list[Point] = []
    for _, points in groupby(curve, key=lambda point: (point[0] - start) * PLACES // span):
        group = list(points)
        scores = [score for _, score in group]
        kept = {0, len(group) - 1, scores.index(min(scores)), scores.index(max(scores))}
        thin += [group[index] for index in sorted(kept)]
    return thin


def _spots(steps: Sequence[Step], judged: Sequence[Row], end: int) -> list[tuple[int, bool]]:
    """Where facts stand on a curve: the first, and the last one at each hundredth of its time of either kind."""
    if not steps and not judged:
        return []
    starts = [each[0][0] for each in (steps,) if each] + [row[AT] for row in judged[:1]]
    start = min(starts)
    span = max(end - start, 1)
    kept = {(round((at - start) / span, 2), True): at for at, _, _ in steps}
    kept |= {(round((row[AT] - start) / span, 2), False): row[AT] for row in judged}
    is_first_counted = bool(steps) and steps[0][0] == start
    return [(start, is_first_counted), *((at, counts) for (_, counts), at in kept.items())]


def _known(skimmer: Skimmer, who: Who, steps: Sequence[Step], judged: Sequence[Row]) -> Known:
    """What is known of who the lead is, by the facts that say so, whatever was judged of them."""
    said = [reference for _, _, reference in steps if isinstance(reference, Fact)]
    said += [fact for fact in map(skimmer.fact, judged) if CHANGES.get(fact.event)]
    return known_of(who, [Stored(fact, 0, 0, 0, None, None) for fact in sorted(said, key=lambda fact: fact.key)])
