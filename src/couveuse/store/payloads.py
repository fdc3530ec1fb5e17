"""What a fact says, as bytes: JSON under zstandard with a dictionary of our own, since the words of events recur.

A page view of a browser has some 860 bytes of JSON; under the dictionary it has 145, in four microseconds. The first
byte names the dictionary, so that another one may come and what was written stays readable.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec
import zstandard

from couveuse.core.events import Fact, Properties
from couveuse.errors import CouveuseError

NEWEST = 1
# In the place of a dictionary's number: what follows is JSON as it stands. It is made of facts that are read elsewhere,
# and is never stored.
PLAIN: Final = b"\x00"
_LEVEL = 6


class UnknownPayload(CouveuseError):
    """A stored payload was written by a newer version: upgrade this process, too."""


@cache
def _words(version: int) -> zstandard.ZstdCompressionDict:
    try:
        data = files("couveuse.store").joinpath("words", f"{version}.txt").read_bytes()
    except FileNotFoundError:
        raise UnknownPayload from None
    words = zstandard.ZstdCompressionDict(data, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    words.precompute_compress(level=_LEVEL)
    return words


class Compressor:
    """Writes and reads payloads; one a thread, since it is not safe in two at once."""

    def __init__(self) -> None:
        self._writer = zstandard.ZstdCompressor(
            level=_LEVEL, dict_data=_words(NEWEST), write_dict_id=False, write_checksum=False, write_content_size=True
        )
        self._readers: dict[int, zstandard.ZstdDecompressor] = {}
        self._mark = bytes((NEWEST,))
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder().decode

    def pack(self, values: object) -> bytes:
        """A JSON value as bytes."""
        try:
            written = self._encode(values)
        except (TypeError, ValueError, OverflowError):  # what msgspec does not write: huge integers, lone surrogates
            written = json.dumps(values, separators=(",", ":")).encode()
        return self._mark + self._writer.compress(written)

    def grow(self, data: bytes) -> str:
        """The text again; raises UnknownPayload."""
        return self.inflate(data).decode()

    def inflate(self, data: bytes) -> bytes:
        """The JSON as it was written, for whoever reads a part of it; raises UnknownPayload."""
        version = data[0]
        if not version:
            return data[1:]
        reader = self._readers.get(version)
        if reader is None:
            reader = self._readers[version] = zstandard.ZstdDecompressor(dict_data=_words(version))
        return reader.decompress(data[1:])

    def unpack(self, data: bytes) -> Any:
        """The JSON value again; raises UnknownPayload."""
        written = self.inflate(data)
        try:
            return self._decode(written)
        except msgspec.DecodeError:
            return json.loads(written)

    def pack_fact(self, fact: Fact, user_id: str | None = None, anonymous_id: str | None = None) -> bytes:
        """What an event row holds of a fact: its `message_id`, what it says, and the keys beside the row's own."""
        parts: list[object] = [fact.message_id, fact.properties, fact.context, fact.traits, user_id, anonymous_id]
        while not parts[-1] and len(parts) > 1:
            parts.pop()
        return self.pack(parts)

    def unpack_fact(self, data: bytes) -> tuple[str, Properties, Properties, Properties, str | None, str | None]:
        """The same again: `message_id`, properties, context, traits, user id, device."""
        message_id, *parts = self.unpack(data)
        parts += [None] * (5 - len(parts))
        properties, context, traits, user_id, anonymous_id = parts
        return message_id, properties or {}, context or {}, traits or {}, user_id, anonymous_id
