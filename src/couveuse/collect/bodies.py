"""Bodies: read and inflated within bounds, so that no body takes more memory than it is allowed."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from typing import Any, Final, Self

from couveuse.collect import answers
from couveuse.collect.answers import Answer

Receive = Callable[[], Awaitable[dict[str, Any]]]

# A sender of RudderStack's fills a batch up to 4 MiB and may go over by its last event and what stands around.
MOST_BODY: Final = (4 << 20) + (64 << 10)
# One event, as in Segment's own limits.
MOST_EVENT: Final = 32 << 10
# How long a body may take to arrive that does not come at once.
PATIENCE = 30.0

_GZIP = 16 + zlib.MAX_WBITS


class Room:
    """How many bytes of bodies may be in this process at a time, from their first byte to their answer."""

    __slots__ = ("left",)

    def __init__(self, most: int) -> None:
        self.left = most


class Share:
    """What one request takes of the room, given back when it is answered."""

    __slots__ = ("_room", "_taken")

    def __init__(self, room: Room) -> None:
        self._room, self._taken = room, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._room.left += self._taken

    def take(self, size: int) -> bool:
        """Whether there was room for so many bytes more."""
        if size > self._room.left:
            return False
        self._room.left -= size
        self._taken += size
        return True


async def read(receive: Receive, share: Share) -> bytes | Answer | None:
    """The whole body; an answer where it is too large or too slow, or there is no room; None where its sender left."""
    message = await receive()
    if message["type"] != "http.request":
        return None
    body: bytes = message.get("body", b"")
    if len(body) > MOST_BODY:
        return answers.TOO_LARGE
    if not share.take(len(body)):
        return answers.BUSY
    if not message.get("more_body", False):
        return body
    try:
        async with asyncio.timeout(PATIENCE):
            return await _rest(receive, share, body)
    except TimeoutError:
        return answers.TOO_SLOW


async def _rest(receive: Receive, share: Share, first: bytes) -> bytes | Answer | None:
    parts, size = [first], len(first)
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > MOST_BODY:
            return answers.TOO_LARGE
        if not share.take(len(part)):
            return answers.BUSY
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def inflate(body: bytes, encoding: bytes, share: Share) -> bytes | Answer:
    """The body as it was before it was compressed; never more of it than may be."""
    match encoding.strip().lower():
        case b"" | b"identity":
            return body
        case b"gzip" | b"x-gzip":
            return _inflated(body, _GZIP, share)
        case b"deflate":  # with zlib's wrapper as its standard says, or without, as some send it
            is_wrapped = len(body) > 1 and body[0] & 15 == 8 and (body[0] << 8 | body[1]) % 31 == 0
            return _inflated(body, zlib.MAX_WBITS if is_wrapped else -zlib.MAX_WBITS, share)
        case _:
            return answers.ENCODING


def _inflated(body: bytes, window: int, share: Share) -> bytes | Answer:
    stream = zlib.decompressobj(window)
    try:
        found = stream.decompress(body, MOST_BODY + 1)
    except zlib.error:
        return answers.BROKEN_GZIP
    if len(found) > MOST_BODY:
        return answers.TOO_LARGE
    if not share.take(len(found)):
        return answers.BUSY
    # One stream and nothing behind it: no sender sends more, and many small ones would take long.
    return found if stream.eof and not stream.unused_data else answers.BROKEN_GZIP
