"""Addresses of archives, and what is refused."""

import pytest

from couveuse.archive.errors import BadPlace
from couveuse.archive.places import place_at


def test_it_works(tmp_path):
    for address in (str(tmp_path / "a"), f"file://{tmp_path}/a"):
        place = place_at(address)
        with place.writing("month=2026-01/x") as stream:
            stream.write(b"words")
        assert place.text("month=2026-01/x") == "words"
        assert place.size("month=2026-01/x") == 5
        place.rename("month=2026-01/x", "month=2026-01/y")
        assert place.names("month=2026-01") == ["y"]
        place.remove("month=2026-01/y")
        place.remove("month=2026-01/y")
        assert place.names("month=2026-01") == []
        assert place.names("nothing") == []


def test_a_key_in_an_address_is_refused():
    with pytest.raises(BadPlace, match="AWS_ACCESS_KEY_ID"):
        place_at("s3://key:secret@bucket/folder")


def test_an_unknown_file_system_is_refused():
    with pytest.raises(BadPlace, match="PyArrow knows no file system"):
        place_at("ftp://example.com/folder")
