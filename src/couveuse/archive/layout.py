"""The format of the archive, version 1: which files, which columns, how they are encoded, and their digest.

A month is a folder, `month=2026-01`, of files `part-<generation>-<number>.parquet` and a `manifest.json` that names
those that count. Rows stand in the order of their identities and, within each, in canonical order, in groups small
enough that one identity is found by the groups' statistics. An identity is a number that only the instance's database
can tell a person by.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from couveuse.archive.message_ids import part, whole

VERSION: Final = 1
# A look-up reads one such group of each month; larger ones weigh less and are read longer.
GROUP_ROWS: Final = 20_480
PART_ROWS: Final = 200 * GROUP_ROWS
MANIFEST: Final = "manifest.json"

SCHEMA = pa.schema(
    [
        pa.field("identity", pa.int64(), nullable=False),
        pa.field("at", pa.timestamp("ms", "UTC"), nullable=False),
        pa.field("at_us", pa.int16(), nullable=False),  # microseconds beyond `at`
        pa.field("received_after_ms", pa.int64(), nullable=False),  # after `at`
        pa.field("received_after_us", pa.int16(), nullable=False),  # beyond that
        pa.field("event", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("flags", pa.int16(), nullable=False),
        pa.field("import", pa.int32()),
        pa.field("message", pa.string(), nullable=False),  # couveuse.archive.message_ids
        pa.field("message_hex", pa.binary()),
        pa.field("message_clock", pa.int64()),
        pa.field("properties", pa.string()),  # JSON objects
        pa.field("context", pa.string()),
        pa.field("traits", pa.string()),
        pa.field("is_kept", pa.bool_(), nullable=False),  # the row stays in PostgreSQL, and is not read from here
    ]
)
DICTIONARIES: Final = ["event", "source", "message", "properties", "context", "traits", "at_us", "received_after_ms"]
ENCODINGS: Final = {
    "identity": "DELTA_BINARY_PACKED",
    "at": "DELTA_BINARY_PACKED",
    "message_hex": "DELTA_LENGTH_BYTE_ARRAY",
    "message_clock": "DELTA_BINARY_PACKED",
}


class ArchivedRow(NamedTuple):
    """A row of the archive; instants are microseconds, what a fact says is JSON text, None where nothing is kept."""

    identity_id: int
    at: int
    received_at: int
    event: str
    source: str
    flags: int
    import_id: int | None
    message_id: str
    properties: str | bytes | None
    context: str | bytes | None
    traits: str | bytes | None
    is_kept: bool


def folder_of(month: str) -> str:
    """The folder of a month."""
    return f"month={month}"


def part_name(generation: int, number: int) -> str:
    """The name of a file in it."""
    return f"part-{generation:04}-{number:04}.parquet"


def generation_of(name: str) -> int | None:
    """To which generation a file belongs, also one that is not whole yet; None where it is no part."""
    pieces = name.lstrip("_").removesuffix(".parquet").split("-")
    return int(pieces[1]) if len(pieces) == 3 and pieces[0] == "part" and pieces[1].isdigit() else None


def table_of(rows: Sequence[ArchivedRow]) -> pa.Table:
    """Rows as the format's columns."""
    (identities, ats, received, events, sources, flags, imports, messages, properties, contexts, traits, kept) = zip(
        *rows, strict=True
    )
    at = np.array(ats, dtype=np.int64)
    at_ms, at_us = np.divmod(at, 1000)
    after_ms, after_us = np.divmod(np.array(received, dtype=np.int64) - at, 1000)
    forms, data, clocks = zip(*map(part, messages, at_ms.tolist()), strict=True)
    columns = [
        np.array(identities, dtype=np.int64), at_ms, at_us.astype(np.int16), after_ms, after_us.astype(np.int16),
        events, sources, np.array(flags, dtype=np.int16), imports, forms, data, clocks, properties, contexts, traits,
        kept,
    ]  # fmt: skip
    return pa.Table.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )


def rows_of(table: pa.Table) -> list[ArchivedRow]:
    """Rows again, in the order of the table."""
    at_ms = table.column("at").cast(pa.int64()).to_numpy()
    at = at_ms * 1000 + table.column("at_us").to_numpy()
    received = at + table.column("received_after_ms").to_numpy() * 1000 + table.column("received_after_us").to_numpy()
    held = {name: table.column(name).to_pylist() for name in SCHEMA.names if name not in ("at", "at_us")}
    parted = zip(held["message"], held["message_hex"], held["message_clock"], strict=True)
    messages = list(map(whole, parted, at_ms.tolist()))
    columns = (
        held["identity"], at.tolist(), received.tolist(), held["event"], held["source"], held["flags"], held["import"],
        messages, held["properties"], held["context"], held["traits"], held["is_kept"],
    )  # fmt: skip
    return [ArchivedRow(*row) for row in zip(*columns, strict=True)]


class Digest:
    """What rows say, in sixteen bytes: the same however they are encoded, cut into groups of the same rows."""

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=16)

    def add(self, table: pa.Table) -> None:
        """Go on with the rows of one group."""
        for name in SCHEMA.names:
            column = pa.concat_arrays(table.column(name).chunks or [pa.array([], SCHEMA.field(name).type)])
            self._hash.update(np.packbits(column.is_valid().to_numpy(zero_copy_only=False)).tobytes())
            for piece in _bytes_of(column):
                self._hash.update(piece)

    def told(self) -> str:
        """The digest, in hexadecimal digits."""
        return self._hash.hexdigest()


def _bytes_of(column: pa.Array) -> list[Any]:
    if pa.types.is_string(column.type) or pa.types.is_binary(column.type):
        filled = pa.concat_arrays([pc.fill_null(column, "" if pa.types.is_string(column.type) else b"")])
        _, offsets, data = filled.buffers()
        edges = np.frombuffer(offsets, dtype=np.int32)[filled.offset : filled.offset + len(filled) + 1]
        held = memoryview(data)[edges[0] : edges[-1]] if data is not None and len(edges) else b""
        return [(edges[1:] - edges[:-1]).tobytes(), held]
    if pa.types.is_boolean(column.type):
        return [np.packbits(column.to_numpy(zero_copy_only=False)).tobytes()]
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return [pc.fill_null(column, 0).to_numpy(zero_copy_only=False).tobytes()]
