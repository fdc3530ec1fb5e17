"""Bodies: whole, inflated, and never larger than they may be."""

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from couveuse.collect import answers, bodies
from couveuse.collect.bodies import MOST_BODY, Room, Share, inflate, read


def sender(*parts: bytes, leaves: bool = False) -> Callable[[], Awaitable[dict[str, Any]]]:
    """Sends a body in these parts; one who leaves goes away before the last."""
    waiting = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    waiting[-1] = {"type": "http.disconnect"} if leaves else {**waiting[-1], "more_body": False}

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    return receive


def a_share(most: int = 64 << 20) -> Share:
    return Share(Room(most))


def test_a_body_comes_at_once_or_in_parts() -> None:
    assert asyncio.run(read(sender(b"abc"), a_share())) == b"abc"
    assert asyncio.run(read(sender(b"abc", b"", b"def"), a_share())) == b"abcdef"


def test_whoever_leaves_is_not_answered() -> None:
    assert asyncio.run(read(sender(b"abc", b"", leaves=True), a_share())) is None
    assert asyncio.run(read(sender(b"", leaves=True), a_share())) is None


def test_a_body_that_is_too_large_is_read_no_further() -> None:
    parts = [b"x" * (1 << 20)] * 10
    assert asyncio.run(read(sender(*parts), a_share())) is answers.TOO_LARGE
    assert asyncio.run(read(sender(b"x" * (MOST_BODY + 1)), a_share())) is answers.TOO_LARGE
    assert asyncio.run(read(sender(b"x" * MOST_BODY), a_share())) == b"x" * MOST_BODY


def test_bodies_together_take_no_more_room_than_there_is() -> None:
    room = Room(10)
    with Share(room) as share:
        assert asyncio.run(read(sender(b"12345", b"67"), share)) == b"1234567"
        assert asyncio.run(read(sender(b"1234"), Share(room))) is answers.BUSY
        assert asyncio.run(read(sender(b"1", b"234"), Share(room))) is answers.BUSY
    assert room.left == 9  # what the last one took is given back with its share, which nobody entered


def test_a_body_that_does_not_arrive_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE", 0.01)
    never = asyncio.Event

    async def receive() -> dict[str, Any]:
        if is_first.pop():
            return {"type": "http.request", "body": b"a", "more_body": True}
        await never().wait()
        return {}

    is_first = [False, True]
    assert asyncio.run(read(receive, a_share())) is answers.TOO_SLOW


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(b"abc", mtime=0), b"gzip"),
        (gzip.compress(b"abc", mtime=0), b" X-GZIP "),
        (zlib.compress(b"abc"), b"deflate"),
        (deflated(b"abc"), b"deflate"),
        (b"abc", b"identity"),
        (b"abc", b""),
    ],
)
def test_a_compressed_body_is_inflated(body: bytes, encoding: bytes) -> None:
    assert inflate(body, encoding, a_share()) == b"abc"


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"abc", b"gzip"),
        (b"", b"gzip"),
        (gzip.compress(b"abc" * 1000, mtime=0)[:-10], b"gzip"),
        (gzip.compress(b"abc", mtime=0) + b"x", b"gzip"),
        (gzip.compress(b"abc", mtime=0) * 2, b"gzip"),
        (gzip.compress(b"abc", mtime=0)[:-8] + b"\0" * 8, b"gzip"),
        (b"\xff" * 20, b"deflate"),
        (b"", b"deflate"),
    ],
)
def test_a_broken_compression_is_refused(body: bytes, encoding: bytes) -> None:
    assert inflate(body, encoding, a_share()) is answers.BROKEN_GZIP


@pytest.mark.parametrize("encoding", [b"br", b"zstd", b"gzip, gzip", b"\xff"])
def test_another_encoding_is_refused(encoding: bytes) -> None:
    assert inflate(b"abc", encoding, a_share()) is answers.ENCODING


def test_a_bomb_is_not_inflated_beyond_the_bound() -> None:
    bomb = gzip.compress(b"\0" * (200 << 20), compresslevel=1)
    share = a_share()
    assert inflate(bomb, b"gzip", share) is answers.TOO_LARGE
    assert inflate(gzip.compress(b"x" * MOST_BODY), b"gzip", share) == b"x" * MOST_BODY


def test_what_is_inflated_takes_room_too() -> None:
    assert inflate(gzip.compress(b"x" * 1000), b"gzip", a_share(999)) is answers.BUSY
