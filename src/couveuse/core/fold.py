"""The fold: a lead's facts, in canonical order, become its state. There is no other place where points are made.

One loop (`run`) serves a whole history and a single new fact alike, which is why they agree to the last digit:
sums are brought up to date at facts that give points and nowhere else. Within one fact the order is: a cut; then,
rule by rule, where, lead, past, repeat, the line, its cap; then what the fact feeds for later.

The loop is the product's hot path: it reads integers from lists instead of attributes of objects, and each branch
that most events skip costs them one comparison.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from couveuse.core.conditions import is_number
from couveuse.core.errors import OutOfOrder
from couveuse.core.events import NOTHING, VERDICT_GIVEN, Adjustment, Change, Fact, Verdict, key_text
from couveuse.core.ledger import Ledger
from couveuse.core.model import Stage
from couveuse.core.plan import (
    FIRST_DAY,
    LAST_EVENT,
    LAST_FACT,
    PAGE_AT,
    SEVERAL,
    STAGE_AT,
    VISIT,
    VISIT_GAP_US,
    Match,
    Per,
    Plan,
    PlannedRule,
    Tracker,
)
from couveuse.core.state import Key, State, empty
from couveuse.core.text import plain
from couveuse.core.times import DAY_US, HOUR_US, NEVER, Calendar, week_of

# Plain integers: an enum's member costs a look-up at each use of the hot path. Final: so does a variable, compiled.
_VISIT: Final = int(Per.VISIT)
_HOUR: Final = int(Per.HOUR)
_DAY: Final = int(Per.DAY)
_WEEK: Final = int(Per.WEEK)
_MONTH: Final = int(Per.MONTH)

Step = tuple[int, Match, Any]
"""An instant, what happened, and whose fact it is: any reference for a behaviour, the `Fact` itself for a change."""


def canonical(facts: Iterable[Fact]) -> list[Fact]:
    """Facts in canonical order, the earliest of several copies (`source`, `message_id`) alone.

    Copies of one instant that say different things are a sender's fault; which one counts depends on what they say, and
    not on the order in which they came.
    """
    seen: set[tuple[str, str]] = set()
    ordered: list[Fact] = []
    for fact in sorted(facts, key=lambda fact: fact.key):
        if (fact.source, fact.message_id) not in seen:
            seen.add((fact.source, fact.message_id))
            ordered.append(fact)
        elif ordered[-1].key == fact.key:
            ordered[-1] = min(ordered[-1], fact, key=_content)
    return ordered


def _content(fact: Fact) -> tuple[str, str]:
    said = {"properties": fact.properties, "context": fact.context, "traits": fact.traits}
    return fact.event, json.dumps(said, sort_keys=True, default=str)


def fold(
    plan: Plan,
    facts: Sequence[Fact],
    *,
    email: str | None = None,
    since_always: Mapping[str, object] = NOTHING,
    until: int | None = None,
    ledger: Ledger | None = None,
) -> State:
    """A lead's state after its facts, given in canonical order and without copies (`canonical`).

    `since_always` are traits that hold before every fact. Only facts up to and including `until` (microseconds)
    count; verdicts count whatever their time.
    """
    state = begin(plan, email, since_always)
    for fact in facts:
        if fact.event == VERDICT_GIVEN:
            learn_verdict(state, fact)
    seen = facts
    if until is not None and facts and facts[-1].at > until:
        seen = [fact for fact in facts if fact.at <= until]
    if seen:
        state.key = seen[-1].key
    match_fact = plan.match_fact
    if state.verdicts:
        steps: list[Step] = [(fact.at, match_fact(fact), fact) for fact in seen if is_counted(state, fact)]
    else:
        steps = [(fact.at, match_fact(fact), fact) for fact in seen]
    run(plan, state, steps, ledger)
    return state


def begin(plan: Plan, email: str | None, since_always: Mapping[str, object] = NOTHING) -> State:
    """A lead's state before its first fact: what follows from its e-mail, and traits held since always."""
    state = empty(plan, email)
    if since_always:
        _set_traits(plan, state, since_always)
    return state


def advance(plan: Plan, state: State, fact: Fact, ledger: Ledger | None = None) -> State:
    """The state after one more fact, equal to folding again.

    Raises OutOfOrder where the fact is not after all those folded, or is a verdict: these ask for a fold.
    """
    key = fact.key
    match = plan.match_fact(fact)
    if key <= state.key or match.change == Change.VERDICT:
        raise OutOfOrder
    state = state.copy()
    state.key = key
    if not state.verdicts or is_counted(state, fact):
        run(plan, state, ((fact.at, match, fact),), ledger)
    return state


def extend(plan: Plan, state: State, facts: Sequence[Fact], ledger: Ledger | None = None) -> None:
    """Take a state, in place, through more facts, given in canonical order and without copies.

    Raises OutOfOrder, and leaves the state as it was, where a fact is not after all those folded, or is a verdict.
    """
    key = state.key
    steps: list[Step] = []
    for fact in facts:
        if fact.key <= key:
            raise OutOfOrder
        key = fact.key
        match = plan.match_fact(fact)
        if match.change == Change.VERDICT:
            raise OutOfOrder
        if not state.verdicts or is_counted(state, fact):
            steps.append((fact.at, match, fact))
    state.key = key
    run(plan, state, steps, ledger)


def learn_verdict(state: State, fact: Fact) -> None:
    """Of the verdicts on one hit the last in canonical order wins; without `of_source` it is the hit of any source."""
    if fact.event != VERDICT_GIVEN:
        return
    words = fact.properties
    hit = (key_text(words.get("of_source")), key_text(words["of"]) or "")
    known = state.verdicts.get(hit)
    if known is None or known[0] < fact.key:
        state.verdicts = {**state.verdicts, hit: (fact.key, str(words["verdict"]))}


def is_counted(state: State, fact: Fact) -> bool:
    """A hit that was found to be a machine's, or is doubtful, counts for nothing."""
    return hit_counts(state.verdicts, fact.source, fact.message_id)


def hit_counts(verdicts: dict[tuple[str | None, str], tuple[Key, str]], source: str, message_id: str) -> bool:
    """`is_counted` for a hit that is known by its source and `message_id` only."""
    return verdict_on(verdicts, source, message_id) is Verdict.HUMAN


def verdict_on(verdicts: dict[tuple[str | None, str], tuple[Key, str]], source: str, message_id: str) -> Verdict:
    """What is thought of a hit; one of which nothing was said is human."""
    one, other = verdicts.get((source, message_id)), verdicts.get((None, message_id))
    verdict = one or other if one is None or other is None else max(one, other)
    return Verdict.HUMAN if verdict is None else Verdict(verdict[1])


# ---- The loop ----------------------------------------------------------------------------------------------


def run(  # noqa: C901, PLR0915 - one loop: a call for each of its steps would cost a third of the speed
    plan: Plan, state: State, steps: Iterable[Step], ledger: Ledger | None = None
) -> None:
    """Take the state through steps in canonical order, in place; each line of points goes to the ledger, if any."""
    ints, sums, used = state.ints, state.sums, state.used
    half_lives, sum_cells = plan.half_lives, plan.sum_cells
    calendar, offsets = plan.calendar, plan.calendar.offsets
    day, last = 0, NEVER
    for at, match, reference in steps:
        if match.change:
            _change(plan, state, at, match.change, reference, ledger)
            continue
        last = at
        if match.is_rare:
            if match.cuts:
                _cut(plan, state, ledger)
            if match.recycles:
                _recycle(plan, state, at, reference, ledger)
        if match.is_page:
            if at - ints[PAGE_AT] >= VISIT_GAP_US:
                ints[VISIT] += 1
            ints[PAGE_AT] = at
        if match.is_dated:
            offset = offsets.get(at // HOUR_US)
            day = (at + (calendar.offset(at) if offset is None else offset)) // DAY_US
        fired = False
        for rule in match.rules:
            if rule.lead is not None and not _lead_holds(state, rule):
                continue
            if rule.past and not _past_holds(state, rule, at):
                continue
            cell = rule.repeat_cell
            if cell >= 0:
                per = rule.per
                window = ints[VISIT] if per == _VISIT else day if per == _DAY else _window(calendar, per, day, at)
                if ints[cell] != window:
                    ints[cell] = window
                    ints[cell + 1] = 1
                elif ints[cell + 1] < rule.at_most:
                    ints[cell + 1] += 1
                else:
                    continue
            fired = True
            points = given = rule.points
            cap = rule.cap
            if cap >= 0:
                cell, per = rule.cap_cell, rule.cap_per
                window = day if per == _DAY else _window(calendar, per, day, at)
                if ints[cell] != window:
                    ints[cell] = window
                    used[cap] = 0.0
                room = rule.cap_points - used[cap]
                if points > room:
                    given = room
                used[cap] += given
            if given:
                half = rule.half
                total, cell = sums[half], sum_cells[half]
                if total and half_lives[half]:
                    total *= 0.5 ** ((at - ints[cell]) / half_lives[half])
                sums[half] = total + given
                ints[cell] = at
            if ledger is not None:
                ledger.entries.append((at, reference, rule.id, rule.half, points, points - given, ledger.era))
            if rule.stage_cell >= 0:
                ints[rule.stage_cell] = at
            if rule.route_cell >= 0:
                ints[rule.route_cell] = at
        if fired and not ints[SEVERAL]:
            _mature(calendar, state, match.event, at)
        if match.feeds:
            _feed(state, match.feeds, at)
        if match.is_rare:
            if match.cools:
                for _, cell, _ in plan.hots:
                    ints[cell] = NEVER
            for cell in match.hots:
                ints[cell] = at
            if match.topics:
                _read_topics(plan, state, match.topics, at)
    if last != NEVER:
        ints[LAST_EVENT] = last
        ints[LAST_FACT] = max(ints[LAST_FACT], last)


def _window(calendar: Calendar, per: int, day: int, at: int) -> int:
    """The window of an instant whose local day is known."""
    if per == _WEEK:
        return week_of(day)
    if per == _DAY:
        return day
    if per == _MONTH:
        return calendar.month_of(day)
    return calendar.hour(at) if per == _HOUR else 0


def _lead_holds(state: State, rule: PlannedRule) -> bool:
    answer = state.answers[rule.lead_cell]
    if answer < 0:
        assert rule.lead is not None  # the caller looked
        answer = state.answers[rule.lead_cell] = int(rule.lead(state.held.get))
    return answer == 1


def _past_holds(state: State, rule: PlannedRule, at: int) -> bool:
    """Every `past` has its events within [t - within, t): those of the same instant are not in the past."""
    for index, tracker in enumerate(rule.past):
        since = at - rule.withins[index]
        cell = tracker.cell
        if cell >= 0:
            last = state.ints[cell + 1]
            if (last if last < at else state.ints[cell]) < since:
                return False
            continue
        trail = state.trails[tracker.trail]
        before = len(trail)
        while before and trail[before - 1] >= at:
            before -= 1
        wanted = rule.at_leasts[index]
        if before < wanted or trail[before - wanted] < since:
            return False
    return True


def _feed(state: State, trackers: tuple[Tracker, ...], at: int) -> None:
    """Remember an event for `past`: as many as can matter before the present instant, and as many of it."""
    ints = state.ints
    for tracker in trackers:
        cell = tracker.cell
        if cell >= 0:
            if ints[cell + 1] != at:
                ints[cell] = ints[cell + 1]
                ints[cell + 1] = at
            continue
        trail, depth = state.trails[tracker.trail], tracker.depth
        if len(trail) < depth or trail[-depth] != at:
            state.trails[tracker.trail] = (*trail[1 - 2 * depth :], at)


def _mature(calendar: Calendar, state: State, event: str, at: int) -> None:
    first = state.ints[FIRST_DAY]
    if first == NEVER:
        state.ints[FIRST_DAY] = calendar.day(at)
        state.first_name = event
    elif event != state.first_name or calendar.day(at) != first:
        state.ints[SEVERAL] = 1


def _read_topics(plan: Plan, state: State, topics: tuple[int, ...], at: int) -> None:
    offset = len(plan.half_lives)
    half_life = plan.half_lives[0]
    for topic in topics:
        cell, weight = plan.topic_cells[topic], state.sums[offset + topic]
        if weight and half_life:
            weight *= 0.5 ** ((at - state.ints[cell]) / half_life)
        state.sums[offset + topic] = weight + 1.0
        state.ints[cell] = at


# ---- Cuts and changes --------------------------------------------------------------------------------------


def _cut(plan: Plan, state: State, ledger: Ledger | None) -> None:
    """Behaviour and stages before count for nothing; repeat, caps, past, maturity and routes go on."""
    for index in range(len(plan.half_lives)):
        state.sums[index] = 0.0
    for stage in Stage:
        state.ints[STAGE_AT + stage] = NEVER
    if ledger is not None:
        ledger.era += 1


def _recycle(plan: Plan, state: State, at: int, reference: object, ledger: Ledger | None) -> None:
    """A lead that came too early starts again from the score that the model says."""
    assert plan.model.recycle_to is not None  # the match says so
    _cut(plan, state, ledger)
    _line(plan, state, at, reference, "recycle", plan.model.recycle_to - fit_points(plan, state), ledger)


def _line(
    plan: Plan, state: State, at: int, reference: object, name: str, points: float, ledger: Ledger | None
) -> None:
    """A line that is no rule's: it decays by the model's half-life, which is the plan's first."""
    cell, half_life = plan.sum_cells[0], plan.half_lives[0]
    total = state.sums[0]
    if total and half_life:
        total *= 0.5 ** ((at - state.ints[cell]) / half_life)
    state.sums[0] = total + points
    state.ints[cell] = at
    if ledger is not None:
        ledger.entries.append((at, reference, name, 0, points, 0.0, ledger.era))


def _change(plan: Plan, state: State, at: int, change: int, reference: object, ledger: Ledger | None) -> None:
    if change == Change.VERDICT:
        return  # a correction: it has done its work before, and is no fact of the lead's
    assert isinstance(reference, Fact)  # steps of changes carry their fact
    state.ints[LAST_FACT] = at
    if change == Change.ADJUST:
        _adjust(plan, state, at, reference, ledger)
    elif change == Change.TRAITS:
        _set_traits(plan, state, reference.traits)
    elif change in (Change.JOIN, Change.LEAVE) and plan.reads_groups:
        _move_group(plan, state, key_text(reference.properties["group"]) or "", joins=change == Change.JOIN)


def _set_traits(plan: Plan, state: State, traits: Mapping[str, object]) -> None:
    read = plan.read_traits(traits)
    if not read:
        return
    held = {**state.held, **read}
    for name, value in read.items():
        if value is None:
            held.pop(name)
            if name in state.derived:
                held[name] = state.derived[name]
    state.held = held
    state.answers = [-1] * plan.layout.held


def _move_group(plan: Plan, state: State, group: str, *, joins: bool) -> None:
    groups = state.held.get("groups", frozenset())
    assert isinstance(groups, frozenset)  # only this function sets it
    same = {known for known in groups if plain(known) == plain(group)}
    state.held = {**state.held, "groups": groups - same | ({group} if joins else frozenset())}
    state.answers = [-1] * plan.layout.held


def _adjust(plan: Plan, state: State, at: int, fact: Fact, ledger: Ledger | None) -> None:
    adjustment = Adjustment(str(fact.properties["kind"]))
    points = fact.properties.get("points")
    number = float(points) if is_number(points) else 0.0
    if adjustment in (Adjustment.SET, Adjustment.RESET):
        _cut(plan, state, ledger)
    if adjustment is Adjustment.SET:
        number -= fit_points(plan, state)
    elif adjustment is Adjustment.RAISE:
        number -= behaviour_at(plan, state, at) + fit_points(plan, state)
        if number <= 0:
            return
    if adjustment is not Adjustment.RESET:
        _line(plan, state, at, fact, adjustment.value, number, ledger)


# ---- What a state is worth ---------------------------------------------------------------------------------


def behaviour_at(plan: Plan, state: State, at: int) -> float:
    """Behaviour points at an instant, decayed to it."""
    total = 0.0
    for index, half_life in enumerate(plan.half_lives):
        points = state.sums[index]
        if points and half_life:
            points *= 0.5 ** (max(at - state.ints[plan.sum_cells[index]], 0) / half_life)
        total += points
    return total


def fit_points(plan: Plan, state: State) -> float:
    """Points for who the lead is, by the traits and groups that the state holds."""
    lookup = state.held.get
    return sum(points for _, points, holds in plan.fit if holds(lookup))
