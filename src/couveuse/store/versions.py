"""Published versions of models, whatever their standing: for whoever looks at one, or at scores as of another day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection, sql

from couveuse.store.published import Published
from couveuse.store.statements import statement

_ALL = statement("versions", "all")
_ONE = statement("versions", "one")
_ACTING = statement("versions", "acting")


@dataclass(frozen=True, slots=True)
class Version:
    """A published version, and by whom and when it was published; `progress` of making its states."""

    published: Published
    published_by: str
    published_at: datetime
    progress: dict[str, Any]


def versions(connection: Connection[Any], *, before: int, most: int) -> list[Version]:
    """The published versions with a lower number, the newest first."""
    return _versions(connection, _ALL, {"before": before, "most": most})


def version(connection: Connection[Any], number: int) -> Version | None:
    """The published version of that number."""
    return next(iter(_versions(connection, _ONE, [number])), None)


def acting(connection: Connection[Any]) -> Version | None:
    """The version that acts."""
    return next(iter(_versions(connection, _ACTING, [])), None)


def _versions(connection: Connection[Any], query: sql.SQL, values: Sequence[Any] | dict[str, Any]) -> list[Version]:
    return [
        Version(
            Published(number, name, version, document, tuple(domains), tuple(addresses), standing), by, at, progress
        )
        for number, name, version, document, domains, addresses, standing, by, at, progress in connection.execute(
            query, values
        ).fetchall()
    ]
