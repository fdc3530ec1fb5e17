"""Connections for pages and the API: one for each thread, and one snapshot for all that an answer shows."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import psycopg
from psycopg import Connection, IsolationLevel

from couveuse import configuration
from couveuse.store import connections, private

# A connection that was idle for longer is opened anew: a firewall may have forgotten it.
IDLE_SECONDS: Final = 60.0


class _Thread(threading.local):
    """The connection of one thread, and when it was last used."""

    connection: Connection[Any] | None = None
    used_at: float = 0.0


_thread = _Thread()


@contextmanager
def reading() -> Iterator[Connection[Any]]:
    """A connection whose statements all see one instant, and that may not write; raises NoDatabase."""
    with _begun(IsolationLevel.REPEATABLE_READ, read_only=True) as connection:
        yield connection


@contextmanager
def writing() -> Iterator[Connection[Any]]:
    """A connection in no transaction yet: whoever writes begins one; raises NoDatabase."""
    connection = _connection()
    connection.isolation_level, connection.read_only = None, None
    yield connection


@contextmanager
def _begun(level: IsolationLevel, *, read_only: bool) -> Iterator[Connection[Any]]:
    with ExitStack() as stack:
        connection = _connection()
        try:
            connection = _enter(stack, connection, level, read_only=read_only)
        except psycopg.OperationalError:  # PostgreSQL was started again since this connection was last used
            close()
            connection = _enter(stack, _connection(), level, read_only=read_only)
        yield connection


def _enter(stack: ExitStack, connection: Connection[Any], level: IsolationLevel, *, read_only: bool) -> Connection[Any]:
    connection.isolation_level, connection.read_only = level, read_only
    stack.enter_context(connection.transaction())
    return connection


def _connection() -> Connection[Any]:
    connection = _thread.connection
    if connection is not None and (connection.closed or time.monotonic() - _thread.used_at > IDLE_SECONDS):
        close()
        connection = None
    if connection is None:
        url = private.url(configuration.read())
        connection = _thread.connection = connections.connect(url, "pages", autocommit=True)
    _thread.used_at = time.monotonic()
    return connection


def close() -> None:
    """Close this thread's connection; the next one to ask opens another."""
    connection, _thread.connection = _thread.connection, None
    if connection is not None:
        connection.close()
