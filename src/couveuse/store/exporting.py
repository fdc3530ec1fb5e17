"""All facts and whose they are, streamed: for whoever lays an instance out as a history. Ask in one snapshot."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from psycopg import Connection, ServerCursor

from couveuse.store.statements import statement

ROWS: Final = 10_000  # fetched at a time
_ROOTS, _OWNERS = statement("exporting", "roots"), statement("exporting", "owners")
_EVENTS, _GIVEN = statement("exporting", "events"), statement("exporting", "given")


def roots(connection: Connection[Any], *, visitors: bool) -> Iterator[tuple[int, int, str, bool]]:
    """Whoever owns facts: a number, the sort and the key by which it is known, and whether a trusted fact knows it."""
    with _cursor(connection, "roots") as cursor:
        yield from cursor.execute(_ROOTS, {"visitors": visitors})


def owners(connection: Connection[Any]) -> Iterator[tuple[int, int]]:
    """Each identity, by number, with the number of `roots` that its facts belong to."""
    with _cursor(connection, "owners") as cursor:
        yield from cursor.execute(_OWNERS)


@contextmanager
def events(connection: Connection[Any]) -> Iterator[ServerCursor[Any]]:
    """All facts that are here: identity, at, received at, name, source, flags, payload."""
    with _cursor(connection, "events") as cursor:
        cursor.execute(_EVENTS)
        yield cursor


def given(connection: Connection[Any]) -> Iterator[tuple[int, str, str | None]]:
    """Each lead's sort and key, once without traits, and with what each row of a file of leads gives."""
    with _cursor(connection, "given") as cursor:
        yield from cursor.execute(_GIVEN)


def _cursor(connection: Connection[Any], name: str) -> ServerCursor[Any]:
    cursor = connection.cursor(name=name, binary=True)
    cursor.itersize = ROWS
    return cursor
