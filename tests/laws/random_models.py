"""Random scoring models: every operator, window, cap, half-life and clause, and sound as a checked document is."""

from collections.abc import Mapping
from random import Random

from couveuse.core.conditions import All, Any, Condition, Not, Operator, Scalar, Test
from couveuse.core.model import (
    Band,
    Cap,
    Decay,
    Fit,
    HotWhen,
    Irrelevant,
    LeadClass,
    Model,
    Past,
    Persona,
    Repeat,
    Route,
    Rule,
    Stage,
    Temperature,
    Topic,
    Value,
    Window,
)
from tests.laws import vocabulary as words

Fields = Mapping[str, tuple[object, ...]]

POINTS = (-8, -2.5, -1, 0, 0.1, 1, 2, 3, 5, 8, 10, 20, 20.0000001, 20.000001)
EDGES = (-5, 0, 1, 3, 5, 8, 10, 16, 20, 30)
CAP_WINDOWS = tuple(window for window in Window if window is not Window.VISIT)
NUMERIC = (Operator.GT, Operator.GTE, Operator.LT, Operator.LTE)


def a_model(rng: Random, events: tuple[str, ...]) -> Model:
    """A model whose rules read these events."""
    half_lives = [rng.choice(words.DURATIONS[1:]), *rng.sample(words.DURATIONS, 2)]
    rules = tuple(_rule(rng, f"r{i}", events, half_lives[1:]) for i in range(rng.randint(3, 9)))
    topics = tuple(Topic(*line) for line in rng.sample(words.TOPICS, rng.choice((0, 0, 2, 3))))
    names = sorted({topic.topic for topic in topics})
    return Model(
        name="random",
        timezone=rng.choice(words.ZONES),
        strong_links=tuple(rng.sample(words.STRONG_LINKS, rng.randint(0, 2))),
        half_life=rng.choice((None, half_lives[0], half_lives[0])),
        rules=rules,
        fit=tuple(Fit(f"f{i}", _lead_condition(rng), rng.choice(POINTS)) for i in range(rng.choice((0, 1, 2, 3)))),
        caps=_caps(rng, rules),
        total_cap=rng.choice((None, None, 12, 30)),
        bands=_bands(rng),
        hot_when=tuple(_hot(rng, events) for _ in range(rng.choice((0, 1, 2)))),
        stage_window=rng.choice((None, *words.DURATIONS[2:])),
        irrelevant=tuple(
            Irrelevant(rng.choice(tuple(LeadClass)), _lead_condition(rng)) for _ in range(rng.choice((0, 0, 0, 1, 2)))
        ),
        personas=tuple(Persona(f"p{i}", _persona_condition(rng, names)) for i in range(rng.choice((0, 1, 3)))),
        topics=topics,
        value=rng.choice((Value(), Value("deal_value", 100.0))),
        cycle_ends_on=tuple(rng.sample(("Opportunity Won", "Opportunity Lost", "Cadeau reçu"), rng.choice((0, 1, 2)))),
        recycle_to=rng.choice((None, None, 0, 5)),
    )


def _rule(rng: Random, name: str, events: tuple[str, ...], half_lives: list[int]) -> Rule:
    event = rng.choice(events)
    windows = (Window.VISIT, Window.VISIT, Window.VISIT, *Window) if event == "Page Viewed" else CAP_WINDOWS
    return Rule(
        id=name,
        event=event,
        points=rng.choice(POINTS),
        where=a_condition(rng, _event_fields(event)) if rng.random() < 0.45 else None,
        lead=_lead_condition(rng) if rng.random() < 0.25 else None,
        past=tuple(_past(rng, events) for _ in range(rng.choice((0, 0, 0, 1, 1, 2)))),
        repeat=Repeat(rng.choice((1, 1, 2, 3)), rng.choice(windows)) if rng.random() < 0.6 else None,
        stage=rng.choice((None, *Stage)),
        route=_route(rng) if rng.random() < 0.4 else None,
        half_life=rng.choice((Decay.MODEL, Decay.MODEL, Decay.NONE, *half_lives)),
    )


def _route(rng: Random) -> Route:
    return Route(rng.choice(("sales", "telemarketing")), rng.choice(("make-appointment", "detect-project")))


def _past(rng: Random, events: tuple[str, ...]) -> Past:
    event = rng.choice((*events, "Email Opened"))
    return Past(
        event,
        rng.choice((None, *words.DURATIONS)),
        rng.choice((1, 1, 1, 1, 2, 2, 3, 4, 5)),
        a_condition(rng, _event_fields(event)) if rng.random() < 0.25 else None,
    )


def _hot(rng: Random, events: tuple[str, ...]) -> HotWhen:
    event = rng.choice(events)
    where = a_condition(rng, _event_fields(event)) if rng.random() < 0.3 else None
    return HotWhen(event, rng.choice((None, *words.DURATIONS)), where)


def _caps(rng: Random, rules: tuple[Rule, ...]) -> tuple[Cap, ...]:
    free = [rule.id for rule in rules if rule.points >= 0]
    rng.shuffle(free)
    caps = []
    for _ in range(rng.choice((0, 1, 2, 3))):
        held, free = free[:2], free[2:]
        if held:
            caps.append(Cap(tuple(held), rng.choice((0, 1, 3, 4.5, 10, 21)), rng.choice(CAP_WINDOWS)))
    return tuple(caps)


def _bands(rng: Random) -> tuple[Band, ...]:
    edges = sorted(rng.sample(EDGES, rng.choice((0, 1, 2, 3))))
    heats = (Temperature.COLD, Temperature.WARM, Temperature.HOT)
    return tuple(
        Band(f"b{i}", edge, i / 10, rng.choice(heats), route=_route(rng) if rng.random() < 0.4 else None)
        for i, edge in enumerate((*edges, None))
    )


# ---- Conditions ---------------------------------------------------------------------------------------------------


def _event_fields(event: str) -> Fields:
    if event in words.CLICKS:
        strengths = ("weak", "strong")
        return {
            **words.EVENT_FIELDS,
            "strength": strengths,
            "properties.strength": strengths,
            "url": ("*blog", "*DEVIS*"),
        }
    return words.EVENT_FIELDS


def _lead_condition(rng: Random) -> Condition:
    if rng.random() < 0.4:
        return _group_test(rng, "groups", words.GROUPS)
    return a_condition(rng, words.LEAD_FIELDS)


def _persona_condition(rng: Random, topics: list[str]) -> Condition:
    if topics and rng.random() < 0.8:
        if rng.random() < 0.5:
            return _group_test(rng, "interests", tuple(topics))
        return Test(f"interests.{rng.choice(topics)}", rng.choice(NUMERIC), rng.choice((0.3, 1, 1.5)))
    return _lead_condition(rng)


def _group_test(rng: Random, field: str, names: tuple[str, ...]) -> Condition:
    test = Test(field, Operator.CONTAINS, rng.choice(names))
    return rng.choice((test, test, Not(test), Test(field, Operator.EXISTS, rng.random() < 0.5)))


def a_condition(rng: Random, fields: Fields, depth: int = 2) -> Condition:
    """A test, or a tree of them not deeper than said."""
    shape = rng.choice(("test", "test", "test", "all", "any", "not")) if depth else "test"
    if shape == "test":
        name = rng.choice(sorted(fields))
        return _test(rng, name, fields[name])
    if shape == "not":
        return Not(a_condition(rng, fields, depth - 1))
    parts = tuple(a_condition(rng, fields, depth - 1) for _ in range(2))
    return All(parts) if shape == "all" else Any(parts)


def _test(rng: Random, name: str, values: tuple[object, ...]) -> Test:
    scalars = tuple(value for value in values if isinstance(value, (str, int, float)) and value != "")
    scalars = scalars or ("Pompes", "vannes", 1, 2)
    texts = tuple(value for value in scalars if isinstance(value, str))
    numbers = tuple(value for value in scalars if not isinstance(value, (str, bool)))
    operator = rng.choice(tuple(Operator))
    return Test(name, operator, _operand(rng, operator, scalars, texts or ("pompes", "pro"), numbers or (1, 12)))


def _operand(
    rng: Random, operator: Operator, scalars: tuple[Scalar, ...], texts: tuple[str, ...], numbers: tuple[float, ...]
) -> Scalar | tuple[Scalar, ...]:
    match operator:
        case Operator.EQUALS | Operator.CONTAINS:
            word = rng.choice(scalars)
            return _piece(rng, word) if operator is Operator.CONTAINS and isinstance(word, str) else word
        case Operator.IN | Operator.NOT_IN:
            return tuple(rng.choice(scalars) for _ in range(rng.randint(1, 3)))
        case Operator.STARTS_WITH:
            word = rng.choice(texts)
            return word[: rng.randint(1, len(word))]
        case Operator.ENDS_WITH:
            word = rng.choice(texts)
            return word[rng.randint(0, len(word) - 1) :]
        case Operator.MATCHES:
            globs = tuple(_glob(rng, rng.choice(texts)) for _ in range(rng.randint(1, 2)))
            return globs if rng.random() < 0.5 else globs[0]
        case Operator.BETWEEN:
            low, high = sorted((rng.choice(numbers), rng.choice(numbers)))
            return low, high
        case Operator.EXISTS:
            return rng.random() < 0.5
    return rng.choice(numbers)


def _piece(rng: Random, word: str) -> str:
    if rng.random() < 0.4:
        return word
    start = rng.randrange(len(word))
    return word[start : start + 4]


def _glob(rng: Random, word: str) -> str:
    start = rng.randrange(len(word))
    piece = word[start : start + rng.randint(1, 5)]
    holed = piece[:1] + "?" + piece[2:] if rng.random() < 0.3 and len(piece) > 1 else piece
    return rng.choice((word, f"*{holed}*", f"*{holed}", f"{holed}*", f"*{word[:2]}*{word[-2:]}*", "*", "?*"))
