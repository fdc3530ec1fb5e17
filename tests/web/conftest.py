"""A town with an engine, and a program that may ask everything of it."""

from collections.abc import Iterator

import pytest

from tests.engine.town import Town
from tests.web.asking import Asker, a_token


@pytest.fixture
def town(database: str) -> Iterator[Town]:
    """A database with a model and an engine."""
    from couveuse.web import database as pages

    with Town(database) as found:
        yield found
    pages.close()


@pytest.fixture
def api(town: Town) -> Asker:
    """A program that may ask everything."""
    return Asker(a_token(town.connection))
