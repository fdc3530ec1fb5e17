"""The shape of a scoring model's document: which keys, of what kind, each checked by itself.

What the keys say to each other (ids, bands, caps) is in `checks`; how a refusal is worded in `refusals`. Docstrings
and field descriptions here are the JSON Schema's.
"""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from couveuse.core.conditions import Condition
from couveuse.core.model import MOST_PAST, Decay
from couveuse.documents.conditions import Reader, Scope
from couveuse.documents.durations import PATTERN, duration_us
from couveuse.documents.findings import Trouble
from couveuse.documents.sentences import Sentence, quoted, said, write

FORMAT = 1
ID_PATTERN = "^[a-z0-9][a-z0-9-]*$"
_CONTROL = r"\x00-\x1f\x7f-\x9f"
TEXT_PATTERN = rf"^[^\s{_CONTROL}]([^{_CONTROL}]*[^\s{_CONTROL}])?$"
CONDITION_MARK = "x-condition"  # replaced by a reference in `schema`
TAGS = ("<words>", "<keys>", "<cap>", "<total>")  # pydantic puts them into the paths of its errors


def refused(wrong: Sentence, remedy: Sentence, *, at_key: bool = False) -> PydanticCustomError:
    """What a validator of ours raises: what is wrong, and the cure."""
    return PydanticCustomError("told", "{wrong}", {"wrong": wrong, "remedy": remedy, "at_key": at_key})


def as_error(trouble: Trouble) -> InitErrorDetails:
    """An error at a path under the value that is validated."""
    error = refused(trouble.wrong, trouble.remedy, at_key=trouble.at_key)
    return InitErrorDetails(type=error, loc=trouble.path, input=None)


def _condition(scope: Scope) -> Callable[[object], Condition]:
    def read(value: object) -> Condition:
        reader = Reader(scope)
        condition = reader.read(value)
        if condition is None or reader.troubles:
            raise ValidationError.from_exception_data("condition", [as_error(t) for t in reader.troubles])
        return condition

    return read


def _format(value: object) -> int:
    if value != FORMAT or not isinstance(value, int) or isinstance(value, bool):
        raise refused(said("shape.format", format=FORMAT, value=quoted(value)), write(f"couveuse: {FORMAT}"))
    return FORMAT


def _duration(value: object) -> int:
    length = duration_us(value) if isinstance(value, str) else None
    if length is None:
        raise refused(said("shape.duration", value=quoted(value)), said("cure.like", code=said("shape.durations")))
    return length


def _half_life(value: object) -> int | Decay:
    if value == "none":
        return Decay.NONE
    if not isinstance(value, str) or duration_us(value) is None:
        cure = said("shape.half_lives", code=said("shape.durations"))
        raise refused(said("shape.half_life", value=quoted(value)), cure)
    return _duration(value)


def _zone(name: str) -> str:
    """A time zone of the IANA database; names that only this machine gives a meaning to are refused."""
    try:
        if name.casefold() in ("localtime", "posixrules", "factory") or not name.isascii():
            raise ValueError(name)
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise refused(said("shape.zone", value=quoted(name)), _zone_cure(name)) from None
    return name


def _zone_cure(name: str) -> Sentence:
    near = get_close_matches(name, sorted(available_timezones()), n=1)
    return write(near[0]) if near else said("shape.zones")


def bare_trait(name: str) -> str:
    """A trait's name without `traits.` before it."""
    if name.startswith("traits."):
        raise refused(said("shape.bare"), write(name.removeprefix("traits.")))
    return name


def _keys_or_words(value: object) -> str | None:
    if isinstance(value, str):
        return "<words>"
    return "<keys>" if isinstance(value, dict) else None


def _cap_or_total(value: object) -> str | None:
    if not isinstance(value, dict):
        return None
    return "<total>" if "total" in value else "<cap>"


def _marked(scope: Scope) -> WithJsonSchema:
    return WithJsonSchema({CONDITION_MARK: str(scope)})


EventCondition = Annotated[Condition, PlainValidator(_condition(Scope.EVENT)), _marked(Scope.EVENT)]
LeadCondition = Annotated[Condition, PlainValidator(_condition(Scope.LEAD)), _marked(Scope.LEAD)]
PersonaCondition = Annotated[Condition, PlainValidator(_condition(Scope.PERSONA)), _marked(Scope.PERSONA)]
Duration = Annotated[int, PlainValidator(_duration), WithJsonSchema({"type": "string", "pattern": PATTERN})]
HalfLife = Annotated[
    int | Decay,
    PlainValidator(_half_life),
    WithJsonSchema({"anyOf": [{"const": "none"}, {"type": "string", "pattern": PATTERN}]}),
]
Text = Annotated[str, Field(pattern=TEXT_PATTERN, max_length=500)]
Id = Annotated[str, Field(pattern=ID_PATTERN, max_length=80)]
Number = Annotated[float, Field(allow_inf_nan=False)]
NotNegative = Annotated[float, Field(allow_inf_nan=False, ge=0)]
Rate = Annotated[float, Field(allow_inf_nan=False, ge=0, le=1)]
Format = Annotated[int, PlainValidator(_format), WithJsonSchema({"const": FORMAT})]
Zone = Annotated[Text, AfterValidator(_zone)]
StageWord = Literal["discovery", "evaluation", "decision"]


class Shape(BaseModel):
    """A mapping with the keys that it names and no other; nothing is converted.

    None stands for a key left out; a key with nothing after it is refused in `checks`.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class LabelShape(Shape):
    """What a person reads, in French and in English."""

    fr: Text = ""
    en: Text = ""


class RouteShape(Shape):
    """Which team gets the lead, to do what."""

    team: Id
    treatment: Id


class RepeatShape(Shape):
    """At most so many lines in each window."""

    at_most: Annotated[int, Field(ge=1)]
    per: Literal["visit", "hour", "day", "week", "month", "ever"]


class PastShape(Shape):
    """Earlier events of the lead that must be there."""

    event: Text
    within: Duration | None = None
    at_least: Annotated[int, Field(ge=1, le=MOST_PAST)] = 1
    where: EventCondition | None = None


Repeat = Annotated[
    Annotated[Literal["once", "always"], Tag("<words>")] | Annotated[RepeatShape, Tag("<keys>")],
    Discriminator(_keys_or_words),
]


class RuleShape(Shape):
    """A behaviour rule: one line of the points table."""

    id: Id
    label: LabelShape | None = None
    event: Text
    where: EventCondition | None = None
    lead: LeadCondition | None = None
    past: Annotated[list[PastShape], Field(min_length=1)] | None = None
    points: Number
    repeat: Repeat = "always"
    stage: StageWord | None = None
    route: RouteShape | None = None
    half_life: HalfLife = Decay.MODEL


class FitShape(Shape):
    """A fit rule: points for who the lead is."""

    id: Id
    label: LabelShape | None = None
    where: LeadCondition
    points: Number


class CapShape(Shape):
    """At most so many points from these rules together in each window."""

    rules: Annotated[list[Id], Field(min_length=1)]
    points: NotNegative
    per: Literal["hour", "day", "week", "month", "ever"]


class TotalShape(Shape):
    """At most so many points in all."""

    total: NotNegative


Cap = Annotated[Annotated[CapShape, Tag("<cap>")] | Annotated[TotalShape, Tag("<total>")], Discriminator(_cap_or_total)]


class BandShape(Shape):
    """A range of scores, up to and including `up_to`; the last one has no `up_to`."""

    id: Id
    label: LabelShape | None = None
    up_to: Number | None = None
    rate: Rate
    temperature: Literal["hot", "warm", "cold"]
    route: RouteShape | None = None


class HotWhenShape(Shape):
    """An event that makes a lead hot whatever the score."""

    event: Text
    within: Duration | None = None
    where: EventCondition | None = None


class IrrelevantShape(Shape):
    """Who is set aside, and as what."""

    lead_class: Annotated[Literal["competitor", "student", "vendor", "internal", "other"], Field(alias="class")]
    where: LeadCondition


class PersonaShape(Shape):
    """Who a lead is; the first that holds is the lead's."""

    id: Id
    label: LabelShape | None = None
    where: PersonaCondition


class TopicShape(Shape):
    """What is read on these paths is of this topic."""

    path: Text
    topic: Text


class ValueShape(Shape):
    """What winning a lead is worth."""

    trait: Annotated[Text, AfterValidator(bare_trait)] | None = None
    default: NotNegative = 0.0


class CycleShape(Shape):
    """The events that end a buying cycle: behaviour starts again from 0."""

    ends_on: Annotated[list[Text], Field(min_length=1)]


class ConversionShape(Shape):
    """What counts as a conversion, and within how long."""

    event: Text = "Opportunity Won"
    within: Duration | None = None


class ModelShape(Shape):
    """A scoring model of Couveuse."""

    couveuse: Format
    name: Annotated[Text, Field(max_length=80)]
    label: LabelShape | None = None
    timezone: Zone = "UTC"
    strong_links: list[Text] = []
    half_life: Duration | None = None
    rules: list[RuleShape] = []
    fit: list[FitShape] = []
    caps: list[Cap] = []
    bands: Annotated[list[BandShape], Field(min_length=1)]
    hot_when: list[HotWhenShape] = []
    stage_window: Duration | None = None
    irrelevant: list[IrrelevantShape] = []
    personas: list[PersonaShape] = []
    topics: list[TopicShape] = []
    value: ValueShape | None = None
    cycle: CycleShape | None = None
    conversion: ConversionShape | None = None
    recycle_to: Number | None = None
    fresh: Duration | None = None
    again_after: Duration | None = None


# The shape under each key that holds mappings ("" is the document itself): what its keys may be, for the errors.
SHAPES: dict[str, tuple[type[Shape], ...]] = {
    "": (ModelShape,),
    "label": (LabelShape,),
    "rules": (RuleShape,),
    "route": (RouteShape,),
    "repeat": (RepeatShape,),
    "past": (PastShape,),
    "fit": (FitShape,),
    "caps": (CapShape, TotalShape),
    "bands": (BandShape,),
    "hot_when": (HotWhenShape,),
    "irrelevant": (IrrelevantShape,),
    "personas": (PersonaShape,),
    "topics": (TopicShape,),
    "value": (ValueShape,),
    "cycle": (CycleShape,),
    "conversion": (ConversionShape,),
}


def keys_of(container: str) -> list[str]:
    """The keys that a mapping under that key may have, as documents write them."""
    found = SHAPES.get(container, ())
    return [field.alias or name for shape in found for name, field in shape.model_fields.items()]
