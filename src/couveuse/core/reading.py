"""The reading: what a state says at an instant; what changed between two readings; when time alone changes a band."""

import math
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from couveuse.core.conditions import Lookup, is_number
from couveuse.core.errors import BeforeLastFact
from couveuse.core.fold import behaviour_at, fit_points
from couveuse.core.frozen import Frozen
from couveuse.core.ledger import Ledger, Line, LineKind
from couveuse.core.model import Band, LeadClass, Route, Stage, Temperature
from couveuse.core.plan import FIRST_DAY, LAST_EVENT, LAST_FACT, SAID_CLASS, SEVERAL, STAGE_AT, Plan
from couveuse.core.state import State
from couveuse.core.text import plain
from couveuse.core.times import EVER, NEVER

# A topic is among a lead's interests while its weight is at least half of what one reading weighs when it is new.
INTEREST = 0.5
DECIMALS = 6  # to which a score is rounded before it is compared with the edges of bands
# A guess of when a band is left is made in so many steps at most, and looked at so many microseconds around.
NEWTON_STEPS: Final = 30
NEAR: Final = 8
CLASSES: Final = {each.value: each for each in LeadClass}
MOST_ADVANCED_FIRST: Final = tuple(reversed(Stage))


class Maturity(StrEnum):
    """How much has been heard of a lead: nothing, one interest, several, or a project that is ripe."""

    NONE = "none"
    SIGNAL = "signal"
    LEAD = "lead"
    MATURE = "mature"


@dataclass(frozen=True, slots=True)
class RouteDue(Frozen):
    """A route that stands: which team, to do what, and the rule or band that opened it."""

    team: str
    treatment: str
    cause: str


@dataclass(frozen=True, slots=True)
class Reading(Frozen):
    """What is known of a lead at an instant; `score` is behaviour plus fit plus what the total cap takes (`total`)."""

    at: int
    score: float
    behaviour: float
    fit: float
    total: float
    band: Band
    stage: Stage | None
    temperature: Temperature
    lead_class: LeadClass | None
    persona: str | None
    maturity: Maturity
    routes: tuple[RouteDue, ...]
    last_event_at: int | None

    @property
    def rate(self) -> float:
        """The conversion rate that the model puts to the band."""
        return self.band.rate


def at(plan: Plan, state: State, instant: int) -> Reading:
    """What the state says at an instant (microseconds) at or after its last fact.

    Raises BeforeLastFact where the state knows later facts: fold until that instant instead.
    """
    ints = state.ints
    if instant < ints[LAST_FACT]:
        raise BeforeLastFact
    model = plan.model
    behaviour, fit = behaviour_at(plan, state, instant), fit_points(plan, state)
    score = _capped(plan, behaviour + fit)
    band = band_of(plan, score)
    lead_class = _lead_class(plan, state)
    hot = band.temperature is Temperature.HOT or _is_hot(plan, state, instant)
    temperature = Temperature.HOT if hot else band.temperature
    if lead_class is not None:
        temperature = Temperature.IRRELEVANT
    last = ints[LAST_EVENT]
    return Reading(
        at=instant,
        score=score,
        behaviour=behaviour,
        fit=fit,
        total=score - (behaviour + fit),
        band=band,
        stage=_stage(plan, state, instant),
        temperature=temperature,
        lead_class=lead_class,
        persona=_persona(plan, state, instant) if model.personas else None,
        maturity=_maturity(state, temperature),
        routes=() if lead_class is not None else _routes(plan, state, instant, band),
        last_event_at=None if last == NEVER else last,
    )


def band_of(plan: Plan, score: float) -> Band:
    """The first band whose upper edge, inclusive, is not under the score rounded to 6 decimals."""
    rounded = round(score, DECIMALS)
    for band in plan.model.bands:
        if band.up_to is None or rounded <= band.up_to:
            return band
    return plan.model.bands[-1]


def _capped(plan: Plan, points: float) -> float:
    cap = plan.model.total_cap
    return points if cap is None or points <= cap else cap


def _score(plan: Plan, state: State, instant: int) -> float:
    return _capped(plan, behaviour_at(plan, state, instant) + fit_points(plan, state))


def _lead_class(plan: Plan, state: State) -> LeadClass | None:
    """The class that people have set, else that of the model's first line that holds."""
    said = state.held.get(SAID_CLASS)
    if isinstance(said, str) and (set_by_hand := CLASSES.get(plain(said))) is not None:
        return set_by_hand
    for lead_class, holds in plan.irrelevant:
        if holds(state.held.get):
            return lead_class
    return None


def _is_hot(plan: Plan, state: State, instant: int) -> bool:
    for hot, cell, _ in plan.hots:
        within = EVER if hot.within is None else hot.within
        if state.ints[cell] >= instant - within:
            return True
    return False


def _stage(plan: Plan, state: State, instant: int) -> Stage | None:
    window = plan.model.stage_window
    since = instant - (EVER if window is None else window)
    for stage in MOST_ADVANCED_FIRST:
        if state.ints[STAGE_AT + stage] >= since:
            return stage
    return None


def _maturity(state: State, temperature: Temperature) -> Maturity:
    if temperature is Temperature.HOT:
        return Maturity.MATURE
    if state.ints[FIRST_DAY] == NEVER:
        return Maturity.NONE
    return Maturity.LEAD if state.ints[SEVERAL] else Maturity.SIGNAL


def _routes(plan: Plan, state: State, instant: int, band: Band) -> tuple[RouteDue, ...]:
    """A rule's route needs a fact that is fresh; a band's stands if the band did right after the last fact, too."""
    due = [
        _due(rule.route, rule.id)
        for rule, cell in plan.route_cells
        if rule.route and state.ints[cell] != NEVER and instant - state.ints[cell] < plan.model.fresh
    ]
    if band.route:
        last = state.ints[LAST_FACT]
        if last == NEVER or band_of(plan, _score(plan, state, last)) is band:
            due.append(_due(band.route, band.id))
    return tuple(due)


def _due(route: Route, cause: str) -> RouteDue:
    return RouteDue(route.team, route.treatment, cause)


# ---- Interests and personas --------------------------------------------------------------------------------


def interests(plan: Plan, state: State, instant: int) -> dict[str, float]:
    """What the lead reads: each topic with its weight, one for each reading, decayed like points."""
    half_life, offset = plan.half_lives[0], len(plan.half_lives)
    weights = {}
    for index, topic in enumerate(plan.topics):
        weight = state.sums[offset + index]
        if weight and half_life:
            weight *= 0.5 ** (max(instant - state.ints[plan.topic_cells[index]], 0) / half_life)
        if weight:
            weights[topic] = weight
    return weights


def _persona(plan: Plan, state: State, instant: int) -> str | None:
    lookup = _with_interests(plan, state, instant)
    for persona, holds in plan.personas:
        if holds(lookup):
            return persona
    return None


def _with_interests(plan: Plan, state: State, instant: int) -> Lookup:
    if not plan.topics:
        return state.held.get
    weights = interests(plan, state, instant)

    def lookup(name: str) -> object:
        head, _, topic = name.partition(".")
        if head != "interests":
            return state.held.get(name)
        return weights.get(topic) if topic else frozenset(t for t, weight in weights.items() if weight >= INTEREST)

    return lookup


def value(plan: Plan, state: State) -> float:
    """What winning the lead would be worth, by its trait or else by the model."""
    worth = plan.model.value
    known = state.held.get(f"traits.{worth.trait}") if worth.trait else None
    return float(known) if is_number(known) else worth.default


# ---- The ledger at an instant ------------------------------------------------------------------------------


def lines(plan: Plan, state: State, ledger: Ledger, instant: int, since: int = 0) -> list[Line]:
    """The ledger of a fold at an instant, line by line; its sum is the score. Entries before `since` are left out."""
    written: list[Line] = []
    for at_, reference, rule, half, points, taken, era in ledger.entries[since:] if since else ledger.entries:
        written.append(Line(at_, reference, rule, LineKind.POINTS, points))
        if taken:
            written.append(Line(at_, reference, rule, LineKind.CAP, -taken))
        net = points - taken
        if era < ledger.era:
            if net:
                written.append(Line(at_, reference, rule, LineKind.CUT, -net))
        elif net and plan.half_lives[half]:
            left = net * 0.5 ** ((instant - at_) / plan.half_lives[half])
            if left != net:
                written.append(Line(at_, reference, rule, LineKind.DECAY, left - net))
    lookup = state.held.get
    written += [Line(instant, None, rule, LineKind.FIT, points) for rule, points, holds in plan.fit if holds(lookup)]
    whole = behaviour_at(plan, state, instant) + fit_points(plan, state)
    hidden = _capped(plan, whole) - whole
    if hidden:
        written.append(Line(instant, None, "total", LineKind.TOTAL, hidden))
    return written


def amounts(plan: Plan, ledger: Ledger, instant: int, start: int, end: int) -> list[float]:
    """What the lines of some entries say, number by number: for sums of lines that nobody looks at."""
    found: list[float] = []
    half_lives, last = plan.half_lives, ledger.era
    for at_, _, _, half, points, taken, era in ledger.entries[start:end]:
        found.append(points)
        if taken:
            found.append(-taken)
        net = points - taken
        if era < last:
            if net:
                found.append(-net)
        elif net and half_lives[half]:
            left = net * 0.5 ** ((instant - at_) / half_lives[half])
            if left != net:
                found.append(left - net)
    return found


# ---- What changed ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Crossings(Frozen):
    """What changed from one reading to the next, for whoever has to act on it."""

    climbed: tuple[Band, ...]  # the bands entered from below, lowest first
    fell_to: Band | None
    routes: tuple[RouteDue, ...]  # that did not stand before
    withdrawn: tuple[RouteDue, ...]  # that stand no more
    became_hot: bool
    became_irrelevant: LeadClass | None
    came_back: bool  # irrelevant before, and no more


def crossings(plan: Plan, before: Reading, after: Reading) -> Crossings:
    """What changed between two readings of one lead under one plan."""
    bands = plan.model.bands
    was, now = bands.index(before.band), bands.index(after.band)
    irrelevant = after.lead_class if after.lead_class is not before.lead_class else None
    return Crossings(
        climbed=bands[was + 1 : now + 1],
        fell_to=after.band if now < was else None,
        routes=tuple(route for route in after.routes if route not in before.routes),
        withdrawn=tuple(route for route in before.routes if route not in after.routes),
        became_hot=after.temperature is Temperature.HOT and before.temperature is not Temperature.HOT,
        became_irrelevant=irrelevant,
        came_back=before.lead_class is not None and after.lead_class is None,
    )


# ---- When time alone changes the band ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BandChange(Frozen):
    """The band that a lead will be in from an instant on, if no fact comes before."""

    at: int
    band: Band


def next_band(plan: Plan, state: State, instant: int, reading: Reading | None = None) -> BandChange | None:
    """The next change of band by decay alone, to the microsecond; a fall, or a rise where negative points fade.

    Between two instants at which the sum of exponentials turns, the score only falls or only rises, so that the
    change is found by halving; a change that no microsecond of the next 300 half-lives sees is none. `reading` is the
    one of that instant, where it is known already.
    """
    if reading is not None and reading.band is plan.model.bands[0] and _only_falls(plan, state):
        return None
    decaying = [
        (state.sums[index] * 0.5 ** (max(instant - state.ints[plan.sum_cells[index]], 0) / half), half)
        for index, half in enumerate(plan.half_lives)
        if half and state.sums[index]
    ]
    if not decaying:
        return None
    still = fit_points(plan, state) if reading is None else reading.fit
    still += sum(state.sums[index] for index, half in enumerate(plan.half_lives) if not half)

    def band_after(span: int) -> Band:
        return band_of(plan, _capped(plan, still + sum(points * 0.5 ** (span / half) for points, half in decaying)))

    last = 300 * max(half for _, half in decaying)
    turns = [round(turn) for turn in _turns([(-points / half, 1 / half) for points, half in decaying], last)]
    here = band_after(0)
    for low, high in pairwise([0, *sorted(turns), last]):
        if band_after(high) is not here:
            same, other = low, high
            near = _nearly(plan, here, still, decaying)
            if same < near - NEAR < other and band_after(near - NEAR) is here:
                same = near - NEAR
            if same < near + NEAR < other and band_after(near + NEAR) is not here:
                other = near + NEAR
            while other - same > 1:
                middle = (same + other) // 2
                same, other = (middle, other) if band_after(middle) is here else (same, middle)
            return BandChange(instant + other, band_after(other))
    return None


def _only_falls(plan: Plan, state: State) -> bool:
    """Whether nothing that decays is negative."""
    return all(not (half and state.sums[index] < 0) for index, half in enumerate(plan.half_lives))


def _nearly(plan: Plan, here: Band, still: float, decaying: list[tuple[float, int]]) -> int:
    """After how long a score whose parts all fade from one side leaves a band, about; 0 where that is not known.

    It spares most of the halving, and settles nothing.
    """
    sign = 1.0 if decaying[0][0] > 0 else -1.0
    terms = [(points * sign, half) for points, half in decaying]
    bands = plan.model.bands
    place = bands.index(here)
    edge = bands[place - 1].up_to if sign > 0 and place else here.up_to
    if edge is None or any(points <= 0 for points, _ in terms):
        return 0
    room = sign * (edge + 0.5 * 10**-DECIMALS - still)
    total = sum(points for points, _ in terms)
    if not 0 < room < total:
        return 0
    # Newton's way from before the crossing: what fades is convex, so that no step goes too far.
    span = min(half for _, half in terms) * math.log2(total / room)
    for _ in range(NEWTON_STEPS):
        left = [(points * 0.5 ** (span / half), half) for points, half in terms]
        above = sum(points for points, _ in left) - room
        step = above / (math.log(2) * sum(points / half for points, half in left))
        span += step
        if step < 1:
            break
    return round(span)


def _turns(terms: list[tuple[float, float]], last: float) -> list[float]:
    """The zeros in (0, last) of a sum of a * 2 ** (-k * t) over its (a, k): at most one fewer than terms.

    Divided by its slowest exponential the sum has a constant, whose derivative has one term fewer: between the zeros
    of that derivative the sum is monotone, and each sign change holds one zero.
    """
    terms = [(a, k) for a, k in terms if a]
    if all(a > 0 for a, _ in terms) or all(a < 0 for a, _ in terms):
        return []
    slowest = min(k for _, k in terms)
    shifted = [(a, k - slowest) for a, k in terms]
    edges = [0.0, *_turns([(-a * k, k) for a, k in shifted if k], last), last]

    def is_under(t: float) -> bool:
        return math.fsum(a * math.exp2(-k * t) for a, k in shifted) < 0

    zeros = []
    for low, high in pairwise(edges):
        left, right = low, high
        if is_under(left) is is_under(right):
            continue
        while right - left > 0.25:
            middle = (left + right) / 2
            left, right = (middle, right) if is_under(left) is is_under(middle) else (left, middle)
        zeros.append((left + right) / 2)
    return zeros
