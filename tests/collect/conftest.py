"""One front door on one database for all tests here that ask for nothing else; each begins with nothing stored."""

import os
from collections.abc import Iterator

import psycopg
import pytest

from couveuse.store import migrating
from tests.collect.doors import Door, make_keys
from tests.databases import administer, named


@pytest.fixture(scope="session")
def open_door(server: str, template: str) -> Iterator[Door]:
    """The front door, open from the first test to the last."""
    name = f"couveuse_collect_{os.getpid()}"
    administer(server, f"create database {name} template {template} strategy file_copy")
    url = named(server, name)
    migrating.setup(url)
    make_keys(url)
    with Door(url) as door:
        yield door
    administer(server, f"drop database {name} with (force)")


@pytest.fixture
def door(open_door: Door) -> Door:
    """The front door, with nothing stored behind it."""
    with psycopg.connect(open_door.url) as connection:
        connection.execute("truncate inbox, rejects")
    return open_door
