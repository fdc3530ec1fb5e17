"""The laws of the score as functions of a core and a world: each raises AssertionError where the core breaks it.

The core is passed in, so that the same functions judge the real one and those with a bug planted in them.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from random import Random
from types import ModuleType, SimpleNamespace

from couveuse.core import fold, ledger, plan, reading, state
from couveuse.core.errors import OutOfOrder
from couveuse.core.events import Fact
from couveuse.core.model import Band, Model, Rule, Temperature
from couveuse.core.times import NEVER
from tests.laws import vocabulary as words
from tests.laws.oracle import Answer, Oracle
from tests.laws.strategies import LATEST, Lead, World, kept_world

TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Core:
    """The modules of a core, the real one or one with a bug in it."""

    plan: ModuleType | SimpleNamespace
    fold: ModuleType | SimpleNamespace
    reading: ModuleType | SimpleNamespace
    state: ModuleType | SimpleNamespace
    ledger: ModuleType | SimpleNamespace


REAL = Core(plan, fold, reading, state, ledger)

Law = Callable[[Core, World, tuple[Lead, ...]], None]


@lru_cache(maxsize=8_192)
def oracle(seed: int, number: int) -> Oracle:
    """The slow reference of one lead of a world, made once a run however many laws ask."""
    made, leads = kept_world(seed)
    return Oracle(made.model, leads[number].facts, leads[number].email)


@lru_cache(maxsize=8_192)
def answers(seed: int, number: int) -> tuple[tuple[int, Answer], ...]:
    """What the slow reference says of one lead at the instants that the laws ask about."""
    slow = oracle(seed, number)
    return tuple((at, slow.at(at)) for at in instants(slow, Random(seed)))


def instants(slow: Oracle, rng: Random) -> list[int]:
    """Instants to ask about: at facts, at the edges of the windows that begin there, and after all."""
    known = [fact.at for fact in slow.every if fact.at != NEVER] or [LATEST - words.DAY]
    model = slow.model
    spans = [model.fresh, *words.DURATIONS, *(hot.within for hot in model.hot_when), model.stage_window]
    asked = {known[-1], rng.choice(known), rng.choice(known) - 1}
    asked |= {rng.choice(known) + (span or 0) + rng.choice((0, 0, 1, -1)) for span in rng.sample(spans, 2)}
    return sorted(asked)


# ---- Laws ---------------------------------------------------------------------------------------------------------


def same_facts_same_score(core: Core, world: World, leads: tuple[Lead, ...]) -> None:
    """Law 1: whatever the order and however often each was delivered."""
    rng, planned = Random(world.seed), core.plan.plan(world.model)
    for lead in leads:
        first = core.fold.fold(planned, core.fold.canonical(lead.facts), email=lead.email)
        again = [*lead.facts, *rng.choices(lead.facts, k=3)]
        rng.shuffle(again)
        other = core.fold.fold(planned, core.fold.canonical(again), email=lead.email)
        _same_state(first, other, "the same facts in another order")
        end = _end(lead.facts)
        read = core.reading.at(planned, first, end)
        assert core.reading.at(planned, other, end) == read
        _same_since_always(core, planned, lead, read)


def _same_since_always(core: Core, planned: object, lead: Lead, read: object) -> None:
    """Traits of a leads file are facts of before all time, or are given at the start: that is one."""
    always = {name: value for fact in lead.facts if fact.at == NEVER for name, value in fact.traits.items()}
    facts = core.fold.canonical(fact for fact in lead.facts if fact.at != NEVER)
    folded = core.fold.fold(planned, facts, email=lead.email, since_always=always)
    assert core.reading.at(planned, folded, read.at) == read, "traits since always are read otherwise"


def every_point_is_explained(core: Core, world: World, leads: tuple[Lead, ...]) -> None:
    """Law 2: the lines sum to the score, and are those of the slow reference."""
    planned = core.plan.plan(world.model)
    for number, lead in enumerate(leads):
        facts = core.fold.canonical(lead.facts)
        for at, answer in answers(world.seed, number):
            written = core.ledger.Ledger()
            state_then = core.fold.fold(planned, facts, email=lead.email, until=at, ledger=written)
            lines = core.reading.lines(planned, state_then, written, at)
            score = core.reading.at(planned, state_then, at).score
            total = math.fsum(line.points for line in lines)
            assert abs(total - score) < TINY, f"the lines make {total}, the score is {score}"
            _same_lines(lines, answer, f"at {at}")


def as_of_any_instant(core: Core, world: World, leads: tuple[Lead, ...]) -> None:
    """Law 3: as of any instant, by what had occurred, the reading is that of the slow reference."""
    planned = core.plan.plan(world.model)
    for number, lead in enumerate(leads):
        facts = core.fold.canonical(lead.facts)
        for at, answer in answers(world.seed, number):
            then = core.fold.fold(planned, facts, email=lead.email, until=at)
            read = core.reading.at(planned, then, at)
            _same_reading(read, answer, f"at {at}")
            _close(
                _weighty(core.reading.interests(planned, then, at)), _weighty(answer.interests), f"interests at {at}"
            )
            early = [fact for fact in facts if fact.at <= at or fact.event == "Verdict Given"]
            assert core.reading.at(planned, core.fold.fold(planned, early, email=lead.email, until=at), at) == read


def fast_equals_slow(core: Core, world: World, leads: tuple[Lead, ...]) -> None:
    """Law 4: fact by fact, refolding where a fact comes out of order, is the fold of all."""
    rng, planned = Random(world.seed), core.plan.plan(world.model)
    for lead in leads:
        facts = core.fold.canonical(lead.facts)
        arriving = _nearly_in_order(facts, rng)
        written, whole = core.ledger.Ledger(), core.ledger.Ledger()
        live, known = core.state.empty(planned, lead.email), []
        for fact in arriving:
            known.append(fact)
            try:
                live = core.fold.advance(planned, live, fact, written)
            except OutOfOrder:
                written = core.ledger.Ledger()
                live = core.fold.fold(planned, core.fold.canonical(known), email=lead.email, ledger=written)
        at_once = core.fold.fold(planned, facts, email=lead.email, ledger=whole)
        _same_state(live, at_once, "fact by fact")
        assert written.entries == whole.entries, "the ledger written fact by fact is another"


def a_fold_splits_anywhere(core: Core, world: World, leads: tuple[Lead, ...]) -> None:
    """Law 4: whoever wrote a state, another goes on from it, to the last digit."""
    rng, planned = Random(world.seed), core.plan.plan(world.model)
    for lead in leads:
        facts = core.fold.canonical(lead.facts)
        whole = core.fold.fold(planned, facts, email=lead.email)
        for _ in range(2):
            cut = rng.randint(0, len(facts))
            begun = core.fold.fold(planned, facts[:cut], email=lead.email)
            written = core.state.packed(begun)
            gone_on = core.state.unpacked(planned, written)
            _same_state(gone_on, begun, "read back")
            for place, fact in enumerate(facts[cut:], start=cut):
                try:
                    gone_on = core.fold.advance(planned, gone_on, fact)
                except OutOfOrder:
                    assert fact.event == "Verdict Given", "a fact in order was refused"
                    gone_on = core.fold.fold(planned, facts[: place + 1], email=lead.email)
            _same_state(gone_on, whole, f"split after {cut} facts")
            assert core.state.packed(gone_on) == core.state.packed(whole), "the same state is written otherwise"


def a_change_of_band_is_foretold(core: Core, world: World, leads: tuple[Lead, ...]) -> None:
    """The next change of band is where a scan finds it, whether the score falls or rises."""
    planned = core.plan.plan(world.model)
    for lead in leads:
        folded = core.fold.fold(planned, core.fold.canonical(lead.facts), email=lead.email)
        _foretold(core, planned, folded, _end(lead.facts))
    model, facts = _swinging(Random(world.seed))
    planned = core.plan.plan(model)
    _foretold(core, planned, core.fold.fold(planned, facts), facts[-1].at)


def _swinging(rng: Random) -> tuple[Model, list[Fact]]:
    """Points of both signs that fade at different speeds, so that the score turns on its way, and narrow bands."""
    half_lives = rng.sample((words.HOUR, words.DAY, 3 * words.DAY, 7 * words.DAY, 30 * words.DAY), 3)
    points = (rng.uniform(5, 60), -rng.uniform(5, 60), rng.choice((-1, 1)) * rng.uniform(1, 20))
    lines = zip(points, half_lives, strict=True)
    rules = tuple(Rule(f"r{i}", f"E{i}", worth, half_life=half) for i, (worth, half) in enumerate(lines))
    edges = [*sorted(rng.sample(range(-30, 50), 6)), None]
    bands = tuple(Band(f"b{i}", edge, 0.0, Temperature.COLD) for i, edge in enumerate(edges))
    start = words.instant("2026-03-01T00:00:00+00:00")
    return Model("swinging", bands, rules=rules), [Fact(start + i, f"E{i}", f"m{i}") for i in range(len(rules))]


def _foretold(core: Core, planned: object, folded: object, start: int) -> None:
    change = core.reading.next_band(planned, folded, start)
    known = core.reading.at(planned, folded, start)
    assert core.reading.next_band(planned, folded, start, known) == change, "the reading of the instant changes it"
    here = known.band
    end = start + 400 * words.DAY if change is None else change.at - 1
    for at in {start + int((end - start) * (i / 30) ** power) for i in range(31) for power in (1, 4)}:
        score = core.reading.at(planned, folded, at).score
        assert here in _bands_near(core, planned, score), f"left {here.id} by {at}, unforetold"
    if change is not None:
        assert change.band is not here
        score = core.reading.at(planned, folded, change.at).score
        assert change.band in _bands_near(core, planned, score), f"not in {change.band.id} at {change.at}"


LAWS: tuple[Law, ...] = (
    same_facts_same_score,
    every_point_is_explained,
    as_of_any_instant,
    fast_equals_slow,
    a_fold_splits_anywhere,
    a_change_of_band_is_foretold,
)


def broken(core: Core, seeds: Iterable[int], laws: Iterable[Law] = LAWS) -> str | None:
    """The first world in which a law is broken, told in a line; None where all hold."""
    laws = tuple(laws)
    for seed in seeds:
        world, leads = kept_world(seed)
        for law in laws:
            try:
                law(core, world, leads)
            except Exception as error:  # noqa: BLE001 - a core with a bug may fail in any way
                return f"world {seed}, {law.__name__}: {type(error).__name__}: {error}"
    return None


# ---- Comparing ----------------------------------------------------------------------------------------------------


def _end(facts: Iterable[Fact]) -> int:
    return max((fact.at for fact in facts if fact.at != NEVER), default=LATEST - words.DAY)


def _nearly_in_order(facts: list[Fact], rng: Random) -> list[Fact]:
    """Most facts in order, a few of them late."""
    late = rng.sample(facts, min(len(facts), rng.randint(0, 4)))
    arriving = [fact for fact in facts if fact not in late]
    for fact in late:
        arriving.insert(rng.randint(0, len(arriving)), fact)
    return arriving


def _same_state(one: object, other: object, how: str) -> None:
    """Equal to the last digit in all but what is only remembered until the lead changes."""
    for each in fields(one):  # type: ignore[arg-type]  # states are dataclasses
        if each.name != "answers":
            left, right = getattr(one, each.name), getattr(other, each.name)
            assert left == right, f"{how}: {each.name} is {left}, not {right}"


def _bands_near(core: Core, planned: object, score: float) -> list[object]:
    return [core.reading.band_of(planned, score + slip) for slip in (-TINY, 0.0, TINY)]


def _same_reading(read: object, answer: Answer, where: str) -> None:
    found = {
        "stage": read.stage,
        "lead_class": None if read.lead_class is None else str(read.lead_class),
        "last_event_at": read.last_event_at,
        "persona": read.persona,
        "band": read.band.id,
        "temperature": str(read.temperature),
        "maturity": str(read.maturity),
        "routes": frozenset((route.team, route.treatment, route.cause) for route in read.routes),
    }
    for name in ("score", "behaviour", "fit", "total"):
        assert abs(getattr(read, name) - getattr(answer, name)) < TINY, (
            f"{where}: {name} is {getattr(read, name)}, not {getattr(answer, name)}"
        )
    unsure = set(answer.unsure)
    if "band" in unsure:
        unsure |= {"temperature", "maturity", "routes"}
    for name, value in found.items():
        if name not in unsure:
            assert value == getattr(answer, name), f"{where}: {name} is {value}, not {getattr(answer, name)}"
    causes = [route.cause for route in read.routes]
    assert len(causes) == len(set(causes)), f"{where}: a route stands twice"


def _same_lines(lines: list[object], answer: Answer, where: str) -> None:
    places = {"points": 0, "cap": 1, "cut": 2, "decay": 3}
    found: dict[tuple[str, str, str], list[float]] = {}
    others: dict[tuple[str, str], float] = {}
    for line in lines:
        if line.reference is None:
            others[str(line.kind), line.rule] = line.points
            continue
        key = (line.reference.source, line.reference.message_id, line.rule)
        found.setdefault(key, [0.0] * 4)[places[str(line.kind)]] += line.points
    wanted = {("fit", rule): points for rule, points in answer.fit_lines.items()}
    if abs(answer.total) > TINY:
        wanted["total", "total"] = answer.total
    _close({key: value for key, value in others.items() if key[0] == "fit" or abs(value) > TINY}, wanted, where)
    for key in found.keys() | answer.ledger.keys():
        left, right = found.get(key, [0.0] * 4), answer.ledger.get(key, (0.0,) * 4)
        far = [abs(one - other) for one, other in zip(left, right, strict=True)]
        assert max(far) < TINY, f"{where}: the lines of {key} are {left}, not {list(right)}"


def _weighty(weights: Mapping[str, float]) -> dict[str, float]:
    return {topic: weight for topic, weight in weights.items() if weight > TINY}


def _close(found: Mapping[object, float], wanted: Mapping[object, float], where: str) -> None:
    assert found.keys() == wanted.keys(), f"{where}: {sorted(map(str, found))}, not {sorted(map(str, wanted))}"
    for key, value in wanted.items():
        assert abs(found[key] - value) < TINY, f"{where}: {key} is {found[key]}, not {value}"
