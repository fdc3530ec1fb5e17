"""Months archived and dropped: what is left here and what is there score as before, to the last digit."""

import pytest

from couveuse.engine.archiving import Archivist
from tests.engine.town import DAY, NOW, Town, accepted, configuration

LONG_AGO = NOW - 100 * DAY


@pytest.fixture
def town(database):
    with Town(database) as town:
        yield town


@pytest.fixture
def settings(tmp_path):
    return configuration(archive=str(tmp_path / "archive"))


def archive(town: Town, settings, *, drop: bool = True) -> list[str]:
    """Archive all that is closed, and drop it; returns the months."""
    with Archivist(town.url, settings, lambda: town.now) as archivist:
        months = [manifest.month for manifest in archivist.run(archivist.due()) if manifest.parts]
        if drop:
            archivist.drop(months)
    return months


def test_it_works(town, settings):
    town.take(
        accepted("Page Viewed", LONG_AGO, email="alice@example.com", path="/tarifs"),
        accepted("Document Downloaded", NOW, email="alice@example.com"),
    )
    before = town.score("alice@example.com")
    assert archive(town, settings) == ["2026-02"]
    assert town.rows("select count(*) from events") == [(1,)]
    town.take(accepted("Page Viewed", LONG_AGO + DAY, email="alice@example.com"))
    town.take(accepted("Page Viewed", LONG_AGO - 50 * DAY, email="alice@example.com"))
    assert town.score("alice@example.com") > before
