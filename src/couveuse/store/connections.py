"""Connections to PostgreSQL, beside Django's: for the front door and the engine, which go without the ORM."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import psycopg

from couveuse.errors import CouveuseError

# A query that takes longer than this in the front door or a page is ended; the engine sets its own.
STATEMENT_MS = 30_000
# Either side gives up a peer that has not confirmed what was sent to it, or that it lives, for so long.
SILENT_MS = 20_000


class NoDatabase(CouveuseError):
    """PostgreSQL does not answer: start it, or correct COUVEUSE_DATABASE_URL."""


class OldDatabase(CouveuseError):
    """PostgreSQL is too old: use 15 or newer."""


# What a connection that is lost raises, or one that is not to be had.
LOST: Final = (psycopg.OperationalError, psycopg.InterfaceError, NoDatabase)


def options(application: str, *, statement_ms: int = STATEMENT_MS) -> dict[str, Any]:
    """What every connection is opened with."""
    return {
        "application_name": f"couveuse {application}",
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": SILENT_MS,
        "client_encoding": "utf8",
        # The server, too, has to find out soon that we are gone: what we have locked stays locked until then.
        "options": f"-c statement_timeout={statement_ms} -c TimeZone=UTC -c jit=off -c client_min_messages=warning "
        "-c default_transaction_isolation=read\\ committed -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 "
        f"-c tcp_keepalives_count=3 -c tcp_user_timeout={SILENT_MS}",
    }


def connect(
    url: str, application: str, *, autocommit: bool = False, statement_ms: int = STATEMENT_MS
) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection; raises NoDatabase where none is to be had."""
    try:
        return psycopg.connect(url, autocommit=autocommit, **options(application, statement_ms=statement_ms))
    except psycopg.OperationalError as error:
        raise NoDatabase(
            f"PostgreSQL does not answer ({first_line(error)}): start it, or correct COUVEUSE_DATABASE_URL"
        ) from error


def hang_up(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> None:
    """End a connection from outside, whatever it waits for: whoever uses it is told that it was lost."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


@contextmanager
def within(connection: psycopg.Connection[Any], seconds: float) -> Iterator[None]:
    """Hang up where the block takes longer than its statements may: an answer was lost, and would be waited for."""
    timer = threading.Timer(seconds, hang_up, [connection])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def first_line(error: BaseException) -> str:
    """An error of PostgreSQL in one line, without what it was about."""
    text = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__
