"""Connections to PostgreSQL, beside Django's: for the front door and the engine, which go without the ORM."""

from typing import Any

import psycopg

from couveuse.errors import CouveuseError

# A query that takes longer than this in the front door or a page is ended; the engine sets its own.
STATEMENT_MS = 30_000


class NoDatabase(CouveuseError):
    """PostgreSQL does not answer: start it, or correct COUVEUSE_DATABASE_URL."""


class OldDatabase(CouveuseError):
    """PostgreSQL is too old: use 15 or newer."""


def options(application: str, *, statement_ms: int = STATEMENT_MS) -> dict[str, Any]:
    """What every connection is opened with."""
    return {
        "application_name": f"couveuse {application}",
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "client_encoding": "utf8",
        "options": f"-c statement_timeout={statement_ms} -c TimeZone=UTC -c jit=off -c client_min_messages=warning "
        "-c default_transaction_isolation=read\\ committed",
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


def first_line(error: BaseException) -> str:
    """An error of PostgreSQL in one line, without what it was about."""
    text = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__
