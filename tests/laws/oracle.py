"""What a score is, by brute force: for each fact all those before it are looked at again, and nothing is carried along.

Written from the contract of the scoring model, and sharing nothing with the fold but the values of a model and of a
fact. Calendars, canonical order and ownership have a slow form of their own here; that of conditions, text
and globs is in `slow_conditions`. It is the reference that the laws hold the core against.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from couveuse.core.conditions import Condition
from couveuse.core.events import Fact
from couveuse.core.model import Decay, Model, Past, Rule, Stage
from tests.laws.slow_conditions import Lookup, absent, glob, holds, plain

FIRST = ("Traits Set", "Identities Joined", "Group Joined", "Group Left", "Consent Given", "Consent Withdrawn")
CHANGES = (*FIRST, "Score Adjusted", "Verdict Given", "Note Written")
COOLING = ("Lead Rejected", "Opportunity Won", "Opportunity Lost")
CLICKS = ("Email Clicked", "Link Clicked")
HALF_HOUR = 30 * 60 * 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """What one fact gave by one rule: in full, after its cap; `place` is the fact's place in canonical order."""

    place: int
    at: int
    rule: str
    points: float
    net: float
    half_life: int  # 0 never decays


@dataclass(frozen=True, slots=True)
class Answer:
    """All that is asked of a lead at an instant. What hangs by a rounding, to a billionth, is in `unsure`."""

    score: float
    behaviour: float
    fit: float
    total: float
    band: str
    stage: Stage | None
    temperature: str
    lead_class: str | None
    persona: str | None
    maturity: str
    routes: frozenset[tuple[str, str, str]]
    last_event_at: int | None
    interests: Mapping[str, float]
    ledger: Mapping[tuple[str, str, str], tuple[float, float, float, float]]  # points, cap, cut, decay
    fit_lines: Mapping[str, float]
    unsure: frozenset[str]


def said_class(said: object) -> str | None:
    """A class that people have set, where it is one."""
    known = ("competitor", "student", "vendor", "internal", "other")
    return plain(said) if isinstance(said, str) and plain(said) in known else None


class Oracle:
    """One lead's facts, copies included, under one model."""

    def __init__(self, model: Model, facts: Iterable[Fact], email: str | None) -> None:
        self.model, self.email = model, email
        self.zone = ZoneInfo(model.timezone)
        self.every = once(facts)
        self.facts = [fact for fact in self.every if self._is_counted(fact)]
        self._lines: list[Line] = []
        self._fired: dict[int, list[Rule]] = {}
        for place in range(len(self.facts)):
            self._fired[place] = [rule for rule in model.rules if self._fires(rule, place)]
        for place in range(len(self.facts)):
            self._lines.extend(self._lines_of(place))

    def _is_counted(self, fact: Fact) -> bool:
        if fact.event == "Verdict Given":
            return False
        said = [
            (order(verdict), verdict.properties["verdict"])
            for verdict in self.every
            if verdict.event == "Verdict Given"
            and str(verdict.properties["of"]) == fact.message_id
            and (not verdict.properties.get("of_source") or verdict.properties["of_source"] == fact.source)
        ]
        return not said or max(said)[1] == "human"

    # ---- Which rules fire ------------------------------------------------------------------------------------

    def _fires(self, rule: Rule, place: int) -> bool:
        if not self._matches(rule, place):
            return False
        if rule.repeat is None:
            return True
        window = self._window(rule.repeat.per, place)
        before = [j for j in range(place) if self._matches(rule, j) and self._window(rule.repeat.per, j) == window]
        return len(before) < rule.repeat.at_most

    @cached_property
    def _matched(self) -> dict[tuple[str, int], bool]:
        return {}

    def _matches(self, rule: Rule, place: int) -> bool:
        """where, lead and past: what `repeat` counts."""
        key = (rule.id, place)
        if key not in self._matched:
            self._matched[key] = (
                self._is(rule.event, rule.where, place)
                and (rule.lead is None or holds(rule.lead, self.lead_before(place)))
                and all(self._has(past, place) for past in rule.past)
            )
        return self._matched[key]

    def _is(self, event: str, where: Condition | None, place: int) -> bool:
        fact = self.facts[place]
        if fact.event != event or event in CHANGES:
            return False
        return where is None or holds(where, lambda name: self.field(fact, name))

    def field(self, fact: Fact, name: str) -> object:
        """A field of a fact; a click without strength has it from its link."""
        value = field(fact, name)
        if name not in ("strength", "properties.strength") or fact.event not in CLICKS or not absent(value):
            return value
        url = field(fact, "url")
        strong = isinstance(url, str) and any(glob(link, url) for link in self.model.strong_links)
        return "strong" if strong else "weak"

    def _has(self, past: Past, place: int) -> bool:
        at = self.facts[place].at
        proofs = (past.event, "Email Clicked") if past.event == "Email Opened" else (past.event,)
        found = [
            other
            for j, other in enumerate(self.facts)
            if other.at < at
            and (past.within is None or other.at >= at - past.within)
            and any(self._is(event, past.where, j) for event in proofs)
        ]
        return len(found) >= past.at_least

    def _window(self, per: str, place: int) -> object:
        """What names the window of that kind in which a fact stands."""
        if per == "ever":
            return "ever"
        if per == "visit":
            return self._visit(place)
        local = self._local(self.facts[place].at)
        return {
            "hour": (local.date(), local.hour, local.utcoffset()),
            "day": local.date(),
            "week": local.isocalendar()[:2],
            "month": (local.year, local.month),
        }[per]

    def _visit(self, place: int) -> int:
        """The page view that began the visit."""
        views = [j for j in range(place + 1) if self.facts[j].event == "Page Viewed"]
        while len(views) > 1 and self.facts[views[-1]].at - self.facts[views[-2]].at < HALF_HOUR:
            views.pop()
        return views[-1]

    def _local(self, at: int) -> datetime:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(self.zone)

    # ---- Lines -----------------------------------------------------------------------------------------------

    def _lines_of(self, place: int) -> list[Line]:
        fact = self.facts[place]
        lines = []
        if self._recycles(place):
            assert self.model.recycle_to is not None
            lines.append(self._plain(place, "recycle", self.model.recycle_to - self._fit_before(place)))
        if fact.event == "Score Adjusted" and fact.properties["kind"] != "reset":
            points = self._adjusted(place, str(fact.properties["kind"]), float(str(fact.properties["points"])))
            if points is not None:
                lines.append(self._plain(place, str(fact.properties["kind"]), points))
        for rule in self._fired[place]:
            net = rule.points - self._taken(rule, place)
            lines.append(Line(place, fact.at, rule.id, rule.points, net, self._half_life(rule)))
        return lines

    def _plain(self, place: int, rule: str, points: float) -> Line:
        return Line(place, self.facts[place].at, rule, points, points, self.model.half_life or 0)

    def _half_life(self, rule: Rule) -> int:
        if rule.half_life is Decay.NONE:
            return 0
        return (self.model.half_life or 0) if rule.half_life is Decay.MODEL else int(rule.half_life)

    def _adjusted(self, place: int, kind: str, points: float) -> float | None:
        if kind == "add":
            return points
        if kind == "set":
            return points - self._fit_before(place)
        missing = points - self._behaviour(self._lines, place, self.facts[place].at) - self._fit_before(place)
        return missing if missing > 0 else None

    def _fit_before(self, place: int) -> float:
        return sum(self._fit_lines(self.lead_before(place)).values())

    def _taken(self, rule: Rule, place: int) -> float:
        """What the cap takes: how far this line leads beyond it, on top of all lines before in its window."""
        cap = next((cap for cap in self.model.caps if rule.id in cap.rules), None)
        if cap is None:
            return 0.0
        window = self._window(cap.per, place)
        before = 0.0
        for j in range(place + 1):
            for other in self._fired[j] if self._fired[j] and self._window(cap.per, j) == window else ():
                if (j, other.id) == (place, rule.id):
                    return rule.points - (min(cap.points, before + rule.points) - min(cap.points, before))
                if other.id in cap.rules:
                    before += other.points
        raise AssertionError("the line is among those of its window")

    def _recycles(self, place: int) -> bool:
        fact = self.facts[place]
        reason = fact.properties.get("reason")
        written = plain(reason).replace("_", " ").replace("-", " ").split() if isinstance(reason, str) else []
        early = written in (["too", "early"], ["trop", "tot"])
        return fact.event == "Lead Rejected" and early and self.model.recycle_to is not None

    def _is_cut(self, place: int) -> bool:
        fact = self.facts[place]
        if fact.event == "Score Adjusted":
            return fact.properties["kind"] in ("set", "reset")
        return fact.event in self.model.cycle_ends_on or self._recycles(place)

    def _last_cut(self, end: int) -> int:
        """The last cut before that place, -1 where there is none; what stands at the cut itself comes after it."""
        return max((j for j in range(end) if self._is_cut(j)), default=-1)

    def _behaviour(self, lines: list[Line], end: int, at: int) -> float:
        cut = self._last_cut(end)
        return sum(_left(line, at) for line in lines if cut <= line.place < end)

    def _fit_lines(self, lead: Lookup) -> dict[str, float]:
        return {fit.id: fit.points for fit in self.model.fit if holds(fit.where, lead)}

    # ---- Who the lead is -------------------------------------------------------------------------------------

    def lead_before(self, place: int) -> Lookup:
        """The lead's traits and groups as the facts before that place had made them."""
        return lambda name: self._groups(place) if name == "groups" else self._trait(name.partition(".")[2], place)

    def _trait(self, path: str, place: int) -> object:
        for fact in reversed(self.facts[:place]):
            if fact.event == "Traits Set" and (path in fact.traits or path.split(".", maxsplit=1)[0] in fact.traits):
                value = dig(fact.traits, path)
                return self._derived(path) if absent(value) else value
        return self._derived(path)

    def _derived(self, path: str) -> object:
        known = {"email": self.email, "email_domain": (self.email or "").rpartition("@")[2]}
        return known.get(path)

    def _groups(self, place: int) -> list[str]:
        last: dict[str, bool] = {}
        for fact in self.facts[:place]:
            if fact.event in ("Group Joined", "Group Left"):
                last[plain(str(fact.properties["group"]))] = fact.event == "Group Joined"
        return [group for group, joined in last.items() if joined]

    def _interests(self, end: int, at: int) -> dict[str, float]:
        weights: dict[str, float] = {}
        for fact in self.facts[:end]:
            path = field(fact, "path")
            if fact.event in CHANGES or not isinstance(path, str):
                continue
            for topic in {line.topic for line in self.model.topics if glob(line.path, path)}:
                age, half_life = at - fact.at, self.model.half_life
                weights[topic] = weights.get(topic, 0.0) + (0.5 ** (age / half_life) if half_life else 1.0)
        return weights

    # ---- The answer ------------------------------------------------------------------------------------------

    def at(self, at: int) -> Answer:
        """The lead as of an instant, facts of that very instant included."""
        end = sum(fact.at <= at for fact in self.facts)
        behaviour, lead = self._behaviour(self._lines, end, at), self.lead_before(end)
        fit_lines = self._fit_lines(lead)
        fit = sum(fit_lines.values())
        score = self._capped(behaviour + fit)
        band = self._band(score)
        unsure = {"band"} if self._hangs(score) else set()
        lines = (str(line.lead_class) for line in self.model.irrelevant if holds(line.where, lead))
        lead_class = said_class(lead("traits.lead_class")) or next(lines, None)
        hot = self._is_hot(end, at) or self.model.bands[band].temperature == "hot"
        heat = "irrelevant" if lead_class else "hot" if hot else str(self.model.bands[band].temperature)
        interests = self._interests(end, at)
        near = (abs(weight - limit) for weight in interests.values() for limit in (0.3, 0.5, 1, 1.5))
        forgotten = min(interests.values(), default=1.0) < 1e-290  # as good as: which digit is the last is chance
        if self.model.personas and self.model.half_life and (forgotten or min(near, default=1.0) < 1e-9):
            unsure.add("persona")
        behaviours = [fact.at for fact in self.facts[:end] if fact.event not in CHANGES]
        routes, swings = self._routes(end, at, band, fit)
        return Answer(
            score=score,
            behaviour=behaviour,
            fit=fit,
            total=score - behaviour - fit,
            band=self.model.bands[band].id,
            stage=self._stage(end, at),
            temperature=heat,
            lead_class=lead_class,
            persona=self._persona(lead, interests),
            maturity=self._maturity(end, heat),
            routes=frozenset() if lead_class else frozenset(routes),
            last_event_at=behaviours[-1] if behaviours else None,
            interests=interests,
            ledger=self._ledger(end, at),
            fit_lines=fit_lines,
            unsure=frozenset(unsure | ({"routes"} if swings else set())),
        )

    def _capped(self, points: float) -> float:
        return points if self.model.total_cap is None else min(points, self.model.total_cap)

    def _band(self, score: float) -> int:
        edges = [band.up_to for band in self.model.bands]
        return next(i for i, edge in enumerate(edges) if edge is None or round(score, 6) <= edge)

    def _hangs(self, score: float) -> bool:
        """Whether a billionth more or less would be another band."""
        return self._band(score - 1e-9) != self._band(score + 1e-9)

    def _is_hot(self, end: int, at: int) -> bool:
        cooled = max((j for j in range(end) if self.facts[j].event in COOLING), default=-1)
        return any(
            self._is(hot.event, hot.where, j) and (hot.within is None or self.facts[j].at >= at - hot.within)
            for hot in self.model.hot_when
            for j in range(max(cooled, 0), end)
        )

    def _stage(self, end: int, at: int) -> Stage | None:
        window, cut = self.model.stage_window, max(self._last_cut(end), 0)
        stages = [
            rule.stage
            for j in range(cut, end)
            if window is None or self.facts[j].at >= at - window
            for rule in self._fired[j]
            if rule.stage is not None
        ]
        return max(stages, default=None)

    def _routes(self, end: int, at: int, band: int, fit: float) -> tuple[set[tuple[str, str, str]], bool]:
        fresh = [j for j in range(end) if at - self.facts[j].at < self.model.fresh]
        due = {(rule.route.team, rule.route.treatment, rule.id) for j in fresh for rule in self._fired[j] if rule.route}
        route, swings = self.model.bands[band].route, False
        if route:
            then = self._capped(self._behaviour(self._lines, end, self.facts[end - 1].at) + fit) if end else None
            swings = then is not None and self._hangs(then)
            if then is None or self._band(then) == band:
                due.add((route.team, route.treatment, self.model.bands[band].id))
        return due, swings

    def _persona(self, lead: Lookup, interests: Mapping[str, float]) -> str | None:
        def asked(name: str) -> object:
            if name == "interests":
                return [topic for topic, weight in interests.items() if weight >= 0.5]
            return interests.get(name.partition(".")[2]) if name.startswith("interests.") else lead(name)

        return next((persona.id for persona in self.model.personas if holds(persona.where, asked)), None)

    def _maturity(self, end: int, heat: str) -> str:
        heard = [self.facts[j] for j in range(end) if self._fired[j]]
        if heat == "hot":
            return "mature"
        days = {self._local(fact.at).date() for fact in heard}
        several = len(days) > 1 or len({fact.event for fact in heard}) > 1
        return "none" if not heard else "lead" if several else "signal"

    def _ledger(self, end: int, at: int) -> dict[tuple[str, str, str], tuple[float, float, float, float]]:
        cut = self._last_cut(end)
        written = {}
        for line in self._lines:
            if line.place < end:
                fact, gone = self.facts[line.place], line.place < cut
                left = 0.0 if gone else _left(line, at) - line.net
                key = (fact.source, fact.message_id, line.rule)
                written[key] = (line.points, line.net - line.points, -line.net if gone else 0.0, left)
        return written


def _left(line: Line, at: int) -> float:
    return line.net * 0.5 ** ((at - line.at) / line.half_life) if line.half_life else line.net


# ---- Whose a row is -----------------------------------------------------------------------------------------------

Keys = tuple[tuple[str, str], ...]


def whose(rows: Iterable[tuple[Keys, Fact]], keys: Keys) -> tuple[str, str]:
    """The owner of a row of these keys, strongest first: of a key's own sort, else by the rows in which it stood."""
    every = sorted(rows, key=lambda row: order(row[1]))
    sort, key = keys[0]
    if sort == "email":
        return sort, key
    for roots in ("email", "user_id"):
        far = _distances(every, roots)
        if keys[0] in far:
            return _walk(every, far, keys[0])
    return sort, key


def _distances(rows: list[tuple[Keys, Fact]], roots: str) -> dict[tuple[str, str], int]:
    """How many rows away each key is from a root; roots do not lead to one another."""
    far = {node: 0 for keys, _ in rows for node in keys if node[0] == roots}
    for distance in range(1, len(rows) + 1):
        for keys, _ in rows:
            if any(far.get(node) == distance - 1 for node in keys):
                for node in keys:
                    far.setdefault(node, distance)
    return far


def _walk(rows: list[tuple[Keys, Fact]], far: dict[tuple[str, str], int], node: tuple[str, str]) -> tuple[str, str]:
    while far[node]:
        node = next(near for keys, _ in rows if node in keys for near in keys if far[near] == far[node] - 1)
    return node


# ---- Facts --------------------------------------------------------------------------------------------------------


def order(fact: Fact) -> tuple[int, int, bytes, bytes]:
    """Canonical order."""
    return fact.at, 0 if fact.event in FIRST else 1, fact.source.encode(), fact.message_id.encode()


def once(facts: Iterable[Fact]) -> list[Fact]:
    """Each fact once, the earliest of its copies, in canonical order."""
    kept: dict[tuple[str, str], Fact] = {}
    for fact in facts:
        known = kept.get((fact.source, fact.message_id))
        if known is None or order(fact) < order(known):
            kept[fact.source, fact.message_id] = fact
    return sorted(kept.values(), key=order)


def dig(values: object, path: str) -> object:
    """What stands at a dotted path: the whole path as one key, else its first name and so on."""
    if not isinstance(values, Mapping):
        return None
    if path in values:
        return values[path]
    head, dot, tail = path.partition(".")
    return dig(values.get(head), tail) if dot else None


def field(fact: Fact, name: str) -> object:
    """A bare name is a property; the rest says where it stands."""
    for part in ("properties", "context", "traits"):
        if name.startswith(f"{part}."):
            return dig(getattr(fact, part), name.partition(".")[2])
    return dig(fact.properties, name)
