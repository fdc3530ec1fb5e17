"""Facts of one lead page by page in canonical order, read from a place on and never more than a page holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from couveuse.core.events import VERDICT_GIVEN
from couveuse.core.state import Key
from couveuse.core.times import EVER
from couveuse.store.events import Stored, TooManyFacts, read_rows
from couveuse.store.payloads import Compressor
from couveuse.store.registers import Register
from couveuse.store.statements import statement

_AFTER = statement("facts", "after")
_BEFORE = statement("facts", "before")
_OF_INSTANT = statement("facts", "of_instant")
_NAMED = statement("facts", "named")
_ROWS = statement("facts", "rows")


@dataclass(frozen=True, slots=True)
class Span:
    """Which facts: by which identities, that occurred by `until` and were received by `known`."""

    identities: Sequence[int]
    until: int = EVER
    known: int = EVER


@dataclass(frozen=True, slots=True)
class FactReader:
    """Reads facts with what a thread keeps for it."""

    names: Register
    sources: Register
    payloads: Compressor

    def page(
        self, connection: Connection[Any], span: Span, after: Key | None, *, most: int, newest_first: bool
    ) -> tuple[list[Stored], bool]:
        """So many facts after a place in canonical order (or before it, the newest first), and whether more follow.

        Facts of the place's own instant are read whole: within an instant the store keeps no order.
        """
        start = after[0] if after is not None else EVER if newest_first else -EVER
        found: list[Stored] = []
        if after is not None:
            same = self._read(connection, _OF_INSTANT, span, start)
            found = [each for each in same if (each.fact.key < after if newest_first else each.fact.key > after)]
            found.sort(key=_key, reverse=newest_first)
        if len(found) <= most:
            more = self._read(connection, _BEFORE if newest_first else _AFTER, span, start, most + 1 - len(found))
            found += sorted(more, key=_key, reverse=newest_first)
        return found[:most], len(found) > most

    def verdicts(self, connection: Connection[Any], span: Span) -> list[Stored]:
        """The verdicts among the facts, whatever their time, in canonical order."""
        return self.named(connection, span, VERDICT_GIVEN)

    def named(self, connection: Connection[Any], span: Span, name: str) -> list[Stored]:
        """The facts of one name, whatever their time, in canonical order."""
        values = {"identities": list(span.identities), "known": span.known, "name": name}
        rows = connection.execute(_NAMED, values, binary=True).fetchall()
        return sorted(self._facts(connection, rows), key=_key)

    def _read(
        self, connection: Connection[Any], query: sql.SQL, span: Span, start: int, most: int | None = None
    ) -> list[Stored]:
        values = {"identities": list(span.identities), "from": start, "until": span.until, "known": span.known}
        rows = connection.execute(query, values | {"most": most}, binary=True).fetchall()
        return self._facts(connection, rows)

    def _facts(self, connection: Connection[Any], rows: Sequence[tuple[Any, ...]]) -> list[Stored]:
        return read_rows(connection, rows, names=self.names, sources=self.sources, payloads=self.payloads)


def stored_rows(
    connection: Connection[Any], span: Span, lead_id: int, *, most: int
) -> list[tuple[int, int, int, int, int, bytes]]:
    """The facts of a lead as they are stored: lead, instant, name, source, flags, payload; in no order.

    Raises TooManyFacts where there are more than `most`.
    """
    values = {"lead": lead_id, "identities": list(span.identities), "known": span.known, "most": most + 1}
    rows = connection.execute(_ROWS, values, binary=True).fetchall()
    if len(rows) > most:
        raise TooManyFacts
    return rows


def _key(stored: Stored) -> Key:
    return stored.fact.key
