"""What a look at the database means, and its cure."""

from dataclasses import replace

import psycopg
import pytest

from couveuse.store.health import Check, Look, checks, look, migrations

WELL = Look(tuple(migrations()), 1, 0, None, 1, 0)


def wrong(found: Look | None) -> dict[str, Check]:
    return {check.name: check for check in checks(found, 100) if not check.is_fine}


def test_it_works(database: str) -> None:
    with psycopg.connect(database) as connection:
        found = look(connection)
    assert set(found.migrations or ()) == migrations()
    assert (found.acting_models, found.waiting, found.waiting_since, found.engines) == (0, 0, None, 0)
    assert set(wrong(found)) == {"model", "engine"}


def test_when_all_is_well_nothing_is_to_be_done() -> None:
    assert wrong(WELL) == {}


@pytest.mark.parametrize(
    ("found", "name", "cure"),
    [
        (None, "migrations", "couveuse migrate"),
        (replace(WELL, migrations=None), "migrations", "couveuse migrate"),
        (replace(WELL, migrations=(*migrations(), "9999_later")), "migrations", "install the version"),
        (replace(WELL, acting_models=0), "model", "publish one"),
        (replace(WELL, waiting=100, waiting_since=0, now=5_000_000), "backlog", "run more engines"),
        (replace(WELL, engines=0), "engine", "couveuse engine"),
    ],
)
def test_what_is_wrong_is_named_with_its_cure(found: Look | None, name: str, cure: str) -> None:
    assert set(wrong(found)) == {name}
    assert cure in wrong(found)[name].cure


def test_the_age_of_the_oldest_that_waits_is_told() -> None:
    found = list(checks(replace(WELL, waiting=3, waiting_since=0, now=5_000_000), 100))
    assert Check("backlog", "3 events wait for the engine, the oldest for 5 s") in found
