"""A real PostgreSQL for tests: one server for the run, one database for each test, as if copied from a migrated one."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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


@pytest.fixture(scope="session")
def pool(server: str, template: str) -> Iterator["Pool"]:
    """The databases of the run."""
    made = Pool(server, template)
    yield made
    made.close()


@pytest.fixture
def database(pool: "Pool") -> Iterator[str]:
    """The URL of a migrated, empty database of the test's own; Django is set up on it."""
    with pool.lent() as url:
        yield url


@pytest.fixture(scope="module")
def shared_database(pool: "Pool") -> Iterator[str]:
    """The same for all tests of a module: each begins by emptying what it asks for."""
    with pool.lent() as url:
        yield url


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A database that nothing was written to, and what it was made of."""

    name: str
    made_of: str


class Pool:
    """Databases that are lent to one test after the other: to empty one costs a fifth of what copying a new one does.

    Each is lent under a name that was never used, so that nothing which a process remembers by a database's address is
    met again. One that is no longer made as the template is, by a test that changed tables, is dropped.
    """

    def __init__(self, server: str, template: str) -> None:
        self._server, self._template = server, template
        self._fresh: list[_Fresh] = []
        self.copied = 0

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The address of a database, for the time of the block."""
        from django.db import connection

        fresh = self._renamed(self._fresh.pop()) if self._fresh else self._copied()
        url = named(self._server, fresh.name)
        migrating.setup(url)
        try:
            yield url
        finally:
            connection.close()
            if self._emptied(fresh):
                self._fresh.append(fresh)
            else:
                self._drop(fresh.name)

    def close(self) -> None:
        """Drop what is there."""
        for fresh in self._fresh:
            self._drop(fresh.name)

    def _name(self) -> str:
        return f"couveuse_test_{os.getpid()}_{next(_numbers)}"

    def _drop(self, name: str) -> None:
        administer(self._server, f"drop database {name} with (force)")

    def _copied(self) -> _Fresh:
        name, self.copied = self._name(), self.copied + 1
        administer(self._server, f"create database {name} template {self._template} strategy file_copy")
        with psycopg.connect(named(self._server, name)) as connection:
            return _Fresh(name, _made_of(connection))

    def _renamed(self, fresh: _Fresh) -> _Fresh:
        name = self._name()
        administer(self._server, f"alter database {fresh.name} rename to {name}")
        return _Fresh(name, fresh.made_of)

    def _emptied(self, fresh: _Fresh) -> bool:
        """Whether it is as it was: rows, sequences and new partitions are gone, and nothing else was changed."""
        with psycopg.connect(named(self._server, fresh.name), autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
            connection.execute("set lock_timeout = '10s'")
            for table in _texts(connection, _NEW):
                connection.execute(f"drop table if exists {table} cascade")  # type: ignore[arg-type]  # a name
            tables = _texts(connection, _TABLES)
            rows = " union all ".join(f"select '{table}' where exists (select from {table})" for table in tables)
            if written := _texts(connection, rows):
                connection.execute(f"truncate {', '.join(written)} restart identity cascade")  # type: ignore[arg-type]
            for sequence in _texts(connection, _COUNTED):
                connection.execute(f"alter sequence {sequence} restart")  # type: ignore[arg-type]  # a name
            return _made_of(connection) == fresh.made_of


# Django writes these while it migrates, and nobody later.
_WRITTEN_BY_MIGRATING = ("django_migrations", "django_content_type", "auth_permission")
_OURS = "relnamespace = 'public'::regnamespace"
# Partitions are made as models and months come.
_NEW = f"""
    select c.oid::regclass::text from pg_class c join pg_inherits i on i.inhrelid = c.oid
    where {_OURS} and relkind = 'r' and c.relname <> 'events_rest'
"""
_TABLES = f"""
    select oid::regclass::text from pg_class
    where {_OURS} and relkind = 'r' and relname not in {_WRITTEN_BY_MIGRATING}
"""
_COUNTED = f"""
    select format('%I', sequencename) from pg_sequences join pg_class on relname = sequencename and {_OURS}
    where last_value is not null and relname not in {tuple(f"{table}_id_seq" for table in _WRITTEN_BY_MIGRATING)}
"""
_MADE_OF = f"""
    select md5(string_agg(part, ' ' order by part)) from (
        select format('relation %s %s %s %s', oid, relkind, relname, reloptions) from pg_class where {_OURS}
        union all
        select format('column %s %s %s %s %s', attrelid, attnum, attname, atttypid, attnotnull)
            from pg_attribute join pg_class on pg_class.oid = attrelid where {_OURS} and attnum > 0
        union all
        select format('constraint %s %s', oid, pg_get_constraintdef(oid))
            from pg_constraint where connamespace = 'public'::regnamespace
        union all
        select format('function %s %s', oid, md5(prosrc)) from pg_proc where pronamespace = 'public'::regnamespace
        union all
        select format('trigger %s %s', oid, tgenabled) from pg_trigger
        union all
        select format('schema %s', nspname) from pg_namespace where nspname !~ '^pg_(toast_)?temp'
        union all
        select format('setting %s', setconfig) from pg_db_role_setting join pg_database on pg_database.oid = setdatabase
            where datname = current_database()
        union all
        {" union all ".join(f"select format('row %s', {table}) from {table}" for table in _WRITTEN_BY_MIGRATING)}
    ) parts (part)
"""


def _texts(connection: psycopg.Connection, query: str) -> list[str]:
    return [text for (text,) in connection.execute(query)]  # type: ignore[arg-type]  # made of names of ours


def _made_of(connection: psycopg.Connection) -> str:
    """A digest of all that is in a database besides the rows of its tables."""
    return _texts(connection, _MADE_OF)[0]
