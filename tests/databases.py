"""A real PostgreSQL for tests: one server for the run, one database for each test, copied from one that is migrated."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from couveuse.store import migrating

# A server that is there already, named by the URL of a database in it where databases may be made.
VARIABLE = "COUVEUSE_TEST_DATABASE"
_numbers = itertools.count(1)


def named(url: str, database: str) -> str:
    """The URL of another database of the same server."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{database}"))


def administer(server: str, statement: str) -> None:
    """Run one statement that allows no transaction around it."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[arg-type]  # made of names of ours


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server: the one that the variable names, else a private one that ends with the run."""
    given = os.environ.get(VARIABLE)
    if given:
        yield given
        return
    from couveuse.store.private import PrivateServer

    with PrivateServer(Path(tmp_path_factory.mktemp("postgresql"))) as private:
        # Databases are made and dropped by the thousand, and none of them has to outlive the machine. What is promised
        # of durability is tested on servers of their own (tests/faults).
        _sync(private.url, "off")
        yield private.url


def _sync(server: str, setting: str) -> None:
    """Whether the server waits for its disk, from now on."""
    administer(server, f"alter system set fsync = {setting}")
    administer(server, "select pg_reload_conf()")
    for _ in range(1000):
        with psycopg.connect(server) as connection:
            if connection.execute("show fsync").fetchone() == (setting,):
                return
    raise AssertionError(setting)


@pytest.fixture(scope="module")
def durable(server: str) -> Iterator[None]:
    """For tests that look at the server's own settings: as a server has to be."""
    if os.environ.get(VARIABLE):
        yield
        return
    _sync(server, "on")
    yield
    _sync(server, "off")


@pytest.fixture(scope="session")
def template(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a migrated database to copy."""
    os.environ.setdefault("COUVEUSE_DATA", str(tmp_path_factory.mktemp("data")))
    name = f"couveuse_template_{os.getpid()}"
    administer(server, f"create database {name}")
    migrating.migrate(named(server, name))
    yield name
    administer(server, f"drop database {name} with (force)")


@pytest.fixture
def database(server: str, template: str) -> Iterator[str]:
    """The URL of a migrated database of the test's own; Django is set up on it."""
    yield from _copied(server, template)


@pytest.fixture(scope="module")
def shared_database(server: str, template: str) -> Iterator[str]:
    """The same for all tests of a module: each begins by emptying what it asks for."""
    yield from _copied(server, template)


def _copied(server: str, template: str) -> Iterator[str]:
    name = f"couveuse_test_{os.getpid()}_{next(_numbers)}"
    administer(server, f"create database {name} template {template} strategy file_copy")
    url = named(server, name)
    migrating.setup(url)
    yield url
    from django.db import connection

    connection.close()
    administer(server, f"drop database {name} with (force)")
