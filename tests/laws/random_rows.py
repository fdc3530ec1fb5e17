"""Random rows of events, as files hold them: ties of time, edges of windows, changes of clocks, copies, late rows.

People show up by several keys, sometimes share a device, are corrected by verdicts, adjusted, and change their traits.
"""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from zoneinfo import ZoneInfo

from couveuse.core.model import Model, Window
from tests.laws import vocabulary as words

Row = dict[str, object]

SPANS = (2 * words.HOUR, 2 * words.DAY, 20 * words.DAY, 200 * words.DAY)
VISIT_GAP, FRESH = 30 * words.MINUTE, 7 * words.DAY


class Clock:
    """Draws instants: near a change of clocks, tied to one another, and on the edges of the model's windows."""

    def __init__(self, rng: Random, model: Model) -> None:
        self.rng, self.zone = rng, ZoneInfo(model.timezone)
        changes = words.clock_changes(model.timezone) or words.clock_changes("Europe/Paris")
        self.start, self.span = rng.choice(changes), rng.choice(SPANS)
        withins = [past.within for rule in model.rules for past in rule.past]
        withins += [hot.within for hot in model.hot_when] + [model.stage_window, model.half_life]
        self.durations = [VISIT_GAP, FRESH, *(within for within in withins if within)]
        self.drawn = [self.start]

    def draw(self) -> int:
        """The next instant."""
        rng, known = self.rng, self.rng.choice(self.drawn)
        sort = rng.random()
        if sort < 0.12:
            at = known
        elif sort < 0.34:
            at = known + rng.choice((1, 1, -1)) * rng.choice(self.durations) + rng.choice((0, 0, -1, 1))
        elif sort < 0.46:
            at = self._window_start(known) + rng.choice((0, 0, -1, 1))
        elif sort < 0.64:
            at = known + rng.randrange(40 * words.MINUTE)
        else:
            at = self.start + rng.randint(-self.span, self.span)
        self.drawn.append(at)
        return at

    def _window_start(self, at: int) -> int:
        """The first instant of an hour, a day, a week or a month on the model's clocks."""
        moment = words.local(at, self.zone).replace(minute=0, second=0, microsecond=0)
        window = self.rng.choice(("hour", "day", "week", "month"))
        if window != "hour":
            moment = moment.replace(hour=0)
        if window == "week":
            moment -= timedelta(days=moment.weekday())
        return words.instant((moment.replace(day=1) if window == "month" else moment).isoformat())

    def written(self, at: int) -> str:
        """An instant as a row writes it: mostly in UTC, else with an offset or with none."""
        moment = words.local(at, self.rng.choice((ZoneInfo("UTC"), ZoneInfo("UTC"), self.zone)))
        bare = self.rng.random() < 0.04
        return (words.local(at, self.zone).replace(tzinfo=None) if bare else moment).isoformat()


class Person:
    """One person with the keys by which they show up."""

    def __init__(self, rng: Random, name: str, domain: str) -> None:
        self.email = f"{name}@{domain}" if rng.random() < 0.92 else None
        self.others = [("user_id", f"{name}-{i}") for i in range(rng.randint(0 if self.email else 1, 2))]
        self.others += [("anonymous_id", f"{name}-device-{i}") for i in range(rng.randint(0, 2))]

    def keys(self, rng: Random) -> Row:
        """The keys of one row."""
        chosen = [key for key in self.others if rng.random() < 0.35]
        if self.email and (not chosen or rng.random() < 0.6):
            return {"email": rng.choice((self.email, self.email, f" {self.email.upper()} ")), **dict(chosen)}
        return dict(chosen or [rng.choice(self.others)])


def people(rng: Random) -> list[Person]:
    """One person, or two who may share a device and be taken for one another."""
    first = Person(rng, "alice", rng.choice(("example.com", "rival.example")))
    if rng.random() < 0.75:
        return [first]
    second = Person(rng, "bob", "example.com")
    shared = rng.choice((("anonymous_id", "shared"), ("user_id", "shared")))
    first.others.append(shared)
    second.others.append(shared)
    return [first, second]


def rows(rng: Random, model: Model, events: tuple[str, ...], count: int) -> list[Row]:
    """That many rows and their copies, in the order in which they are delivered."""
    clock, persons = Clock(rng, model), people(rng)
    verdicts = rng.choice((0, 0, 0.06, 0.15))
    made: list[Row] = []
    while len(made) < count:
        person = rng.choice(persons)
        for what, at in _scenes(rng, clock, model) or [(_what(rng, events, made, verdicts), clock.draw())]:
            made.append({**what, **person.keys(rng), **_name(rng, len(made), made)})
            made[-1]["occurred_at"] = clock.written(at)
    delivered = [*made, *_copies(rng, clock, made)]
    rng.shuffle(delivered)
    return delivered


def leads(rng: Random) -> list[Row]:
    """The rows of a leads file: an e-mail, and traits held since always."""
    if rng.random() < 0.6:
        return []
    emails = rng.choice((["alice@example.com"], ["alice@rival.example", "bob@example.com"], ["quiet@example.com"]))
    return [{"email": email, **_traits(rng)} for email in emails]


def _copies(rng: Random, clock: Clock, made: list[Row]) -> Iterator[Row]:
    for row in made:
        if rng.random() < 0.12:
            yield dict(reversed(row.items()))
        if "message_id" in row and rng.random() < 0.05:
            yield {**row, "occurred_at": clock.written(clock.draw())}


def _name(rng: Random, number: int, made: list[Row]) -> Row:
    """How a row is known: by `message_id` and `source`, or by neither, and then by all that it says."""
    if rng.random() < 0.1:
        return {}
    source = rng.choice(("", "web", "crm"))
    known = [row for row in made if row.get("message_id") and row.get("source", "") != source]
    message_id = (
        str(rng.choice(known)["message_id"]) if known and rng.random() < 0.08 else f"{rng.choice('aAzé')}{number}"
    )
    if any((row.get("message_id"), row.get("source", "")) == (message_id, source) for row in made):
        message_id = f"b{number}"
    return {"message_id": message_id, **({"source": source} if source else {})}


# ---- Scenes: several rows that meet on an edge of the model ---------------------------------------------------------

Scene = list[tuple[Row, int]]


def _scenes(rng: Random, clock: Clock, model: Model) -> Scene:
    """Now and then a scene; mostly none."""
    rule = rng.choice(model.rules)
    at = clock.draw()
    if rule.past and rng.random() < 0.2:
        past = rng.choice(rule.past)
        edge = at - (past.within or words.DAY) + rng.choice((0, 0, 0, 1, -1))
        edge = at if rng.random() < 0.15 else edge
        event = "Email Clicked" if past.event == "Email Opened" and rng.random() < 0.4 else past.event
        before = [(_behaviour(rng, event), edge) for _ in range(past.at_least + rng.choice((0, 0, 1)))]
        return [*before, (_behaviour(rng, rule.event), at)]
    if rule.repeat and rule.repeat.per is Window.VISIT and rng.random() < 0.3:
        gaps = [rng.choice((VISIT_GAP, VISIT_GAP - 1, VISIT_GAP // 2)) for _ in range(rng.randint(1, 3))]
        return [(_behaviour(rng, rule.event), at + sum(gaps[:i])) for i in range(len(gaps) + 1)]
    if rule.repeat and rule.repeat.per in (Window.HOUR, Window.DAY) and rng.random() < 0.3:
        around = (clock.start + rng.randint(-words.HOUR, words.HOUR) for _ in range(3))
        return [(_behaviour(rng, rule.event), edge) for edge in around]
    if rule.lead and rng.random() < 0.2:
        if rng.random() < 0.4:  # two ways to write one group
            spelled = ("Group Joined", "Inscription Newsletter"), ("Group Left", "inscription newsletter")
            moves = [({"event": event, "group": group}, at - 2 + i) for i, (event, group) in enumerate(spelled)]
            return [*moves, (_behaviour(rng, rule.event), at)]
        change = rng.choice(({"event": "Traits Set", "traits": _traits(rng)}, _group(rng)))
        return [(_behaviour(rng, rule.event), at), (change, at + 1), (_behaviour(rng, rule.event), at + 2)]
    return []


def _group(rng: Random) -> Row:
    return {"event": rng.choice(("Group Joined", "Group Joined", "Group Left")), "group": rng.choice(words.GROUPS)}


# ---- What a row says ----------------------------------------------------------------------------------------------


def _what(rng: Random, events: tuple[str, ...], made: list[Row], verdicts: float) -> Row:
    hits = [row for row in made if row.get("message_id") and row["event"] in words.EVENTS]
    if hits and rng.random() < verdicts:
        return _verdict(rng, rng.choice(hits))
    sort = rng.random()
    if sort < 0.08:
        kind = rng.choice(("add", "add", "raise", "raise", "set", "reset"))
        points = {} if kind == "reset" else {"points": rng.choice((-4, 1, 2.5, 10, 12, 21, 40))}
        return {"event": "Score Adjusted", "kind": kind, **points}
    if sort < 0.16:
        return {"event": "Traits Set", "traits": _traits(rng)}
    if sort < 0.22:
        return _group(rng)
    if sort < 0.24:
        return {"event": rng.choice(("Consent Given", "Consent Withdrawn")), "purpose": "newsletter"}
    return _behaviour(rng, rng.choice(events))


def _traits(rng: Random) -> Row:
    names = rng.sample(sorted(words.TRAITS), rng.randint(1, 3))
    return {name: rng.choice(words.TRAITS[name]) for name in names}


def _verdict(rng: Random, hit: Row) -> Row:
    sources = ({}, {"of_source": hit.get("source", "")}, {"of_source": rng.choice(("web", "crm"))})
    said = rng.choice(("machine", "machine", "doubtful", "human"))
    return {
        "event": "Verdict Given",
        "of": hit["message_id"],
        "verdict": said,
        "reason": "scanner",
        **rng.choice(sources),
    }


def _behaviour(rng: Random, event: str) -> Row:
    row: Row = {"event": event}
    properties = {name: rng.choice(values) for name, values in words.PROPERTIES.items() if rng.random() < 0.4}
    if event in words.CLICKS:
        properties |= {"url": rng.choice(words.URLS)} if rng.random() < 0.7 else {}
        properties |= {"strength": rng.choice(words.STRENGTHS)} if rng.random() < 0.5 else {}
    if event == "Lead Rejected":
        properties["reason"] = rng.choice(words.REASONS)
    row.update(properties if rng.random() < 0.5 else {"properties": properties})
    if rng.random() < 0.3:
        row["context"] = {name: rng.choice(values) for name, values in words.CONTEXT.items()}
    if rng.random() < 0.15:
        row["traits"] = {name: rng.choice(values) for name, values in words.EVENT_TRAITS.items()}
    return row
