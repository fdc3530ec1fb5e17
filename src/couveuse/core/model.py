"""The scoring model as values: what a checked document says, and nothing of how it is written or run.

Durations are microseconds. Every class is frozen; `couveuse.documents` builds them from YAML and
`couveuse.core.plan` makes them ready to fold. Whoever builds them by hand answers for their sense:
the checks (unique ids, bands in order, one cap a rule) live with the documents.
"""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final

from couveuse.core.conditions import Condition
from couveuse.core.frozen import Frozen

DAY_US: Final = 86_400_000_000

# Limits that keep the state of one lead bounded; `couveuse.documents` refuses what goes beyond.
MOST_PAST = 100
MOST_HALF_LIVES = 4


class Stage(IntEnum):
    """How far along the buying cycle a lead is; the greater is the more advanced."""

    DISCOVERY = 0
    EVALUATION = 1
    DECISION = 2


class Temperature(StrEnum):
    """What a lead's heat is called; `IRRELEVANT` stands apart from the ramp."""

    HOT = "hot"
    WARM = "warm"
    COLD = "cold"
    IRRELEVANT = "irrelevant"


class LeadClass(StrEnum):
    """Why a lead is irrelevant."""

    COMPETITOR = "competitor"
    STUDENT = "student"
    VENDOR = "vendor"
    INTERNAL = "internal"
    OTHER = "other"


class Window(StrEnum):
    """What a repeat or a cap counts in: calendar windows are those of the model's time zone."""

    VISIT = "visit"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    EVER = "ever"


class Decay(StrEnum):
    """A rule's half-life when it is not a duration of its own."""

    MODEL = "model"  # the model's half-life, if it has one
    NONE = "none"  # the rule opts out: its points keep their worth


@dataclass(frozen=True, slots=True)
class Label(Frozen):
    """What a person reads for an id, in French and in English; either may be empty."""

    fr: str = ""
    en: str = ""

    def text(self, language: str, default: str) -> str:
        """The label in that language, else in the other one, else the default (the id)."""
        first, second = (self.fr, self.en) if language == "fr" else (self.en, self.fr)
        return first or second or default


@dataclass(frozen=True, slots=True)
class Route(Frozen):
    """Which team gets the lead, to do what."""

    team: str
    treatment: str


@dataclass(frozen=True, slots=True)
class Repeat(Frozen):
    """At most `at_most` lines in each window; `once` is one per `ever`, and no `Repeat` is always."""

    at_most: int
    per: Window


@dataclass(frozen=True, slots=True)
class Past(Frozen):
    """At least `at_least` earlier events of that name within [t - within, t); `within` None is ever."""

    event: str
    within: int | None = None
    at_least: int = 1
    where: Condition | None = None


@dataclass(frozen=True, slots=True)
class Rule(Frozen):
    """A behaviour rule: one line of the points table that reads events."""

    id: str
    event: str
    points: float
    label: Label = field(default_factory=Label)
    where: Condition | None = None
    lead: Condition | None = None
    past: tuple[Past, ...] = ()
    repeat: Repeat | None = None
    stage: Stage | None = None
    route: Route | None = None
    half_life: int | Decay = Decay.MODEL


@dataclass(frozen=True, slots=True)
class Fit(Frozen):
    """A fit rule: points for who the lead is, as of the instant asked; they do not decay."""

    id: str
    where: Condition
    points: float
    label: Label = field(default_factory=Label)


@dataclass(frozen=True, slots=True)
class Cap(Frozen):
    """At most `points` undecayed points from these rules together in each window."""

    rules: tuple[str, ...]
    points: float
    per: Window


@dataclass(frozen=True, slots=True)
class Band(Frozen):
    """A range of scores up to and including `up_to` (the last band has none), with the rate put to it beforehand."""

    id: str
    up_to: float | None
    rate: float
    temperature: Temperature
    label: Label = field(default_factory=Label)
    route: Route | None = None


@dataclass(frozen=True, slots=True)
class HotWhen(Frozen):
    """An event that makes a lead hot whatever the score, in [T - within, T]; `within` None is ever."""

    event: str
    within: int | None = None
    where: Condition | None = None


@dataclass(frozen=True, slots=True)
class Irrelevant(Frozen):
    """A condition on traits and groups that sets a lead aside, and the class it is given."""

    lead_class: LeadClass
    where: Condition


@dataclass(frozen=True, slots=True)
class Persona(Frozen):
    """Who a lead is, by a condition on traits, groups and interests; the first that holds is the lead's."""

    id: str
    where: Condition
    label: Label = field(default_factory=Label)


@dataclass(frozen=True, slots=True)
class Topic(Frozen):
    """What is read on paths that match the glob is of this topic."""

    path: str
    topic: str


@dataclass(frozen=True, slots=True)
class Value(Frozen):
    """What winning a lead is worth: a trait that holds it, and the amount where the trait is absent."""

    trait: str | None = None
    default: float = 0.0


@dataclass(frozen=True, slots=True)
class Conversion(Frozen):
    """What counts as a conversion, and within how long of a landmark."""

    event: str = "Opportunity Won"
    within: int = 180 * DAY_US


@dataclass(frozen=True, slots=True)
class Model(Frozen):
    """A scoring model (barème): the versioned document that turns facts into points, stages, bands and routes."""

    name: str
    bands: tuple[Band, ...]
    timezone: str = "UTC"
    label: Label = field(default_factory=Label)
    strong_links: tuple[str, ...] = ()
    half_life: int | None = None
    rules: tuple[Rule, ...] = ()
    fit: tuple[Fit, ...] = ()
    caps: tuple[Cap, ...] = ()
    total_cap: float | None = None
    hot_when: tuple[HotWhen, ...] = ()
    stage_window: int | None = None  # None: a stage once reached is never too old
    irrelevant: tuple[Irrelevant, ...] = ()
    personas: tuple[Persona, ...] = ()
    topics: tuple[Topic, ...] = ()
    value: Value = field(default_factory=Value)
    cycle_ends_on: tuple[str, ...] = ()
    conversion: Conversion = field(default_factory=Conversion)
    recycle_to: float | None = None  # where a lead rejected as too early starts again; None: no cut
    fresh: int = 7 * DAY_US  # a rule's route needs a fact less old than this
    again_after: int = 30 * DAY_US  # a new episode needs this long since the last one, or a decision-stage fact
