"""A month is written whole, verified and named; what does not count goes."""

import errno
from itertools import pairwise

import pyarrow.parquet as pq
import pytest

from couveuse.archive import layout, writing
from couveuse.archive.errors import ArchiveAway, ArchiveBroken
from couveuse.archive.layout import folder_of, rows_of, table_of
from couveuse.archive.manifests import Manifest
from couveuse.archive.places import place_at
from couveuse.archive.reading import all_rows
from couveuse.archive.writing import manifest_at, next_generation, tidy, verify, write_manifest, write_parts
from tests.archive.rows import MONTH, a_row, many


@pytest.fixture
def place(tmp_path):
    return place_at(str(tmp_path / "archive"))


def written(place, rows, generation=1):
    return Manifest(MONTH, generation, write_parts(place, MONTH, generation, rows), ("path",), "")


def test_it_works(place, tmp_path):
    rows = many(50_000, 2_000)
    manifest = written(place, rows)
    write_manifest(place, manifest)
    assert manifest.rows == 50_000
    found = [*all_rows(place, manifest), *all_rows(place, manifest, kept=True)]
    assert sorted(found) == rows
    assert manifest_at(place, MONTH) == manifest
    assert sorted(path.name for path in (tmp_path / "archive" / f"month={MONTH}").iterdir()) == [
        "manifest.json", "part-0001-0000.parquet",
    ]  # fmt: skip


def test_rows_are_themselves_again():
    rows = [a_row(), a_row(at=-1_500, received_at=-2_001, message_id="é", import_id=7, context="{}", is_kept=True)]
    assert rows_of(table_of(rows)) == rows


def test_nothing_is_no_file(place):
    assert written(place, []).parts == ()


def test_large_months_are_several_files(place, monkeypatch):
    monkeypatch.setattr(writing, "PART_ROWS", layout.GROUP_ROWS)
    manifest = written(place, many(layout.GROUP_ROWS * 2 + 5, 100))
    assert [part.rows for part in manifest.parts] == [layout.GROUP_ROWS, layout.GROUP_ROWS, 5]


def test_one_identity_is_found_by_the_statistics(place, tmp_path):
    (part,) = written(place, many(50_000, 2_000)).parts
    metadata = pq.read_metadata(tmp_path / "archive" / f"month={MONTH}" / part.name)
    assert metadata.num_row_groups == 3
    edges = [metadata.row_group(group).column(0).statistics for group in range(3)]
    assert all(one.max <= other.min for one, other in pairwise(edges))


@pytest.mark.parametrize(
    "spoil", [lambda data: data[:-100], lambda data: data[:200] + b"x" + data[201:], lambda _: b""]
)
def test_a_spoilt_file_is_found(place, tmp_path, spoil):
    (part,) = written(place, many(5_000, 200)).parts
    file = tmp_path / "archive" / folder_of(MONTH) / part.name
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises((ArchiveBroken, ArchiveAway)):
        verify(place, f"{folder_of(MONTH)}/{part.name}", part)


def test_a_file_of_other_rows_is_found(place):
    (part,) = written(place, [a_row(), a_row(2)]).parts
    (other,) = written(place, [a_row(), a_row(2, event="Email Opened")], 2).parts
    with pytest.raises(ArchiveBroken, match="not those that were written"):
        verify(place, f"{folder_of(MONTH)}/{other.name}", part)


def test_a_missing_file_is_told_with_its_cure(place):
    (part,) = written(place, [a_row()]).parts
    place.remove(f"{folder_of(MONTH)}/{part.name}")
    with pytest.raises(ArchiveBroken, match="put it back from a copy"):
        verify(place, f"{folder_of(MONTH)}/{part.name}", part)


def test_a_full_disk_leaves_nothing_that_counts(place, monkeypatch, tmp_path):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(ArchiveAway, match="full: free some space"):
        written(place, [a_row()])
    assert [path.name[0] for path in (tmp_path / "archive" / folder_of(MONTH)).iterdir()] == ["_"]


def test_what_does_not_count_goes_and_numbers_are_not_used_twice(place):
    first, second = written(place, [a_row()], 1), written(place, [a_row(2)], 2)
    with place.writing(f"{folder_of(MONTH)}/_part-0007-0000.parquet") as stream:
        stream.write(b"half")
    assert next_generation(place, MONTH, 2) == 8
    tidy(place, MONTH, second.parts)
    assert place.names(folder_of(MONTH)) == [second.parts[0].name]
    assert first.parts[0].name not in place.names(folder_of(MONTH))
