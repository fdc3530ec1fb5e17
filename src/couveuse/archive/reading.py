"""The archive read: whole months, or the facts of some identities, and then only the groups that may hold them."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from couveuse.archive.layout import SCHEMA, ArchivedRow, folder_of, rows_of
from couveuse.archive.manifests import Manifest
from couveuse.archive.places import Place, away, place_at

Ids = "np.typing.NDArray[np.int64]"
# The ends of so many files are remembered: they say which groups hold which identities.
MOST_REMEMBERED: Final = 4_096
_remembered: OrderedDict[tuple[str, str], Any] = OrderedDict()
_lock = Lock()
_places: dict[str, Place] = {}


def known_place(address: str) -> Place:
    """The place of an address, made once: a connection to an object store is dear."""
    with _lock:
        place = _places.get(address)
        if place is None:
            place = _places[address] = place_at(address)
        return place


def rows_of_identities(place: Place, manifest: Manifest, identities: Sequence[int]) -> Iterator[ArchivedRow]:
    """What a month holds of some identities and is read from here: by identity, and of each in canonical order."""
    wanted = np.unique(np.array(identities, dtype=np.int64))
    for table in _tables(place, manifest, wanted, SCHEMA.names):
        yield from rows_of(table)


def count_of_identities(
    place: Place, manifest: Manifest, identities: Sequence[int], *, kept: bool = False
) -> dict[int, int]:
    """How many rows that are read from here a month holds of each of some identities; or all, those that stay, too."""
    wanted = np.unique(np.array(identities, dtype=np.int64))
    found: dict[int, int] = {}
    for table in _tables(place, manifest, wanted, ["identity", "is_kept"], kept=kept):
        for number, count in zip(*np.unique(table.column("identity").to_numpy(), return_counts=True), strict=True):
            found[int(number)] = found.get(int(number), 0) + int(count)
    return found


def all_rows(place: Place, manifest: Manifest, *, kept: bool = False) -> Iterator[ArchivedRow]:
    """What a month holds and is read from here (or those rows that stay in PostgreSQL), in its order."""
    for table in all_tables(place, manifest, SCHEMA.names, kept=kept):
        yield from rows_of(table)


def all_tables(place: Place, manifest: Manifest, columns: Sequence[str], *, kept: bool = False) -> Iterator[pa.Table]:
    """The same as tables of some columns, group by group."""
    for part in manifest.parts:
        for table in _groups(place, f"{folder_of(manifest.month)}/{part.name}", None, columns):
            mask = table.column("is_kept")
            found = table.filter(mask if kept else pc.invert(mask))
            if found.num_rows:
                yield found


def _tables(
    place: Place, manifest: Manifest, wanted: Any, columns: Sequence[str], *, kept: bool = False
) -> Iterator[pa.Table]:
    for part in manifest.parts:
        for table in _groups(place, f"{folder_of(manifest.month)}/{part.name}", wanted, columns):
            held = table.column("identity").to_numpy()
            places = np.searchsorted(wanted, held)
            places[places == len(wanted)] = 0
            mask = wanted[places] == held
            if not kept:
                mask &= ~table.column("is_kept").to_numpy()
            if mask.any():
                yield table.filter(pa.array(mask))


def _groups(place: Place, path: str, wanted: Any, columns: Sequence[str]) -> Iterator[pa.Table]:
    try:
        with place.reading(path) as stream:
            known = _ends(place, path)
            with pq.ParquetFile(stream, metadata=known, pre_buffer=True) as file:
                _remember(place, path, file.metadata)
                for group in range(file.metadata.num_row_groups):
                    if wanted is None or _may_hold(file.metadata.row_group(group), wanted):
                        yield file.read_row_group(group, columns=list(columns), use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise away(place, error) from error


def _may_hold(group: Any, wanted: Any) -> bool:
    """Whether some wanted identity lies between the lowest and the highest of a group."""
    statistics = group.column(0).statistics
    if statistics is None or not statistics.has_min_max:
        return True
    first = int(np.searchsorted(wanted, statistics.min))
    return bool(first < len(wanted) and wanted[first] <= statistics.max)


def _ends(place: Place, path: str) -> Any:
    with _lock:
        key = (place.address, path)
        if key in _remembered:
            _remembered.move_to_end(key)
        return _remembered.get(key)


def _remember(place: Place, path: str, metadata: Any) -> None:
    with _lock:
        _remembered[place.address, path] = metadata
        while len(_remembered) > MOST_REMEMBERED:
            _remembered.popitem(last=False)
