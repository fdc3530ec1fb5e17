"""What the front door answers: JSON, with what browsers need in order to read it, and never a cookie."""

import json
from collections.abc import Mapping
from typing import Any

Message = dict[str, Any]
"""An ASGI message."""
Header = tuple[bytes, bytes]

# Any page may read an answer: no answer says anything of anybody, and none is made by a cookie's leave. Browsers follow
# a Retry-After only where they may see it.
_SEEN: tuple[Header, ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"retry-after"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
_METHODS = b"GET, POST, OPTIONS"
# What the clients send that we know of.
_HEADERS = b"authorization, content-type, content-encoding, anonymousid, sentat, x-retry-count, x-write-key"


class Answer:
    """A whole answer, ready to be sent as often as wanted."""

    __slots__ = ("body", "code", "start", "status")

    def __init__(self, status: int, content: object = None, headers: tuple[Header, ...] = (), code: str = "") -> None:
        body = b"" if content is None else json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        kind: tuple[Header, ...] = () if content is None else ((b"content-type", b"application/json"),)
        length = (b"content-length", str(len(body)).encode())
        self.status, self.code = status, code
        self.start: Message = {
            "type": "http.response.start",
            "status": status,
            "headers": [*kind, length, *_SEEN, *headers],
        }
        self.body: Message = {"type": "http.response.body", "body": body}


DONE = Answer(200, {"success": True})
PREFLIGHT = Answer(
    204,
    headers=(
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", _HEADERS),
        (b"access-control-max-age", b"86400"),
    ),
)


def refused(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    """A refusal with its cure. Clients look for `code` and `message`, and try again where they do not find them."""
    said = {"success": False, "code": code, "message": message}
    return Answer(status, said, tuple((n.encode(), v.encode()) for n, v in (headers or {}).items()), code)


def wait(status: int, code: str, message: str, seconds: int) -> Answer:
    """Not now: nothing was stored, and the sender is to try again."""
    return refused(status, code, message, {"retry-after": str(seconds)})


AWAY = wait(503, "database_away", "the database does not answer; nothing was stored: send it again later", 2)
FULL = wait(503, "storage_full", "the database cannot store more for now; nothing was stored: send it again later", 10)
CLOSING = wait(503, "closing", "this process is closing; nothing was stored: send it again", 1)
BUSY = wait(429, "busy", "too much at once; nothing was stored: send it again later", 1)
BACKLOG = wait(429, "backlog", "too much waits to be scored; nothing was stored: send it again later", 5)
NO_KEY = refused(401, "no_write_key", "give a write key: the user of Basic authentication, or `writeKey` in the body")
UNKNOWN_KEY = refused(
    401, "unknown_write_key", "this write key is unknown or was revoked: make one with `couveuse key create`"
)
SERVER_KEY = refused(
    403,
    "server_key_in_a_browser",
    "this write key is for servers, and a browser sent it: revoke it, since it was seen, and use a public key in pages",
)
NOT_JSON = refused(
    400, "not_json", "the body is no JSON object in UTF-8 (without NaN); compressed, it needs Content-Encoding: gzip"
)
TOO_DEEP = refused(400, "too_deep", "the body holds objects or lists too deep in one another: flatten them")
NO_BATCH = refused(400, "no_batch", 'a batch holds its events in a list: {"batch": [...]}')
LARGE_CONTEXT = refused(
    400, "batch_context_too_large", "the batch's `context` goes into each of its events: keep it small, or send fewer"
)
BROKEN_GZIP = refused(400, "broken_compression", "the compressed body is cut short or broken: send it again")
TOO_LARGE = refused(413, "too_large", "keep a body to 4 MiB once inflated: send smaller batches")
ENCODING = refused(415, "unknown_encoding", "compress the body with gzip or deflate, or not at all")
TOO_SLOW = refused(408, "too_slow", "the body did not arrive within 30 seconds: send it again")
NOT_STORED = refused(400, "not_stored", "this could not be stored as it is; the server's log says why")
NOT_FOUND = refused(
    404, "not_found", "there is nothing here: send to /v1/ with identify, track, page, screen, group, alias or batch"
)


def not_allowed(methods: str) -> Answer:
    """The path is right, the method is not."""
    return refused(405, "method_not_allowed", f"use {methods.replace(', OPTIONS', '')} here", {"allow": methods})


ONLY_POST = not_allowed("POST, OPTIONS")
ONLY_GET = not_allowed("GET, OPTIONS")
