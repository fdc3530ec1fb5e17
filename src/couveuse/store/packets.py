"""The packets in which accepted facts wait for the engine: msgpack, a packet for each lane of each commit."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final
from zlib import crc32

import msgspec

# So many engines may work at once; facts of one person stand in one lane. Changing it asks for an empty inbox.
LANES: Final = 8


class Flag:
    """What is known of how a fact came: plain integers, since they are asked of every fact."""

    NONE: Final = 0
    CLAIM: Final = 1  # by a public key: what it says of a person is a claim
    QUIET: Final = 2  # an import or a replay: it hands nobody over


class Accepted(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A fact as it waits: when, what, by whose word, whose; and its payload (`couveuse.store.payloads`)."""

    at: int
    received_at: int
    event: str
    source: str
    digest: bytes  # of source and message_id, 16 bytes
    email: str | None
    user_id: str | None
    anonymous_id: str | None
    flags: int
    payload: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Accepted])


def pack(facts: Sequence[Accepted]) -> bytes:
    """Facts as a packet."""
    return _encoder.encode(facts)


def unpack(packet: bytes) -> list[Accepted]:
    """The facts of a packet."""
    return _decoder.decode(packet)


def digest_of(source: str, message_id: str) -> bytes:
    """By what a fact is known: 16 bytes of (`source`, `message_id`)."""
    return blake2b(f"{source}\x00{message_id}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def identity_digest(sort: int, key: str) -> bytes:
    """By what an identity is known: 16 bytes of its sort and key."""
    return blake2b(f"{sort}\x00{key}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def lane_of(email: str | None, user_id: str | None, anonymous_id: str | None) -> int:
    """The lane of a fact: by its nearest key, so that copies of one message, and mostly a person's facts, share one."""
    return crc32((email or user_id or anonymous_id or "").encode("utf-8", "surrogatepass")) % LANES
