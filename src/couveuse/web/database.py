"""Connections for pages and the API: one for each thread, and one snapshot for all that an answer shows."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final, TypeVar

import psycopg
from psycopg import Connection, IsolationLevel

from couveuse import configuration
from couveuse.store import archives, connections, private

# A connection that was idle for longer is opened anew: a firewall may have forgotten it.
IDLE_SECONDS: Final = 60.0
T = TypeVar("T")


class _Thread(threading.local):
    """The connection of one thread, and when it was last used."""

    connection: Connection[Any] | None = None
    used_at: float = 0.0
    is_whole: bool = False


_thread = _Thread()


@contextmanager
def reading() -> Iterator[Connection[Any]]:
    """A connection whose statements all see one instant, and that may not write; raises NoDatabase.

    Within `whole` it is that one's, and sees what that one has written.
    """
    if _thread.is_whole:
        connection = _connection()
        archives.hold(connection)
        yield connection
        return
    with ExitStack() as stack:
        connection = _tried(lambda connection: _begin(stack, connection))
        yield connection


@contextmanager
def writing() -> Iterator[Connection[Any]]:
    """A connection in no transaction yet: whoever writes begins one; raises NoDatabase.

    Within `whole` it is that one's.
    """
    yield _connection() if _thread.is_whole else _tried(_write)


@contextmanager
def whole() -> Iterator[Connection[Any]]:
    """A connection for one transaction, which the block begins, around all that is read and written within it.

    What asks within the block for a connection gets this one: what it commits is committed with the whole, or not.
    """
    connection = _tried(_write)
    _thread.is_whole = True
    try:
        yield connection
    finally:
        _thread.is_whole = False


def glance(ask: Callable[[Connection[Any]], T]) -> T:
    """What one statement answers that reads no facts, in no transaction of its own; raises NoDatabase.

    Asked anew where PostgreSQL was started again since the connection was last used.
    """
    connection = _connection()
    try:
        return ask(connection)
    except psycopg.OperationalError:
        if _thread.is_whole or not connection.closed:
            raise
        close()
        return ask(_connection())


def _tried(begin: Callable[[Connection[Any]], None]) -> Connection[Any]:
    """This thread's connection, opened anew where PostgreSQL was started again since it was last used."""
    connection = _connection()
    try:
        begin(connection)
    except psycopg.OperationalError:
        close()
        connection = _connection()
        begin(connection)
    return connection


def _begin(stack: ExitStack, connection: Connection[Any]) -> None:
    connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
    stack.enter_context(connection.transaction())
    archives.hold(connection)


def _write(connection: Connection[Any]) -> None:
    connection.isolation_level, connection.read_only = None, None
    connection.execute("select 1")


def _connection() -> Connection[Any]:
    connection = _thread.connection
    if _thread.is_whole and connection is not None:
        return connection  # broken or not: what was begun on it does not go on upon another one
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
