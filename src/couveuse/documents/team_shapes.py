"""The shape of a team's document: which keys, of what kind, each checked by itself.

What the keys say to each other (who is in which team, who is told) is in `team_checks`. Docstrings here are the
JSON Schema's.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, Field, PlainValidator, ValidationError, WithJsonSchema

from couveuse.core.roster import Channel, Reach
from couveuse.documents import holidays
from couveuse.documents.durations import duration_us
from couveuse.documents.findings import Trouble
from couveuse.documents.sentences import one_of, quoted, said, write
from couveuse.documents.shapes import (
    ID_PATTERN,
    Duration,
    Format,
    Id,
    LabelShape,
    LeadCondition,
    Shape,
    Text,
    Zone,
    as_error,
    bare_trait,
    refused,
)

TAGS = ("[key]",)  # pydantic puts it into the paths of its errors
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_WEIGHT = 10
OWN_EMAIL = Channel(Reach.EMAIL, "")  # `email` among a member's channels: the address is the member's

# As browsers check an address (HTML, "valid e-mail address"); nothing in it can break out of a mail's header.
EMAIL_PATTERN = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$"
_EMAIL = re.compile(EMAIL_PATTERN)
_ID = re.compile(ID_PATTERN)
_CLOCK = "([01][0-9]|2[0-3]):([0-5][0-9])"
_TIME = re.compile(_CLOCK)
_SPAN_PATTERN = f"^{_CLOCK}-({_CLOCK}|24:00)$"
_SPAN = re.compile(f"{_CLOCK}-(?:{_CLOCK}|24:00)")
_DAY_PATTERN = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_DAYS_PATTERN = f"^({'|'.join(WEEKDAYS)})(-({'|'.join(WEEKDAYS)}))?$"
_OPEN_TIME_PATTERN = "^[1-9][0-9]{0,3}[mh]$"

Week = tuple[tuple[tuple[int, int], ...], ...]


def _email(value: object) -> str:
    if not isinstance(value, str) or len(value) > 254 or not _EMAIL.fullmatch(value):
        raise refused(said("member.email", value=quoted(value)), said("cure.like", code="alice@example.com"))
    return value


def _currency(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch("[A-Z]{3}", value):
        raise refused(said("company.currency", value=quoted(value)), said("company.letters", code="currency: EUR"))
    return value


def _holidays(value: object) -> str:
    if value == "none":
        return ""
    if not isinstance(value, str):
        raise refused(said("hours.country", value=quoted(value)), said("hours.countries"))
    trouble = holidays.trouble(value)
    if trouble:
        raise refused(*trouble)
    return value


def _day(value: object) -> date:
    try:
        if not isinstance(value, str) or not re.fullmatch(_DAY_PATTERN, value):
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise refused(said("hours.day", value=quoted(value)), said("cure.like", code="2026-12-24")) from None


def _time(value: object) -> int:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise refused(said("hours.time", value=quoted(value)), said("cure.like", code='"08:30"'))
    return int(found[1]) * 60 + int(found[2])


def _open_time(value: object) -> int:
    """A length of working time: a day of it could mean 24 hours or the hours of a day, and is refused."""
    length = duration_us(value) if isinstance(value, str) and value[-1:] in ("m", "h") else None
    if length is None or not re.fullmatch(_OPEN_TIME_PATTERN, str(value)):
        raise refused(said("hours.length", value=quoted(value)), said("hours.lengths"))
    return length


def _mapped(value: dict[object, object]) -> Channel:
    """`{slack: name}` or `{webhook: id}`."""
    if len(value) != 1:
        raise refused(said("member.channel"), said("member.channels"))
    ((key, to),) = value.items()
    if key not in (Reach.SLACK, Reach.WEBHOOK):
        cure = one_of(key, (Reach.SLACK.value, Reach.WEBHOOK.value))
        raise refused(said("member.unknown_channel", value=quoted(key)), cure)
    if not isinstance(to, str) or not _ID.fullmatch(to) or len(to) > 80:
        raise refused(said("shape.id", value=quoted(to)), said("cure.letters", code="slack-sales"))
    return Channel(Reach(str(key)), to)


def _channel(*, is_members: bool) -> Callable[[object], Channel]:
    def read(value: object) -> Channel:
        if isinstance(value, dict):
            return _mapped(value)
        if value == "email":
            if is_members:
                return OWN_EMAIL
            raise refused(said("member.whose"), said("member.address", code="sales@example.com"))
        return Channel(Reach.EMAIL, _email(value))

    return read


def _channel_schema(*words: str) -> WithJsonSchema:
    one = {"type": "string", "pattern": ID_PATTERN}
    mappings = [
        {"type": "object", "properties": {reach.value: one}, "required": [reach.value], "additionalProperties": False}
        for reach in (Reach.SLACK, Reach.WEBHOOK)
    ]
    address = {"type": "string", "pattern": EMAIL_PATTERN, "maxLength": 254}
    return WithJsonSchema({"anyOf": [*({"const": word} for word in words), address, *mappings]})


def _week(value: object) -> Week:
    """The spans of each weekday; a day that is not named is closed."""
    if not isinstance(value, dict) or not value:
        wrong = said("wanted.told", wanted=said("wanted.mapping"), value="{}" if value == {} else quoted(value))
        raise refused(wrong, write('{mon-fri: ["09:00-18:00"]}'))
    week: dict[int, tuple[tuple[int, int], ...]] = {}
    troubles: list[Trouble] = []
    for key, spans in value.items():
        days = _weekdays(key)
        if not days:
            cure = said("hours.weekdays", words=", ".join(WEEKDAYS))
            troubles.append(Trouble((key,), said("hours.weekday", value=quoted(key)), cure, at_key=True))
        elif any(day in week for day in days):
            twice = said("hours.twice", value=quoted(key))
            troubles.append(Trouble((key,), twice, said("cure.keep_one"), at_key=True))
        week |= dict.fromkeys(days, _spans(spans, key, troubles))
    if not troubles and not any(week.values()):
        cure = said("hours.write_span", code='mon-fri: ["09:00-18:00"]')
        troubles.append(Trouble((), said("hours.nobody"), cure))
    if troubles:
        raise ValidationError.from_exception_data("week", [as_error(trouble) for trouble in troubles])
    return tuple(week.get(day, ()) for day in range(7))


def _weekdays(key: object) -> range:
    first, dash, last = str(key).partition("-")
    if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
        return range(0)
    start = WEEKDAYS.index(first)
    return range(start, (WEEKDAYS.index(last) if dash else start) + 1)


def _spans(value: object, key: str, troubles: list[Trouble]) -> tuple[tuple[int, int], ...]:
    """The spans of a day in order; what is wrong with them is added to the troubles."""
    if not isinstance(value, list):
        cure = said("hours.spans", code='["09:00-12:30", "14:00-18:00"]')
        wrong = said("wanted.told", wanted=said("wanted.list"), value=quoted(value))
        troubles.append(Trouble((key,), wrong, cure))
        return ()
    spans: list[tuple[int, int]] = []
    for i, written in enumerate(value):
        found = _SPAN.fullmatch(written) if isinstance(written, str) else None
        if found is None:
            cure = said("cure.like", code='"09:00-12:30"')
            troubles.append(Trouble((key, i), said("hours.span", value=quoted(written)), cure))
            continue
        start = int(found[1]) * 60 + int(found[2])
        end = int(found[3]) * 60 + int(found[4]) if found[3] else 24 * 60
        if start >= end:
            troubles.append(Trouble((key, i), said("hours.backwards", value=quoted(written)), said("hours.midnight")))
        elif spans and start < spans[-1][1]:
            troubles.append(Trouble((key, i), said("hours.overlaps", value=quoted(written)), said("hours.in_order")))
        else:
            spans.append((start, end))
    return tuple(spans)


def _text_like(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


Email = Annotated[
    str, PlainValidator(_email), WithJsonSchema({"type": "string", "pattern": EMAIL_PATTERN, "maxLength": 254})
]
Day = Annotated[date, PlainValidator(_day), _text_like(_DAY_PATTERN)]
Time = Annotated[int, PlainValidator(_time), _text_like(f"^{_CLOCK}$")]
OpenTime = Annotated[int, PlainValidator(_open_time), _text_like(_OPEN_TIME_PATTERN)]
Holidays = Annotated[
    str,
    PlainValidator(_holidays),
    WithJsonSchema({"anyOf": [{"const": "none"}, {"type": "string", "pattern": holidays.PATTERN}]}),
]
WeekHours = Annotated[
    Week,
    PlainValidator(_week),
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 1,
            "patternProperties": {
                _DAYS_PATTERN: {"type": "array", "items": {"type": "string", "pattern": _SPAN_PATTERN}}
            },
            "additionalProperties": False,
        }
    ),
]
MemberChannel = Annotated[Channel, PlainValidator(_channel(is_members=True)), _channel_schema("email")]
SharedChannel = Annotated[Channel, PlainValidator(_channel(is_members=False)), _channel_schema()]
T = TypeVar("T")
# Things by their ids; pydantic leaves it to us to say that nothing else stands there.
Named = Annotated[dict[Id, T], Field(json_schema_extra={"additionalProperties": False})]
Currency = Annotated[str, PlainValidator(_currency), _text_like("^[A-Z]{3}$")]


class TeamPart(BaseModel):
    """A mapping of a team's document, as strict as one of a scoring model."""

    model_config = Shape.model_config


class HoursShape(TeamPart):
    """When somebody works; a key that is left out is as in the document's own hours."""

    timezone: Zone | None = None
    week: WeekHours | None = None
    holidays: Holidays | None = None
    days_off: list[Day] | None = None


class AbsenceShape(TeamPart):
    """Days on which a member is away, both inclusive."""

    first_day: Annotated[Day, Field(alias="from")]
    last_day: Annotated[Day, Field(alias="until")]
    because: Text = ""


class MemberShape(TeamPart):
    """A person of ours: how they are reached, when they work, when they are away."""

    id: Id
    name: Text
    email: Email
    telephone: Text = ""
    language: Literal["fr", "en"] = "en"
    channels: Annotated[list[MemberChannel], Field(min_length=1)] | None = None
    hours: HoursShape | None = None
    digest: Time | None = None
    weight: Annotated[int, Field(ge=1, le=MOST_WEIGHT)] = 1
    absences: list[AbsenceShape] = []


class TerritoryShape(TeamPart):
    """Leads that meet a condition are these members'; the first territory that holds is the lead's."""

    id: Id
    where: LeadCondition
    members: Annotated[list[Id], Field(min_length=1)]


class PromiseShape(TeamPart):
    """Within how much working time a task is dealt with, who is told where it is not, and how often."""

    within: OpenTime | None = None
    by_treatment: Named[OpenTime] = {}
    raise_to: list[Id] = []
    raise_every: OpenTime | None = None
    raise_times: Annotated[int, Field(ge=1, le=20)] = 3
    news_within: Duration | None = None


class TeamShape(TeamPart):
    """A team: its members in the order of their turns, and how it works."""

    id: Id
    label: LabelShape | None = None
    members: list[Id] = []
    leads: list[Id] = []
    hours: HoursShape | None = None
    assignment: Literal["nobody", "round_robin", "load", "territory"] = "nobody"
    owner_first: bool = True
    territories: list[TerritoryShape] = []
    treatments: Named[LabelShape] = {}
    sla: PromiseShape | None = None
    alert: list[Id] | None = None
    channels: list[SharedChannel] = []
    digest: Time | None = None
    tries: Annotated[int, Field(ge=1, le=50)] = 5


class RosterShape(TeamPart):
    """The teams of a company that uses Couveuse, and their people."""

    couveuse: Format
    team: Annotated[Text, Field(max_length=80)]
    currency: Currency = "EUR"
    owner: Annotated[Text, AfterValidator(bare_trait)] = "owner"
    hours: HoursShape | None = None
    members: list[MemberShape] = []
    lists: Named[Annotated[list[SharedChannel], Field(min_length=1)]] = {}
    teams: Annotated[list[TeamShape], Field(min_length=1)]


# The shape under each key that holds mappings ("" is the document itself): what its keys may be, for the errors.
SHAPES: dict[str, type[BaseModel]] = {
    "": RosterShape,
    "hours": HoursShape,
    "members": MemberShape,
    "absences": AbsenceShape,
    "teams": TeamShape,
    "label": LabelShape,
    "treatments": LabelShape,
    "territories": TerritoryShape,
    "sla": PromiseShape,
}


def keys_of(container: str) -> list[str]:
    """The keys that a mapping under that key may have, as documents write them."""
    return [field.alias or name for name, field in SHAPES[container].model_fields.items()]


def keys_at(path: tuple[str | int, ...]) -> list[str]:
    """The keys that the mapping at a path may have; each treatment is a label."""
    words = [step for step in path if isinstance(step, str)]
    return keys_of("treatments" if "treatments" in words else next(iter(words[::-1]), ""))
