"""Bodies as messages: one, or those of a batch, each decoded by itself so that a bad one spoils no other."""

import json
import math
import re
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

import msgspec

from couveuse.collect import answers
from couveuse.collect.answers import Answer
from couveuse.collect.bodies import MOST_BODY, MOST_EVENT
from couveuse.core.events import Reject

Properties = dict[str, Any]

# As in Segment's own limits; what is beyond is rejected, what is within is kept.
MOST_EVENTS: Final = 2500
# Deep enough for what people send; a reader of what is stored need not fear for its stack.
MOST_DEPTH: Final = 100

_NOTHING = msgspec.Raw(b"null")
_BOM = b"\xef\xbb\xbf"


class _Batch(msgspec.Struct, rename="camel", gc=False):
    """A batch; what stands in it beside these says nothing of its events."""

    batch: list[msgspec.Raw]
    context: msgspec.Raw = msgspec.Raw(b"null")
    sent_at: object = None
    write_key: object = None


@dataclass(frozen=True, slots=True)
class Batch:
    """The events of a batch as they were written, and what is said once for all of them."""

    events: list[bytes]
    excess: bytes  # the first one too many, as it was written; empty where there is none
    beyond: int  # how many there are too many
    context: Properties
    context_may_hold_nul: bool
    sent_at: object
    write_key: object


_any = msgspec.json.Decoder()
_batch = msgspec.json.Decoder(_Batch)


def single(body: bytes) -> Properties | Answer:
    """The one message of a body."""
    if len(body) > MOST_EVENT:
        return LARGE_EVENT
    found = decoded(body.removeprefix(_BOM))
    match found:
        case dict():
            return found
        case Reject.TOO_DEEP:
            return answers.TOO_DEEP
        case _:
            return answers.NOT_JSON


LARGE_EVENT = answers.refused(400, Reject.TOO_LARGE, "keep an event to 32 KB: leave out what is no property of it")


def batch(body: bytes) -> Batch | Answer:
    """The messages of a batch."""
    body = body.removeprefix(_BOM)
    try:
        found = _batch.decode(body)
    except RecursionError:
        return answers.TOO_DEEP
    except msgspec.ValidationError:
        return answers.NO_BATCH
    except (msgspec.DecodeError, UnicodeDecodeError):
        repaired = _repaired(body)
        if not isinstance(repaired, _Batch):
            return repaired
        found = repaired
    events = [bytes(raw) for raw in found.batch[:MOST_EVENTS]]
    beyond = found.batch[MOST_EVENTS:]
    said_for_all = bytes(found.context)
    if len(said_for_all) * len(events) > MOST_BODY:
        return answers.LARGE_CONTEXT
    context = decoded(said_for_all)
    if isinstance(context, Reject):
        return answers.TOO_DEEP if context is Reject.TOO_DEEP else answers.NOT_JSON
    if not isinstance(context, dict):
        context = {}
    excess = bytes(beyond[0]) if beyond else b""
    return Batch(events, excess, len(beyond), context, may_hold_nul(said_for_all), found.sent_at, found.write_key)


def _repaired(body: bytes) -> _Batch | Answer:
    """A batch that is JSON but for what Python's own reader takes: NaN, half a surrogate pair, huge numbers.

    Such an event is found again when it is decoded by itself; the others are fine. Some senders write NaN.
    """
    if not (b"NaN" in body or b"Infinity" in body or b"\\u" in body):
        return answers.NOT_JSON
    try:
        found = json.loads(body, parse_int=_integer)
    except RecursionError:
        return answers.TOO_DEEP
    except ValueError:
        return answers.NOT_JSON
    if not isinstance(found, dict) or not isinstance(found.get("batch"), list):
        return answers.NO_BATCH
    events = [msgspec.Raw(_written(event)) for event in found["batch"][: MOST_EVENTS + 1]]
    events += [_NOTHING] * (len(found["batch"]) - len(events))  # what is too many is counted only
    context = msgspec.Raw(_written(found.get("context")))
    return _Batch(events, context, found.get("sentAt"), found.get("writeKey"))


def _integer(digits: str) -> int | float:
    """A whole number, as far as Python reads them; a longer one spoils its own event alone."""
    return int(digits) if len(digits) < 4_000 else math.inf


def _written(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def may_hold_nul(written: bytes) -> bool:
    """Whether a NUL may stand in some text: JSON writes it in one way only."""
    return b"\\u0000" in written


def decoded(written: bytes) -> object | Reject:
    """A JSON value that may be stored, or why it may not be."""
    try:
        value = _any.decode(written)
    except RecursionError:
        return Reject.TOO_DEEP
    except UnicodeDecodeError:
        return Reject.NOT_TEXT
    except msgspec.DecodeError:
        return Reject.NOT_TEXT if b"\\ud" in written.lower() else Reject.NOT_JSON
    if written.count(b"[") + written.count(b"{") > MOST_DEPTH and is_too_deep(written):
        return Reject.TOO_DEEP
    return value  # type: ignore[no-any-return]  # what JSON gives


_TEXTS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]"))
_OPENS = ord("[")
_WIDE = 4


def is_too_deep(written: bytes, most: int = MOST_DEPTH) -> bool:
    """Whether objects and lists stand deeper than that in one another; what stands in texts does not count.

    >>> is_too_deep(b'{"a": [{}], "b": "[[[["}', 3), is_too_deep(b'{"a": [{}], "b": "[[[["}', 2)
    (False, True)
    """
    brackets = _TEXTS.sub(b"", written).translate(_ONE_KIND).translate(None, _NO_BRACKETS)
    for taken in range(_WIDE):  # most stand side by side: each turn takes away the innermost ones
        brackets = brackets.replace(b"[]", b"")
        if not brackets:
            return taken + 1 > most
    return _WIDE + max(accumulate(1 if bracket == _OPENS else -1 for bracket in brackets)) > most
