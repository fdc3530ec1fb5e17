"""What nobody should send, and somebody will: messages with something wrong in them, bodies, headers and paths."""

import gzip
import json
import zlib
from typing import Any

from hypothesis import strategies as st

from couveuse.collect.routes import CALLS, Call
from tests.collect.doors import PUBLIC_KEY, SERVER_KEY, SITE, basic

# Stands for what no JSON library writes, and is put in once all else is written.
_RAW = {
    "@huge": b"9" * 5000,
    "@large": b"1" * 400,
    "@far": b"1e999",
    "@near": b"-1e-999",
    "@nan": b"NaN",
    "@bad": b'"\xff\xfe"',
    "@nul": b'"a\\u0000b"',
    "@half": b'"\\ud83d"',
    "@whole": b'"\\ud83d\\ude00"',
    "@deep": b'{"a":' * 90 + b"1" + b"}" * 90,
    "@deeper": b"[" * 300 + b"]" * 300,
    "@twice": b'{"a":1,"a":{"a":2}}',
    "@comma": b"[1,]",
}
TEXTS = st.one_of(
    st.text(max_size=12),
    st.text(st.characters(exclude_categories=()), max_size=6),
    st.sampled_from(("", " ", "\0", "u-1", "ana@example.com", "null", "é" * 200, "x" * 600, "\u202e", "\ufeff")),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), TEXTS, st.sampled_from(sorted(_RAW)),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)
TIMES = st.one_of(
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.sampled_from(
        ("2026-11-27T12:00:00Z", "2026-11-27", "1899-12-31T23:59:59Z", "2199-12-31T23:59:59.999999999+23:59",
         "1900-01-01T00:00:00-23:59", "2026-02-30", "0", "99999-01-01")
    ),
    VALUES,
)  # fmt: skip
OBJECTS = st.dictionaries(
    st.one_of(TEXTS, st.sampled_from(("email", "path", "url", "name", "group", "kind", "points", "of", "verdict",
                                      "purpose", "traits", "page", "link_url"))),
    VALUES, max_size=4,
) | VALUES  # fmt: skip
EVENTS = st.sampled_from(
    ("Demo Requested", "Page Viewed", "Group Joined", "Consent Given", "Score Adjusted", "Verdict Given", "Traits Set",
     "Identities Joined", "Email Link Clicked", "Form Submitted", "Opportunity Won")
) | VALUES  # fmt: skip
KINDS = st.sampled_from(("identify", "track", "page", "screen", "group", "alias")) | VALUES
_FIELDS = {
    "type": KINDS, "event": EVENTS, "userId": VALUES, "anonymousId": VALUES, "messageId": VALUES, "timestamp": TIMES,
    "originalTimestamp": TIMES, "sentAt": TIMES, "context": OBJECTS, "properties": OBJECTS, "traits": OBJECTS,
    "name": VALUES, "category": VALUES, "groupId": VALUES, "previousId": VALUES, "integrations": VALUES, "more": VALUES,
}  # fmt: skip
_KEYS = st.sampled_from(({"userId": "u-1"}, {"anonymousId": "d-1"}, {"userId": 12, "anonymousId": "d-1"}))
_GOOD = st.sampled_from((
    {"type": "identify", "traits": {"email": "ana@example.com", "title": "CFO"}},
    {"type": "track", "event": "Demo Requested", "properties": {"plan": "pro"}},
    {"type": "page", "properties": {"url": "https://example.com/tarifs?a=1"}, "context": {"page": {"path": "/tarifs"}}},
    {"type": "screen", "name": "Home"},
    {"type": "group", "groupId": "acme", "traits": {"name": "Acme"}},
    {"type": "alias", "previousId": "anon-77"},
    {"type": "track", "event": "Group Joined", "properties": {"group": "Clients"}},
    {"type": "track", "event": "Email Marked as Spam", "timestamp": "2026-11-01T00:00:00Z"},
))  # fmt: skip


@st.composite
def _messages(draw: st.DrawFn) -> object:
    """A good message with a few things in it that are not, or anything."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.fixed_dictionaries({}, optional=_FIELDS) | VALUES)
    wrong = draw(st.lists(st.sampled_from(sorted(_FIELDS)), max_size=3, unique=True))
    return {**draw(_GOOD), **draw(_KEYS), **{name: draw(_FIELDS[name]) for name in wrong}}


MESSAGES = _messages()
BATCHES = st.fixed_dictionaries(
    {"batch": st.lists(MESSAGES, max_size=5)}, optional={"context": OBJECTS, "sentAt": TIMES, "writeKey": VALUES}
)


def written(value: object) -> bytes:
    """A value as bytes, with what no library writes in its places."""
    text = json.dumps(value, default=str).encode()
    for mark, raw in _RAW.items():
        text = text.replace(f'"{mark}"'.encode(), raw)
    return text


ENCODINGS = {"": bytes, "gzip": gzip.compress, "deflate": zlib.compress, "br": bytes}
_CALLS = st.sampled_from(sorted(CALLS)) | st.sampled_from(("/v1/batch", "/v1/b"))
_OTHER_PATHS = st.text(max_size=8).map(lambda text: f"/v1/{text}")
_METHODS = st.sampled_from(("GET", "OPTIONS", "PUT", "HEAD", "DELETE"))
_HEADERS = {"Origin": st.sampled_from((SITE, SITE, "null", "x")), "SentAt": st.sampled_from(("x", "2026-11-27", ""))}


def _now_and_then(draw: st.DrawFn, times_in_ten: int = 1) -> bool:
    return 5 <= draw(st.integers(0, 9)) < 5 + times_in_ten  # not at an end, where more is drawn


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """A request as httpx takes it: often one that is taken, always with something odd about it."""
    path = draw(_CALLS)
    is_batch = CALLS[path] is Call.BATCH
    body = written(draw(BATCHES if is_batch != _now_and_then(draw) else MESSAGES))
    if _now_and_then(draw):
        body = draw(st.binary(max_size=60))
    elif body and _now_and_then(draw):  # damaged on its way
        place = draw(st.integers(0, len(body) - 1))
        body = body[:place] + draw(st.binary(max_size=3)) + body[place + draw(st.integers(0, 3)) :]
    encoding = draw(st.sampled_from(("gzip", "deflate", "br"))) if _now_and_then(draw, 2) else ""
    packed = ENCODINGS[encoding](body)
    if encoding and _now_and_then(draw):
        packed = packed[: draw(st.integers(0, len(packed)))]
    key = draw(st.sampled_from(("nobody's", "", None))) if _now_and_then(draw) else draw(_KNOWN)
    headers: dict[str, Any] = {} if key is None else basic(key)
    if encoding:
        headers["Content-Encoding"] = encoding
    if key == PUBLIC_KEY or _now_and_then(draw):
        headers |= draw(st.fixed_dictionaries({}, optional=_HEADERS))
    return {
        "method": draw(_METHODS) if _now_and_then(draw) else "POST",
        "url": draw(_OTHER_PATHS) if _now_and_then(draw) else path,
        "headers": headers,
        "content": packed,
    }


_KNOWN = st.sampled_from((SERVER_KEY, PUBLIC_KEY))
