"""A month written: rows in order, group by group, under temporary names, read again to be sure, then named."""

import json
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from couveuse.archive.errors import ArchiveBroken
from couveuse.archive.layout import (
    DICTIONARIES,
    ENCODINGS,
    GROUP_ROWS,
    MANIFEST,
    PART_ROWS,
    SCHEMA,
    VERSION,
    ArchivedRow,
    Digest,
    folder_of,
    generation_of,
    part_name,
    table_of,
)
from couveuse.archive.manifests import Manifest, Part
from couveuse.archive.places import TEMPORARY, Place, away


def write_parts(place: Place, month: str, generation: int, rows: Iterable[ArchivedRow]) -> tuple[Part, ...]:
    """Write rows, given in the order of the format, as one generation of a month; each file is verified and named.

    Raises ArchiveAway where the file system fails (what is there of it is removed by the next try), ArchiveBroken where
    what was written is not read again.
    """
    left = iter(rows)
    parts: list[Part] = []
    while True:
        first = list(islice(left, GROUP_ROWS))
        if not first:
            return tuple(parts)
        parts.append(_write_part(place, month, part_name(generation, len(parts)), first, left))


def _write_part(place: Place, month: str, name: str, first: list[ArchivedRow], left: Iterable[ArchivedRow]) -> Part:
    folder, digest, count = folder_of(month), Digest(), 0
    hidden = f"{folder}/{TEMPORARY}{name}"
    told = {b"couveuse.archive": str(VERSION).encode(), b"couveuse.month": month.encode()}
    schema = SCHEMA.with_metadata(told)
    with place.writing(hidden) as stream, pq.ParquetWriter(
        stream, schema, compression="zstd", compression_level=6, use_dictionary=DICTIONARIES,
        column_encoding=ENCODINGS, write_statistics=["identity"], store_schema=False,
    ) as writer:  # fmt: skip
        rows = first
        while rows:
            table = table_of(rows)
            digest.add(table)
            writer.write_table(table.replace_schema_metadata(told), row_group_size=GROUP_ROWS)
            count += len(rows)
            rows = list(islice(left, GROUP_ROWS)) if count < PART_ROWS else []
    part = Part(name, count, place.size(hidden), digest.told())
    verify(place, hidden, part)
    place.rename(hidden, f"{folder}/{name}")
    return part


def verify(place: Place, path: str, part: Part) -> None:
    """Read a file again to its end; raises ArchiveBroken where it does not hold what was written."""
    digest, rows = Digest(), 0
    try:
        with place.reading(path) as stream, pq.ParquetFile(stream) as file:
            for group in range(file.num_row_groups):
                table = _as_written(file.read_row_group(group, use_threads=False))
                digest.add(table)
                rows += table.num_rows
    except pa.ArrowInvalid as error:
        raise _broken(place, path, f"it cannot be read: {str(error).partition(chr(10))[0]}") from error
    except (OSError, pa.ArrowException) as error:
        raise away(place, error) from error
    if rows != part.rows:
        raise _broken(place, path, f"it has {rows:,} rows of {part.rows:,}")
    if digest.told() != part.digest:
        raise _broken(place, path, "its rows are not those that were written")


def _as_written(table: pa.Table) -> pa.Table:
    return table.select(SCHEMA.names).cast(SCHEMA)


def _broken(place: Place, path: str, why: str) -> ArchiveBroken:
    return ArchiveBroken(
        f"{place.address}/{path}: {why}; put the file back from a copy, then run couveuse archive verify"
    )


def write_manifest(place: Place, manifest: Manifest) -> None:
    """Name the files that count from now on, for whoever reads the archive without the database."""
    folder = folder_of(manifest.month)
    hidden = f"{folder}/{TEMPORARY}{MANIFEST}"
    with place.writing(hidden) as stream:
        stream.write(manifest.text().encode())
    place.rename(hidden, f"{folder}/{MANIFEST}")


def next_generation(place: Place, month: str, known: int) -> int:
    """The number of the generation to be written: above all that are there, whoever has left them."""
    found = [generation_of(name) for name in place.names(folder_of(month))]
    return max((known, *(each for each in found if each is not None))) + 1


def tidy(place: Place, month: str, counted: Sequence[Part]) -> None:
    """Remove the files of a month that do not count: of generations before, and of runs that were ended."""
    kept: set[Any] = {each.name for each in counted}
    for name in place.names(folder_of(month)):
        if name not in kept and (name.startswith(TEMPORARY) or generation_of(name) is not None):
            place.remove(f"{folder_of(month)}/{name}")


def manifest_at(place: Place, month: str) -> Manifest | None:
    """What the archive itself says that a month is made of; None where it says nothing that can be read."""
    try:
        return Manifest.of_json(json.loads(place.text(f"{folder_of(month)}/{MANIFEST}")))
    except (ArchiveBroken, ValueError, KeyError, TypeError):
        return None
