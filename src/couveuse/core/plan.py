"""A scoring model made ready to fold: tables of small integers in place of names, and conditions as predicates.

`plan` compiles a model once. `Plan.match` says what an event of that name and those field values means to the
fold; the answer depends on nothing else, so whoever folds many events may ask once for each distinct one.
The layout of a lead's state (which cell of which list holds what) is fixed here and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from couveuse.core import times
from couveuse.core.conditions import Condition, Predicate, fields, is_absent, predicate
from couveuse.core.events import (
    CHANGES,
    CLICKS,
    COOLING,
    EMAIL_CLICKED,
    EMAIL_OPENED,
    LEAD_CLASS,
    LEAD_REJECTED,
    PAGE_VIEWED,
    Change,
    Fact,
    dig,
    is_too_early,
    read,
)
from couveuse.core.model import Decay, Model, Past, Rule, Window
from couveuse.core.text import glob, plain

# Cells of `State.ints` that every plan has.
LAST_FACT: Final = 0  # the last fact of any kind but verdicts
LAST_EVENT: Final = 1  # the last behaviour
PAGE_AT: Final = 2  # the last page view
VISIT: Final = 3  # which visit that was
STAGE_AT: Final = 4  # three cells: when each stage was last reached
FIRST_DAY: Final = 7  # the local day of the first fact on which a rule fired
SEVERAL: Final = 8  # 1 once rules fired on two days or for two names
FIXED_INTS: Final = 9

# What every plan reads of a lead: its class, as people have set it.
SAID_CLASS: Final = f"traits.{LEAD_CLASS}"

VISIT_GAP_US: Final = 30 * times.MINUTE_US

# Distinct field values remembered; beyond it the memory is emptied and fills again.
MOST_MATCHES = 65_536


class Per(IntEnum):
    """The windows of a repeat or a cap as the fold switches on them; ALWAYS counts nothing."""

    ALWAYS = 0
    VISIT = 1
    HOUR = 2
    DAY = 3
    WEEK = 4
    MONTH = 5
    EVER = 6


PERS: Mapping[Window, Per] = {window: Per[window.name] for window in Window}


@dataclass(slots=True)
class PlannedRule:
    """A behaviour rule as the fold reads it: indices into the state's lists, -1 where it has none."""

    id: str
    points: float
    half: int  # which half-life
    where: Predicate | None
    lead: Predicate | None
    lead_cell: int  # where the answer to `lead` is remembered until the lead changes
    past: tuple["Tracker", ...]
    withins: tuple[int, ...]
    at_leasts: tuple[int, ...]
    per: int
    at_most: int
    repeat_cell: int
    cap: int
    cap_per: int
    cap_cell: int  # in ints: the cap's window; what it took stands in `used` under the cap's own number
    cap_points: float
    stage_cell: int
    route_cell: int


@dataclass(slots=True)
class Tracker:
    """The earlier events of one kind that some `past` asks for: two cells where one event is enough, else a trail."""

    event: str
    where: Predicate | None
    condition: Condition | None
    depth: int = 1
    cell: int = -1  # in ints: the last instant but one, and the last
    trail: int = -1  # in trails


@dataclass(slots=True)
class Match:
    """What one kind of event means: which rules its `where` admits, what it feeds, and what it changes."""

    event: str
    change: int
    rules: tuple[PlannedRule, ...] = ()
    feeds: tuple[Tracker, ...] = ()
    hots: tuple[int, ...] = ()
    topics: tuple[int, ...] = ()
    is_page: bool = False
    is_dated: bool = False  # some rule's repeat or cap asks for a calendar window
    is_rare: bool = False  # some of what follows holds, or it feeds hots or topics
    cuts: bool = False
    cools: bool = False
    recycles: bool = False
    converts: bool = False


@dataclass(slots=True)
class Layout:
    """How many cells a state has."""

    ints: int = FIXED_INTS
    sums: int = 0
    used: int = 0
    trails: int = 0
    held: int = 0

    def take(self, count: int) -> int:
        """The first of that many new cells of `ints`."""
        self.ints += count
        return self.ints - count


class Plan:
    """A compiled model. Build it with `plan`; it is not changed afterwards, but for what it remembers of matches."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.calendar = times.Calendar(model.timezone)
        self.layout = Layout()
        self.half_lives = _half_lives(model)
        self.sum_cells = [self.layout.take(1) for _ in self.half_lives]
        self.trackers: list[Tracker] = []
        self.cap_cells = [self.layout.take(1) for _ in model.caps]
        self.route_cells: list[tuple[Rule, int]] = []
        cap_of = {rule: index for index, cap in enumerate(model.caps) for rule in cap.rules}
        self.rules = [self._rule(rule, cap_of.get(rule.id, -1)) for rule in model.rules]
        self.hots = [(hot, self.layout.take(1), predicate(hot.where) if hot.where else None) for hot in model.hot_when]
        self.topics = list(dict.fromkeys(topic.topic for topic in model.topics))
        self.topic_cells = [self.layout.take(1) for _ in self.topics]
        self._globs = [(glob(topic.path), self.topics.index(topic.topic)) for topic in model.topics]
        self._strong = [glob(link) for link in model.strong_links]
        self.fit = [(fit.id, fit.points, predicate(fit.where)) for fit in model.fit]
        self.irrelevant = [(line.lead_class, predicate(line.where)) for line in model.irrelevant]
        self.personas = [(persona.id, predicate(persona.where)) for persona in model.personas]
        self._place_trackers()
        self.layout.sums = len(self.half_lives) + len(self.topics)
        self.layout.used = len(model.caps)
        self.layout.held = len(self.rules)
        self.lead_fields = self._lead_fields()
        self.trait_paths = tuple(name.partition(".")[2] for name in self.lead_fields if name.startswith("traits."))
        self.reads_groups = "groups" in self.lead_fields
        self.per_visit = any(rule.per == Per.VISIT for rule in self.rules)
        self._readers: dict[str, tuple[str, ...]] = {}
        self._matches: dict[object, Match] = {}
        self._bare_fields: dict[str, tuple[str, str, bool]] = {}
        self._bare_matches: dict[tuple[str, str | None, str | None], Match] = {}

    def _rule(self, rule: Rule, cap: int) -> PlannedRule:
        repeat = rule.repeat
        route_cell = self.layout.take(1) if rule.route else -1
        if rule.route:
            self.route_cells.append((rule, route_cell))
        return PlannedRule(
            id=rule.id,
            points=rule.points,
            half=self.half_lives.index(_half_life(rule.half_life, self.model)),
            where=predicate(rule.where) if rule.where else None,
            lead=predicate(rule.lead) if rule.lead else None,
            lead_cell=self.model.rules.index(rule),
            past=tuple(self._tracker(past) for past in rule.past),
            withins=tuple(times.EVER if past.within is None else past.within for past in rule.past),
            at_leasts=tuple(past.at_least for past in rule.past),
            per=PERS[repeat.per] if repeat else Per.ALWAYS,
            at_most=repeat.at_most if repeat else 0,
            repeat_cell=self.layout.take(2) if repeat else -1,
            cap=cap,
            cap_per=PERS[self.model.caps[cap].per] if cap >= 0 else Per.ALWAYS,
            cap_cell=self.cap_cells[cap] if cap >= 0 else -1,
            cap_points=self.model.caps[cap].points if cap >= 0 else 0.0,
            stage_cell=STAGE_AT + rule.stage if rule.stage is not None else -1,
            route_cell=route_cell,
        )

    def _tracker(self, past: Past) -> Tracker:
        """One tracker for all that ask for the same events, as deep as the deepest of them."""
        for tracker in self.trackers:
            if (tracker.event, tracker.condition) == (past.event, past.where):
                break
        else:
            tracker = Tracker(past.event, predicate(past.where) if past.where else None, past.where)
            self.trackers.append(tracker)
        tracker.depth = max(tracker.depth, past.at_least)
        return tracker

    def _place_trackers(self) -> None:
        for tracker in self.trackers:
            if tracker.depth == 1:
                tracker.cell = self.layout.take(2)
            else:
                tracker.trail = self.layout.trails
                self.layout.trails += 1

    def _lead_fields(self) -> tuple[str, ...]:
        model = self.model
        conditions = [rule.lead for rule in model.rules]
        conditions += [line.where for lines in (model.fit, model.irrelevant, model.personas) for line in lines]
        names = frozenset((SAID_CLASS,)).union(*(fields(condition) for condition in conditions))
        if model.value.trait:
            names |= {f"traits.{model.value.trait}"}
        return tuple(sorted(name for name in names if not name.startswith("interests")))

    # ---- Events --------------------------------------------------------------------------------------------

    def event_names(self) -> frozenset[str]:
        """The names of behaviours of which the model reads more than the name and, for interests, the path."""
        names = {rule.event for rule in self.model.rules} | {hot.event for hot in self.model.hot_when}
        names |= {tracker.event for tracker in self.trackers} | set(self.model.cycle_ends_on)
        names.add(self.model.conversion.event)
        if EMAIL_OPENED in names:
            names.add(EMAIL_CLICKED)  # which proves that its message was opened
        if self.model.recycle_to is not None:
            names.add(LEAD_REJECTED)
        return frozenset(names)

    def event_fields(self, event: str) -> tuple[str, ...]:
        """The fields of an event of that name that the model reads, in the order in which `match` wants them."""
        known = self._readers.get(event)
        if known is None:
            known = self._readers[event] = self._event_fields(event)
        return known

    def _event_fields(self, event: str) -> tuple[str, ...]:
        if CHANGES.get(event):
            return ()
        names: set[str] = set()
        for rule in self.model.rules:
            if rule.event == event:
                names |= fields(rule.where)
        for tracker in self._fed_by(event):
            names |= fields(tracker.condition)
        for hot in self.model.hot_when:
            if hot.event == event:
                names |= fields(hot.where)
        if event in CLICKS and names & {"strength", "properties.strength"}:
            names.add("url")
        if self.topics:
            names.add("path")
        if event == LEAD_REJECTED and self.model.recycle_to is not None:
            names.add("reason")
        return tuple(sorted(names))

    def fields(self) -> tuple[str, ...]:
        """Every field that the model reads of any event."""
        names = self.event_names() | {LEAD_REJECTED, "any other"}
        return tuple(sorted(set().union(*(self.event_fields(name) for name in names))))

    def match(self, event: str, values: tuple[object, ...]) -> Match:
        """What an event means whose fields (`event_fields`) have these values."""
        key = (event, *((value,) if isinstance(value, bool) else value for value in values))
        try:
            match = self._matches.get(key)
        except TypeError:  # a list or an object among the values
            return self._match(event, values)
        if match is None:
            if len(self._matches) >= MOST_MATCHES:
                self._matches.clear()
            match = self._matches[key] = self._match(event, values)
        return match

    def match_fact(self, fact: Fact) -> Match:
        """What a fact means; remembered under the event and the texts in its fields, two at most."""
        event = fact.event
        names = self._bare_fields.get(event)
        if names is None:
            names = self._bare_fields[event] = self._bare(event)
        one, other, is_bare = names
        if is_bare:
            first = fact.properties.get(one) if one else None
            second = fact.properties.get(other) if other else None
            if (first is None or type(first) is str) and (second is None or type(second) is str):
                known = self._bare_matches.get((event, first, second))
                if known is None:
                    if len(self._bare_matches) >= MOST_MATCHES:
                        self._bare_matches.clear()
                    values = (first, second)[: len(self.event_fields(event))]
                    known = self._bare_matches[event, first, second] = self.match(event, values)
                return known
        return self.match(event, tuple(read(fact, name) for name in self.event_fields(event)))

    def _bare(self, event: str) -> tuple[str, str, bool]:
        """The two fields at most that are read of an event, empty where none is, and whether these are all and bare."""
        names = self.event_fields(event)
        one, other = (*names, "", "")[:2]
        return one, other, len(names) <= 2 and not any("." in name for name in names)

    def _match(self, event: str, values: tuple[object, ...]) -> Match:
        change = CHANGES.get(event, Change.NOTHING)
        if change:
            return Match(event, change)
        found = dict(zip(self.event_fields(event), values, strict=True))
        if event in CLICKS:
            self._give_strength(found)
        lookup = found.get
        path = found.get("path")
        rules = tuple(
            planned
            for rule, planned in zip(self.model.rules, self.rules, strict=True)
            if rule.event == event and (planned.where is None or planned.where(lookup))
        )
        hots = tuple(cell for hot, cell, where in self.hots if hot.event == event and (not where or where(lookup)))
        topics = self._topics_of(path) if isinstance(path, str) else ()
        cuts, cools = event in self.model.cycle_ends_on, event in COOLING
        may_recycle = event == LEAD_REJECTED and self.model.recycle_to is not None
        return Match(
            event,
            change,
            rules=rules,
            feeds=tuple(t for t in self._fed_by(event) if t.where is None or t.where(lookup)),
            hots=hots,
            topics=topics,
            is_page=event == PAGE_VIEWED and self.per_visit,
            is_dated=any(rule.cap >= 0 or rule.per > Per.VISIT for rule in rules),
            is_rare=bool(hots or topics or cuts or cools),
            cuts=cuts,
            cools=cools,
            recycles=may_recycle and is_too_early(found.get("reason")),
            converts=event == self.model.conversion.event,
        )

    def _fed_by(self, event: str) -> list[Tracker]:
        """A click proves that its message was opened: it counts as an opening, too, in `past`."""
        proved = (event, EMAIL_OPENED) if event == EMAIL_CLICKED else (event,)
        return [tracker for tracker in self.trackers if tracker.event in proved]

    def _give_strength(self, found: dict[str, object]) -> None:
        for name in ("strength", "properties.strength"):
            if name in found and is_absent(found[name]):
                url = found.get("url")
                strong = isinstance(url, str) and any(link.fullmatch(plain(url)) for link in self._strong)
                found[name] = "strong" if strong else "weak"

    def _topics_of(self, path: str) -> tuple[int, ...]:
        letters = plain(path)
        return tuple(dict.fromkeys(index for pattern, index in self._globs if pattern.fullmatch(letters)))

    # ---- Leads ---------------------------------------------------------------------------------------------

    def derived(self, email: str | None) -> dict[str, object]:
        """The traits that follow from the e-mail, of those that the model reads."""
        if not email:
            return {}
        known = {"traits.email": email, "traits.email_domain": email.rpartition("@")[2]}
        return {name: value for name, value in known.items() if name in self.lead_fields}

    def read_traits(self, traits: Mapping[str, object]) -> dict[str, object]:
        """What a change of traits says of those that the model reads; None takes a trait away."""
        read_now: dict[str, object] = {}
        for path in self.trait_paths:
            if path in traits or path.partition(".")[0] in traits:
                value = dig(traits, path)
                read_now[f"traits.{path}"] = None if is_absent(value) else value
        return read_now


def plan(model: Model) -> Plan:
    """A checked model, made ready to fold."""
    return Plan(model)


def _half_life(half_life: int | Decay, model: Model) -> int:
    if isinstance(half_life, Decay):
        return (model.half_life or 0) if half_life is Decay.MODEL else 0
    return half_life


def _half_lives(model: Model) -> list[int]:
    """The distinct half-lives in microseconds, the model's own first (adjustments have it); 0 never decays."""
    return list(dict.fromkeys([model.half_life or 0, *(_half_life(rule.half_life, model) for rule in model.rules)]))
