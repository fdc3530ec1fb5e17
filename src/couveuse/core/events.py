"""Facts: what may be recorded of a lead, how a row becomes one, and in which order they count.

Here live the standard names and what they mean to the fold, the check of a row, the digest that stands for a
missing `message_id`, and the canonical order. Conditions and points live elsewhere.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from hashlib import blake2b
from typing import Final
from zoneinfo import ZoneInfo

from couveuse.core import times
from couveuse.core.conditions import is_absent, is_number
from couveuse.core.frozen import Frozen
from couveuse.core.text import email as email_of
from couveuse.core.text import plain

PAGE_VIEWED: Final = "Page Viewed"
EMAIL_OPENED: Final = "Email Opened"
EMAIL_CLICKED: Final = "Email Clicked"
LINK_CLICKED: Final = "Link Clicked"
CALL_MADE: Final = "Call Made"
MEETING_BOOKED: Final = "Meeting Booked"
PROJECT_DETECTED: Final = "Project Detected"
LEAD_ACCEPTED: Final = "Lead Accepted"
LEAD_REJECTED: Final = "Lead Rejected"
OPPORTUNITY_WON: Final = "Opportunity Won"
OPPORTUNITY_LOST: Final = "Opportunity Lost"
VERDICT_GIVEN: Final = "Verdict Given"
TRAITS_SET: Final = "Traits Set"
# What a person of ours wrote of a lead: the lead did nothing, and it makes no point.
NOTE_WRITTEN: Final = "Note Written"
# Says only that its keys are one person's.
IDENTITIES_JOINED: Final = "Identities Joined"

# A click has a strength, its own or that of its link.
CLICKS: Final = frozenset((EMAIL_CLICKED, LINK_CLICKED))
# After these a lead is no longer hot for what it asked before.
COOLING: Final = frozenset((LEAD_REJECTED, OPPORTUNITY_WON, OPPORTUNITY_LOST))

STANDARD_EVENTS = (
    PAGE_VIEWED, LINK_CLICKED, "Document Downloaded", "Form Submitted", "Newsletter Subscribed", "Social Followed",
    "Ad Clicked", "Webinar Attended", "Email Sent", "Email Delivered", EMAIL_OPENED, EMAIL_CLICKED, "Email Bounced",
    "Email Complained", "Unsubscribed", "Callback Requested", "Quote Requested", "Demo Requested", "Trial Started",
    CALL_MADE, MEETING_BOOKED, PROJECT_DETECTED, LEAD_ACCEPTED, LEAD_REJECTED, OPPORTUNITY_WON,
    OPPORTUNITY_LOST, "Score Adjusted", VERDICT_GIVEN,
)  # fmt: skip


class Change(IntEnum):
    """What a fact that is no behaviour changes."""

    NOTHING = 0  # a behaviour
    TRAITS = 1
    JOIN = 2
    LEAVE = 3
    CONSENT = 4
    ADJUST = 5
    VERDICT = 6
    KEYS = 7
    NOTE = 8


CHANGES: Mapping[str, Change] = {
    TRAITS_SET: Change.TRAITS,
    IDENTITIES_JOINED: Change.KEYS,
    "Group Joined": Change.JOIN,
    "Group Left": Change.LEAVE,
    "Consent Given": Change.CONSENT,
    "Consent Withdrawn": Change.CONSENT,
    "Score Adjusted": Change.ADJUST,
    VERDICT_GIVEN: Change.VERDICT,
    NOTE_WRITTEN: Change.NOTE,
}
# Traits, keys, groups and consents come before everything else of their instant.
FIRST_OF_INSTANT = frozenset((Change.TRAITS, Change.KEYS, Change.JOIN, Change.LEAVE, Change.CONSENT))
_OF_KIND_0 = frozenset(name for name, change in CHANGES.items() if change in FIRST_OF_INSTANT)

# What a visitor's browser cannot know: said by people of ours, by their tools, or by the mail service.
INSIDE_ONLY: Final = frozenset((
    "Score Adjusted", VERDICT_GIVEN, NOTE_WRITTEN, "Group Joined", "Group Left", CALL_MADE, MEETING_BOOKED,
    PROJECT_DETECTED, LEAD_ACCEPTED, LEAD_REJECTED, OPPORTUNITY_WON, OPPORTUNITY_LOST, "Email Sent", "Email Delivered",
    "Email Bounced", "Email Complained",
))  # fmt: skip
# The trait by which the inside says that a lead is irrelevant, and of which class: it counts in every model, before the
# model's own lines. Null lifts it. What is no class counts for nothing.
LEAD_CLASS: Final = "lead_class"
INSIDE_TRAITS: Final = frozenset((LEAD_CLASS,))


class Verdict(StrEnum):
    """What is thought of a hit; a hit of which nothing was said counts as human."""

    HUMAN = "human"
    MACHINE = "machine"
    DOUBTFUL = "doubtful"


class Adjustment(StrEnum):
    """What `Score Adjusted` does."""

    ADD = "add"
    RAISE = "raise"
    SET = "set"
    RESET = "reset"


class Reject(StrEnum):
    """Why a row is not a fact."""

    NOT_AN_OBJECT = "not_an_object"
    BAD_CELLS = "wrong_number_of_cells"
    NO_EVENT = "no_event"
    NO_TIME = "no_time"
    BAD_TIME = "bad_time"
    FUTURE = "in_the_future"
    NO_IDENTITY = "no_identity"
    NUL = "nul_byte"
    TOO_LARGE = "too_large"
    BAD_CHANGE = "incomplete"
    NOT_JSON = "not_json"
    NOT_TEXT = "not_unicode_text"
    TOO_DEEP = "too_deep"
    LONG_KEY = "key_too_long"
    BAD_PART = "part_not_an_object"
    NO_TYPE = "unknown_type"
    TOO_MANY = "too_many_in_a_batch"
    NOT_ALLOWED = "not_allowed_from_a_public_key"


CURES: Mapping[Reject, str] = {
    Reject.NOT_AN_OBJECT: "each line is one JSON object",
    Reject.BAD_CELLS: "give each row as many cells as the header has, and quote cells that hold the delimiter",
    Reject.NO_EVENT: "give `event`, or rename a column to it: --map event=COLUMN",
    Reject.NO_TIME: "give `occurred_at`, or rename a column to it: --map occurred_at=COLUMN",
    Reject.BAD_TIME: "write times in ISO 8601, as 2026-03-03T15:00:00+01:00, in the years 1900 to 2199",
    Reject.FUTURE: "correct the clock or the date, or score as of a later instant: --at",
    Reject.NO_IDENTITY: "give `email`, `user_id` or `anonymous_id`, or rename a column: --map email=COLUMN",
    Reject.NUL: "take out the NUL bytes (U+0000)",
    Reject.TOO_LARGE: "keep a row under 1 MiB: leave out what is no property of the event",
    Reject.BAD_CHANGE: "Traits Set has `traits`, Group Joined and Left `group`, Score Adjusted `kind` and a number "
    "`points`, Verdict Given `of` and a `verdict`, consents `purpose`",
    Reject.NOT_JSON: "write JSON as its standard says: no NaN, no Infinity, no number beyond what a double holds",
    Reject.NOT_TEXT: "write text in Unicode: surrogates (U+D800 to U+DFFF) stand for a character only in pairs",
    Reject.TOO_DEEP: "keep objects and lists in one another to 100 levels",
    Reject.LONG_KEY: "keep the name of an event to 200 characters, keys and `message_id` to 500",
    Reject.BAD_PART: "write `properties`, `context` and `traits` as JSON objects",
    Reject.NO_TYPE: "give each event of a batch its `type`: identify, track, page, screen, group or alias",
    Reject.TOO_MANY: "send 2,500 events at most in a batch",
    Reject.NOT_ALLOWED: "send it from a server, with a server key: only the inside knows it, and no browser",
}

# Cures as they are for what is sent live; those above speak of files.
LIVE_CURES: Mapping[Reject, str] = {
    Reject.NOT_AN_OBJECT: "write each event of a batch as a JSON object",
    Reject.NO_EVENT: "give a track call the name of its `event`",
    Reject.BAD_TIME: "write `timestamp` in ISO 8601, as 2026-03-03T15:00:00.000Z, in the years 1900 to 2199",
    Reject.NO_IDENTITY: "give `userId`, `anonymousId`, or an e-mail in `traits` (identify) or `context.traits`",
    Reject.TOO_LARGE: "keep an event to 32 KB: leave out what is no property of it",
}

# A row larger than this, written as JSON, is refused.
MOST_ROW_BYTES = 1 << 20
# What is stored under its own name: longer names do not fit an index, and longer keys are no keys.
MOST_NAME, MOST_KEY = 200, 500
# An adjustment by more is refused: beyond it a float does not hold the six decimals on which bands are compared.
MOST_POINTS = 1e9
# How far ahead of the clock a sender's clock may run.
FUTURE_US = times.DAY_US

# What a row holds beside its properties.
IDENTITY_KEYS = ("email", "user_id", "anonymous_id")
ROW_KEYS = frozenset(
    (*IDENTITY_KEYS, "event", "occurred_at", "message_id", "source", "properties", "context", "traits")
)

Properties = Mapping[str, object]
NOTHING: Properties = {}


@dataclass(frozen=True, slots=True)
class Fact(Frozen):
    """One immutable fact: what, when, by whose word, with its properties; whose it is, is told apart.

    `at` is in microseconds. Facts other than behaviours hold their own words (`group`, `kind`, `points`,
    `of`, `of_source`, `verdict`, `purpose`) in `properties`, and `Traits Set` its traits in `traits`.
    """

    at: int
    event: str
    message_id: str
    source: str = ""
    properties: Properties = field(default_factory=dict)
    context: Properties = field(default_factory=dict)
    traits: Properties = field(default_factory=dict)

    @property
    def key(self) -> tuple[int, int, str, str]:
        """The canonical order, total: instant, kind, source, `message_id` in byte order."""
        return (self.at, 0 if self.event in _OF_KIND_0 else 1, self.source, self.message_id)


@dataclass(frozen=True, slots=True)
class Row(Frozen):
    """A checked row: a fact, and the keys by which its person shows up."""

    fact: Fact
    email: str | None
    user_id: str | None
    anonymous_id: str | None


@dataclass(frozen=True, slots=True)
class Refused(Frozen):
    """A row that is no fact, and why."""

    reason: Reject


def kind(event: str) -> int:
    """0 for what comes first of its instant, 1 for everything else."""
    return 0 if event in _OF_KIND_0 else 1


def check(row: object, *, zone: ZoneInfo, latest: int) -> Row | Refused:
    """A row as a fact with its identities, or the reason why it is none.

    `row` is what JSON gives. Times without a zone are taken in `zone`; what is after `latest` (microseconds) is in
    the future. Property columns may be bare, dotted (`properties.x`, `context.x`, `traits.x`) or in an object.
    """
    if not isinstance(row, Mapping):
        return Refused(Reject.NOT_AN_OBJECT)
    written = json.dumps(row, ensure_ascii=False, separators=(",", ":"), default=str)
    if len(written.encode("utf-8", "surrogatepass")) > MOST_ROW_BYTES:
        return Refused(Reject.TOO_LARGE)
    if "\\u0000" in written and holds_nul(row):
        return Refused(Reject.NUL)
    if key_text(row.get("event")) is None:
        return Refused(Reject.NO_EVENT)
    when = row.get("occurred_at")
    if is_absent(when):
        return Refused(Reject.NO_TIME)
    at = times.instant(when, zone) if isinstance(when, str) else None
    if at is None:
        return Refused(Reject.BAD_TIME)
    if at > latest:
        return Refused(Reject.FUTURE)
    return fact_of(row, at)


def fact_of(row: Mapping[str, object], at: int, *, sent: int | None = None) -> Row | Refused:
    """A row whose instant is known, and whose size and text are found to be right, as a fact with its identities.

    Where it has no `message_id`, its digest is of the instant `sent` if that is another: the one that its sender wrote,
    which is the same at each try, while a corrected clock is not.
    """
    event = key_text(row.get("event"))
    if event is None:
        return Refused(Reject.NO_EVENT)
    address = key_text(row.get("email"))
    keys = (email_of(address) if address else None, key_text(row.get("user_id")), key_text(row.get("anonymous_id")))
    if not any(keys):
        return Refused(Reject.NO_IDENTITY)
    known_by = key_text(row.get("message_id")) or digest(row, at if sent is None else sent)
    fact = Fact(at, event, known_by, key_text(row.get("source")) or "", *parts(row))
    return Row(fact, *keys) if is_complete(fact) else Refused(Reject.BAD_CHANGE)


def unstorable(row: Row) -> Reject | None:
    """Why a fact that a file may hold cannot be stored: keys and names are indexed as text, and bounded."""
    fact = row.fact
    if len(fact.event) > MOST_NAME:
        return Reject.LONG_KEY
    for key in (row.email, row.user_id, row.anonymous_id, fact.message_id, fact.source):
        if key is not None and len(key) > MOST_KEY:
            return Reject.LONG_KEY
    for text in (fact.event, row.email, row.user_id, row.anonymous_id, fact.message_id, fact.source):
        if text is not None and not text.isascii() and not is_text(text):
            return Reject.NOT_TEXT
    return None


def is_text(text: str) -> bool:
    """Whether a text can be written in UTF-8: no surrogate stands alone."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def key_text(value: object) -> str | None:
    """A key as text: numbers are written out, white space around it does not count."""
    if isinstance(value, str):
        return value.strip(times.WHITE) or None
    if is_number(value):
        return number_text(value)
    return None


def number_text(value: object) -> str:
    """A number as a key: 12 and 12.0 are one.

    >>> number_text(12.0), number_text(12), number_text(1.5)
    ('12', '12', '1.5')
    """
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def cure(reason: Reject, *, is_live: bool) -> str:
    """What the sender of a reject is to do, who sent it live or in a file."""
    return LIVE_CURES.get(reason, CURES[reason]) if is_live else CURES[reason]


def holds_nul(value: object) -> bool:
    """Whether a NUL stands in some text of a JSON value."""
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, Mapping):
        return any(holds_nul(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(holds_nul(part) for part in value)


def parts(row: Mapping[str, object]) -> tuple[Properties, Properties, Properties]:
    """The row's properties, context and traits, whether they came in objects, dotted or bare, in that precedence.

    >>> parts({"event": "X", "properties": {"a": 1}, "properties.b": 2, "a": 3, "traits.c": 4})
    ({'a': 1, 'b': 2}, {}, {'c': 4})
    """
    found: dict[str, dict[str, object]] = {"properties": {}, "context": {}, "traits": {}}
    for part, values in found.items():
        inner = row.get(part)
        if isinstance(inner, Mapping):
            # A null trait is said on purpose: it takes the trait away.
            values.update((name, value) for name, value in inner.items() if value is not None or part == "traits")
    for name, value in row.items():
        head, _, tail = name.partition(".")
        if tail and head in found and value is not None:
            found[head].setdefault(tail, value)
    for name, value in row.items():
        if name not in ROW_KEYS and not ("." in name and name.partition(".")[0] in found) and value is not None:
            found["properties"].setdefault(name, value)
    return found["properties"], found["context"], found["traits"]


def is_complete(fact: Fact) -> bool:
    """Whether a fact that changes something says what it changes."""
    words = fact.properties
    match CHANGES.get(fact.event, Change.NOTHING):
        case Change.TRAITS:
            return bool(fact.traits)
        case Change.JOIN | Change.LEAVE:
            return key_text(words.get("group")) is not None
        case Change.CONSENT:
            return key_text(words.get("purpose")) is not None
        case Change.ADJUST:
            known = words.get("kind") in tuple(Adjustment)
            return known and (words.get("kind") == Adjustment.RESET or _may_be_added(words.get("points")))
        case Change.VERDICT:
            return key_text(words.get("of")) is not None and words.get("verdict") in tuple(Verdict)
        case _:
            return True


def _may_be_added(points: object) -> bool:
    """A number, and neither infinite nor so large that the decimals of a score would drown in it."""
    return is_number(points) and -MOST_POINTS <= points <= MOST_POINTS


def digest(row: Mapping[str, object], at: int) -> str:
    """What stands for a `message_id` that is missing: a digest of the whole row, whatever the order of its keys.

    `at` is the row's instant. Absent values do not count, and a property counts the same bare, dotted or in its object.
    """
    properties, context, traits = parts(row)
    keys: dict[str, object] = {name: key_text(row.get(name)) for name in ("event", "source", "user_id", "anonymous_id")}
    keys["occurred_at"] = at
    address = key_text(row.get("email"))
    keys["email"] = email_of(address) if address else None
    said = {name: None if is_absent(value) else _present(value) for name, value in traits.items()}
    whole = [_present({**keys, "properties": properties, "context": context}), said]
    written = json.dumps(whole, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return blake2b(written.encode(), digest_size=16).hexdigest()


def _present(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(k): _present(v) for k, v in value.items() if not is_absent(v)}
    if isinstance(value, (list, tuple)):
        return [_present(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def dig(values: Mapping[str, object], path: str) -> object:
    """What stands at a dotted path, the whole path as one key first.

    >>> dig({"cart": {"total": 5}}, "cart.total"), dig({"cart.total": 6}, "cart.total"), dig({}, "cart")
    (5, 6, None)
    """
    if path in values:
        return values[path]
    head, dot, tail = path.partition(".")
    inner = values.get(head)
    return dig(inner, tail) if dot and isinstance(inner, Mapping) else None


def read(fact: Fact, name: str) -> object:
    """A field of a fact as `where` names it: a bare name, or a path into `properties`, `context` or `traits`."""
    head, dot, tail = name.partition(".")
    if dot and head == "properties":
        return dig(fact.properties, tail)
    if dot and head == "context":
        return dig(fact.context, tail)
    if dot and head == "traits":
        return dig(fact.traits, tail)
    return dig(fact.properties, name)


# Numbers and booleans are recognised in CSV by one strict pattern: no leading zeros (they belong to codes), no
# exponent, no thousands, and no more digits than a float holds.
_CSV_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?", re.ASCII)
_CSV_BOOLEANS = {"true": True, "false": False}


def csv_value(cell: str) -> object:
    """A CSV cell as a value: a number or a boolean where it is written as one, text else.

    >>> csv_value("12"), csv_value("12.50"), csv_value("01200"), csv_value("TRUE"), csv_value("1e5")
    (12, 12.5, '01200', True, '1e5')
    """
    if _CSV_NUMBER.fullmatch(cell):
        return float(cell) if "." in cell else int(cell)
    return _CSV_BOOLEANS.get(cell.lower(), cell)


def is_too_early(reason: object) -> bool:
    """Whether a rejection says that the lead came too early, however it is written."""
    return isinstance(reason, str) and re.sub(r"[\s_-]+", " ", plain(reason)).strip() in ("too early", "trop tot")
