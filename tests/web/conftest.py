"""Towns with an engine, and a program that may ask everything of one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from couveuse.store import migrating
from tests.databases import administer, named
from tests.engine.town import Town
from tests.web.asking import Asker, a_token

_streets: list[str] = []


@pytest.fixture
def town(database: str) -> Iterator[Town]:
    """A database with a model and an engine, of the test's own."""
    with _town(database) as found:
        yield found
    if _streets:
        migrating.setup(_streets[-1])


@pytest.fixture
def api(town: Town) -> Asker:
    """A program that may ask everything of the town."""
    return Asker(a_token(town.connection))


@pytest.fixture(scope="module")
def street(server: str, template: str) -> Iterator[Town]:
    """A town for all tests of a module, which leave it as it is."""
    name = f"couveuse_street_{os.getpid()}"
    administer(server, f"create database {name} template {template} strategy file_copy")
    _streets.append(named(server, name))
    migrating.setup(_streets[-1])
    with _town(_streets[-1]) as found:
        yield found
    _streets.pop()
    administer(server, f"drop database {name} with (force)")


@contextmanager
def _town(url: str) -> Iterator[Town]:
    """The pages' connection of this thread is of that town, and of no other one before or after."""
    from couveuse.web import database

    database.close()
    with Town(url) as found:
        yield found
    database.close()
