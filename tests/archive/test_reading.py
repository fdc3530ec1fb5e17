"""The facts of some identities are read, and of the files no more than may hold them."""

import pytest

from couveuse.archive import reading
from couveuse.archive.errors import ArchiveAway, ArchiveBroken
from couveuse.archive.layout import folder_of
from couveuse.archive.manifests import Manifest
from couveuse.archive.places import Place, place_at
from couveuse.archive.reading import count_of_identities, rows_of_identities
from couveuse.archive.writing import write_parts
from tests.archive.rows import MONTH, many

ROWS = many(60_000, 3_000)


@pytest.fixture
def place(tmp_path):
    return place_at(str(tmp_path))


@pytest.fixture
def manifest(place):
    return Manifest(MONTH, 1, write_parts(place, MONTH, 1, ROWS), (), "")


def test_it_works(place, manifest):
    wanted = {2, 302, 8_999, 4}
    found = list(rows_of_identities(place, manifest, list(wanted)))
    assert found == [row for row in ROWS if row.identity_id in wanted and not row.is_kept]
    assert len(found) > 20
    assert {row.identity_id for row in found} <= wanted


def test_counts_are_those_of_the_rows(place, manifest):
    for kept in (False, True):
        found = count_of_identities(place, manifest, [2, 5], kept=kept)
        for number in (2, 5):
            assert found[number] == sum(row.identity_id == number and (kept or not row.is_kept) for row in ROWS)


def test_only_groups_that_may_hold_them_are_read(place, manifest, monkeypatch):
    read = []
    asked = reading._may_hold
    monkeypatch.setattr(reading, "_may_hold", lambda group, wanted: read.append(asked(group, wanted)) or read[-1])
    list(rows_of_identities(place, manifest, [2]))
    assert read == [True, False, False]


def test_a_file_that_went_is_told(place, manifest):
    place.remove(f"{folder_of(MONTH)}/{manifest.parts[0].name}")
    with pytest.raises(ArchiveBroken, match="put it back"):
        list(rows_of_identities(place, manifest, [2]))


class Away:
    """A file system that does not answer."""

    def open_input_file(self, _: str) -> None:
        raise OSError("Connection refused")


def test_a_place_that_is_away_is_told(manifest):
    with pytest.raises(ArchiveAway, match="does not answer"):
        list(rows_of_identities(Place("s3://bucket", Away(), "bucket"), manifest, [2]))
