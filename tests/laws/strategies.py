"""Random worlds for the laws: a scoring model, and the rows of one or two people as they were delivered.

`world(seed)` is a pure function of its seed, fast enough for 100,000 histories; `worlds()` hands seeds over to
Hypothesis. `census` counts what a world is made of.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from couveuse.core.conditions import All, Any, Condition, Not, Test
from couveuse.core.events import Fact, Row, check
from couveuse.core.identities import Node, owner_of, owners
from couveuse.core.model import Model
from couveuse.core.times import NEVER
from tests.laws import random_models, random_rows
from tests.laws import vocabulary as words

LATEST = words.instant("2100-01-01T00:00:00+00:00")
HISTORIES = 2_000  # of each law in an ordinary run
SIZES = (5, 8, 12, 18, 25, 35, 60)


@dataclass(frozen=True, slots=True)
class World:
    """A model, the rows of a file of events in the order of delivery, and those of a file of leads."""

    seed: int
    model: Model
    rows: tuple[Mapping[str, object], ...]
    leads: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True)
class Lead:
    """One lead with its facts as they were delivered, copies included."""

    owner: Node
    facts: tuple[Fact, ...]

    @property
    def email(self) -> str | None:
        """The e-mail, if one is known."""
        return self.owner[1] if self.owner[0] == "email" else None


def world(seed: int) -> World:
    """The world of that seed, always the same; the remainder of the seed says how long its history is."""
    rng = Random(seed)
    events = tuple(dict.fromkeys((rng.choice(words.COMMON), *rng.sample(words.EVENTS, rng.randint(3, 5)))))
    model = random_models.a_model(rng, events)
    rows = random_rows.rows(rng, model, events, SIZES[seed % len(SIZES)])
    return World(seed, model, tuple(rows), tuple(random_rows.leads(rng)))


def seeds() -> st.SearchStrategy[int]:
    """Hypothesis's way to the same worlds; it shrinks towards short histories."""
    return st.builds(lambda size, draw: draw * len(SIZES) + size, st.integers(0, len(SIZES) - 1), st.integers(0, 2**32))


def worlds() -> st.SearchStrategy[World]:
    """Worlds as Hypothesis draws them."""
    return seeds().map(world)


def checked(world: World) -> list[Row]:
    """The rows of the world as the core reads them; each of them is a fact."""
    zone = ZoneInfo(world.model.timezone)
    found = [check(row, zone=zone, latest=LATEST) for row in world.rows]
    rows = [row for row in found if isinstance(row, Row)]
    assert len(rows) == len(found), "the generator wrote a row that is no fact"
    return rows


def leads_of(world: World) -> list[Lead]:
    """The leads (and visitors) of a world, each with its facts in the order of delivery."""
    rows = checked(world)
    owned = owners(standings(rows))
    facts: dict[Node, list[Fact]] = {}
    for row in rows:
        owner = owner_of(owned, row.email, row.user_id, row.anonymous_id)
        assert owner is not None, "a checked row has a key"
        facts.setdefault(owner, []).append(row.fact)
    for number, lead in enumerate(world.leads):
        traits = {name: value for name, value in lead.items() if name != "email"}
        fact = Fact(NEVER, "Traits Set", f"leads:{number}", traits=traits)
        facts.setdefault(("email", str(lead["email"])), []).insert(0, fact)
    return [Lead(owner, tuple(held)) for owner, held in sorted(facts.items())]


def standings(rows: Iterable[Row]) -> Iterator[tuple[Node, Node, tuple[int, int, str, str]]]:
    """Which keys stood together in which row."""
    for row in rows:
        nodes = (("email", row.email), ("user_id", row.user_id), ("anonymous_id", row.anonymous_id))
        for (one, key), (other, near) in combinations(nodes, 2):
            if key and near:
                yield (one, key), (other, near), row.fact.key


# ---- What was made ------------------------------------------------------------------------------------------------


def census(world: World) -> Counter[str]:
    """How many of each thing that a law must meet a world holds."""
    made = _census_of_model(world.model)
    rows = checked(world)
    owned = owners(standings(rows))
    ends = set(world.model.cycle_ends_on)
    for row in rows:
        owner = owner_of(owned, row.email, row.user_id, row.anonymous_id)
        made["merge"] += int(owner is not None and owner[0] == "email" and row.email is None)
        fact = row.fact
        made["cut: cycle"] += int(fact.event in ends)
        if fact.event == "Score Adjusted":
            made[f"adjustment: {fact.properties['kind']}"] += 1
        if fact.event == "Verdict Given":
            made[f"verdict: {fact.properties['verdict']}"] += 1
            made["verdict with of_source"] += int(bool(fact.properties.get("of_source")))
        made[f"fact: {fact.event}"] += 1
    made["cut: too early"] = sum(
        world.model.recycle_to is not None and row.fact.properties.get("reason") in words.REASONS[:3] for row in rows
    )
    made["leads file"] = len(world.leads)
    return made + _census_of_times(world, rows) + _census_of_copies(rows)


def _census_of_model(model: Model) -> Counter[str]:
    made: Counter[str] = Counter()
    wheres = [rule.where for rule in model.rules] + [rule.lead for rule in model.rules]
    wheres += [past.where for rule in model.rules for past in rule.past]
    wheres += [line.where for lines in (model.fit, model.irrelevant, model.personas, model.hot_when) for line in lines]
    for condition in wheres:
        made.update(_operators(condition))
    for rule in model.rules:
        made["negative points"] += int(rule.points < 0)
        made["half-life of a rule"] += int(isinstance(rule.half_life, int))
        made["lead condition"] += int(rule.lead is not None)
        made[f"repeat: {rule.repeat.per}" if rule.repeat else "repeat: always"] += 1
        made.update(f"past: at least {past.at_least}" for past in rule.past)
        made.update("past: ever" if past.within is None else "past: within" for past in rule.past)
    made.update(f"cap: {cap.per}" for cap in model.caps)
    made["cap: total"] = int(model.total_cap is not None)
    made[f"zone: {model.timezone}"] += 1
    made["hot_when"] = len(model.hot_when)
    made["irrelevant"] = len(model.irrelevant)
    made["persona"] = len(model.personas)
    made["topic"] = len(model.topics)
    made["stage window"] = int(model.stage_window is not None)
    return made


def _operators(condition: Condition | None) -> Iterator[str]:
    match condition:
        case Test():
            yield f"operator: {condition.operator}"
        case All(parts) | Any(parts):
            yield f"operator: {type(condition).__name__.lower()}"
            for part in parts:
                yield from _operators(part)
        case Not(part):
            yield "operator: not"
            yield from _operators(part)


def _census_of_times(world: World, rows: list[Row]) -> Counter[str]:
    made: Counter[str] = Counter()
    zone = ZoneInfo(world.model.timezone)
    instants = sorted(at for _, _, at in {(row.fact.source, row.fact.message_id, row.fact.at) for row in rows})
    made["tie of time"] = sum(one == other for one, other in pairwise(instants))
    withins = {past.within for rule in world.model.rules for past in rule.past if past.within}
    made["edge of a past window"] = sum(at - within in instants for at in instants for within in withins)
    made["visit of 30 minutes sharp"] = sum(other - one == 30 * words.MINUTE for one, other in pairwise(instants))
    changed = {words.local(change, zone).date() for change in words.clock_changes(world.model.timezone)}
    for at in instants:
        moment = words.local(at, zone)
        made["day on which clocks change"] += int(moment.date() in changed)
        made["hour that comes twice"] += int(moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset())
    return made


def _census_of_copies(rows: list[Row]) -> Counter[str]:
    made: Counter[str] = Counter()
    copies: dict[tuple[str, str], list[Fact]] = {}
    for row in rows:
        copies.setdefault((row.fact.source, row.fact.message_id), []).append(row.fact)
    for same in copies.values():
        made["copy"] += len(same) - 1
        made["copy with another time"] += len({fact.at for fact in same}) - 1
    made["late row"] = sum(one.fact.at > other.fact.at for one, other in pairwise(rows))
    made["same message_id of two sources"] = len(copies) - len({message_id for _, message_id in copies})
    return made


@lru_cache(maxsize=4_096)
def kept_world(seed: int) -> tuple[World, tuple[Lead, ...]]:
    """A world and its leads, made once a run however many laws ask."""
    made = world(seed)
    return made, tuple(leads_of(made))
