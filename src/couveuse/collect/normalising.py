"""What senders write, as facts: each kind of message has one function, and the rules of a fact are the core's own.

A message becomes a row as a file would hold it, and the row is judged as a file's is (`couveuse.core.events`). What was
sent is found again: `properties`, `traits` and `context` stay whole, and what stands beside them goes into the context.
Dropped is what speaks to other services alone: `integrations`, `_metadata`, and the write key.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from couveuse.collect.routes import Call
from couveuse.core import times
from couveuse.core.conditions import is_absent
from couveuse.core.events import (
    EMAIL_CLICKED,
    IDENTITIES_JOINED,
    INSIDE_ONLY,
    INSIDE_TRAITS,
    PAGE_VIEWED,
    TRAITS_SET,
    Refused,
    Reject,
    Row,
    fact_of,
    holds_nul,
    key_text,
    unstorable,
)

Values = dict[str, Any]

SCREEN_VIEWED: Final = "Screen Viewed"
# Names of other vendors' for what has a standard name; the name that was sent is kept in the context.
STANDARD_NAMES: Mapping[str, str] = {
    "Email Link Clicked": EMAIL_CLICKED,
    "Email Marked as Spam": "Email Complained",
}
# In these a visitor has just written an address: it is whose they are.
FORMS: Final = frozenset((
    "Form Submitted", "Newsletter Subscribed", "Callback Requested", "Quote Requested", "Demo Requested",
    "Trial Started",
))  # fmt: skip

_UTC = ZoneInfo("UTC")
_EARLIEST = times.instant(f"{times.FIRST_YEAR}-01-01", _UTC) or 0
# What is not kept: it speaks of this delivery, or to others.
_OF_THE_DELIVERY = ("type", "sentAt", "receivedAt", "writeKey", "integrations", "_metadata")
_FROM_THE_PAGE = ("url", "path", "referrer", "title", "search")


@dataclass(frozen=True, slots=True)
class Arrival:
    """How messages came: when, by whose key, and what is said once for all of them."""

    received_at: int
    source: str
    is_public: bool
    sent_at: int | None = None  # by the sender's clock
    context: Mapping[str, Any] | None = None


def instant(value: object) -> int | None:
    """A time as senders write it; one without a zone is in UTC."""
    return times.instant(value, _UTC) if isinstance(value, str) else None


def fact(kind: object, message: Values, arrival: Arrival, *, may_hold_nul: bool = True) -> Row | Refused:
    """A message as a fact with its identities, or why it is none. The message is used up."""
    make = _KINDS.get(kind) if isinstance(kind, str) else None
    if make is None:
        return Refused(Reject.NO_TYPE)
    own_sent_at = message.get("sentAt")
    for name in _OF_THE_DELIVERY:
        message.pop(name, None)
    instants = _instants(message, arrival, own_sent_at)
    if instants is None:
        return Refused(Reject.BAD_TIME)
    row = _begun(message, arrival)
    if row is None:
        return Refused(Reject.BAD_PART)
    make(row, message)
    context = row["context"]
    for name, value in message.items():  # what no kind has a place for
        context.setdefault(name, value)
    if may_hold_nul and holds_nul(row):
        return Refused(Reject.NUL)
    found = fact_of(row, instants[0], sent=instants[1])
    return _kept(found, arrival) if isinstance(found, Row) else found


def _kept(row: Row, arrival: Arrival) -> Row | Refused:
    """A fact, unless it cannot be stored, or its sender may not say it."""
    if arrival.is_public:
        if row.fact.event in INSIDE_ONLY:
            return Refused(Reject.NOT_ALLOWED)
        if not INSIDE_TRAITS.isdisjoint(row.fact.traits):
            traits = {name: value for name, value in row.fact.traits.items() if name not in INSIDE_TRAITS}
            if not traits:
                return Refused(Reject.NOT_ALLOWED)
            row = replace(row, fact=replace(row.fact, traits=traits))
    why = unstorable(row)
    return row if why is None else Refused(why)


def _instants(message: Values, arrival: Arrival, own_sent_at: object) -> tuple[int, int] | None:
    """When it happened by our clock, and by the sender's; None where the sender's word is no time.

    The sender's clock is as wrong now as it was then: what passed between the event and its sending is right. A
    `timestamp` beside an `originalTimestamp` was corrected before. Nothing happens after it was received.
    """
    received_at = arrival.received_at
    corrected, original = message.pop("timestamp", None), message.pop("originalTimestamp", None)
    if is_absent(corrected):
        corrected, original = original, None
    if is_absent(corrected):
        return received_at, received_at
    sent = at = instant(corrected)
    if sent is None or at is None:
        return None
    if is_absent(original):
        sent_at = arrival.sent_at if is_absent(own_sent_at) else instant(own_sent_at)
        if sent_at is not None:
            at = received_at - (sent_at - sent)
    return (min(at, received_at), sent) if at >= _EARLIEST else None


def _begun(message: Values, arrival: Arrival) -> Values | None:
    """The row, as far as it is the same for every kind; None where a part is no object."""
    context = _part(message.pop("context", None))
    properties, traits = _part(message.pop("properties", None)), _part(message.pop("traits", None))
    if context is None or properties is None or traits is None:
        return None
    if arrival.context:
        context = {**arrival.context, **context}
    known = context.get("traits")
    return {
        "event": None,
        "email": known.get("email") if isinstance(known, dict) else None,
        "user_id": message.pop("userId", None),
        "anonymous_id": message.pop("anonymousId", None),
        "message_id": message.pop("messageId", None),
        "source": arrival.source,
        "properties": properties,
        "context": context,
        "traits": traits,
    }


def _part(value: object) -> Values | None:
    """An object; an empty list is one that PHP has written."""
    if isinstance(value, dict):
        return value
    return {} if is_absent(value) else None


# ---- The kinds -----------------------------------------------------------------------------------------------------


def _identify(row: Values, message: Values) -> None:
    """What is known of a person. RudderStack's clients write it into the context; one that says nothing joins keys."""
    known = row["context"].get("traits")
    traits = row["traits"] = {**known, **row["traits"]} if isinstance(known, dict) else row["traits"]
    row["event"] = TRAITS_SET if traits else IDENTITIES_JOINED
    row["email"] = traits.get("email")


def _track(row: Values, message: Values) -> None:
    name = key_text(message.pop("event", None))
    row["event"] = STANDARD_NAMES.get(name, name) if name else None
    properties = row["properties"]
    if row["event"] != name:
        row["context"].setdefault("original_event", name)
        if row["event"] == EMAIL_CLICKED:
            _fill(properties, "url", properties.get("link_url"))
    if name in FORMS and key_text(properties.get("email")):
        row["email"] = properties["email"]


def _page(row: Values, message: Values) -> None:
    """A page view; conditions read its `path`, which is that of its `url` where it has none."""
    row["event"] = PAGE_VIEWED
    properties = row["properties"]
    _named(properties, message)
    page = row["context"].get("page")
    if isinstance(page, dict):
        for name in _FROM_THE_PAGE:
            _fill(properties, name, page.get(name))
    if is_absent(properties.get("path")):
        _fill(properties, "path", _path(properties.get("url")))


def _screen(row: Values, message: Values) -> None:
    row["event"] = SCREEN_VIEWED
    _named(row["properties"], message)


def _group(row: Values, message: Values) -> None:
    """A person's company: it is a trait of the person, as models read it (`traits.company.employees`)."""
    row["event"] = TRAITS_SET
    number = message.pop("groupId", None)
    company = row["traits"]
    if not is_absent(number):
        company = {"id": number, **company}
        row["properties"].setdefault("groupId", number)
    row["traits"] = {"company": company} if company else {}


def _alias(row: Values, message: Values) -> None:
    """Two keys of one person. The earlier one is an e-mail where it looks like one, else a device.

    A device owns nothing, so that taking a former user id for one does no harm; and two user ids of which no e-mail is
    known do not join anyway (`couveuse.core.identities`).
    """
    row["event"] = IDENTITIES_JOINED
    before = message.pop("previousId", None)
    text = key_text(before)
    if text is None:
        return
    row["properties"].setdefault("previousId", before)
    if "@" in text:
        row["email"] = text
    elif text != key_text(row["user_id"]):
        _fill(row["properties"], "anonymousId", row["anonymous_id"])
        row["anonymous_id"] = text


_KINDS: Mapping[str, Callable[[Values, Values], None]] = {
    Call.IDENTIFY: _identify,
    Call.TRACK: _track,
    Call.PAGE: _page,
    Call.SCREEN: _screen,
    Call.GROUP: _group,
    Call.ALIAS: _alias,
}


def _named(properties: Values, message: Values) -> None:
    for name in ("name", "category"):
        _fill(properties, name, message.pop(name, None))


def _fill(properties: Values, name: str, value: object) -> None:
    """Give a property that is absent."""
    if not is_absent(value) and is_absent(properties.get(name)):
        properties[name] = value


def _path(url: object) -> str | None:
    if not isinstance(url, str):
        return None
    try:
        return urlsplit(url).path or "/"
    except ValueError:
        return None
