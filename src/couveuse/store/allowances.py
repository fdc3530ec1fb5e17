"""Allowances: what came quietly is handed over to so many a day, if somebody asked for that."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from couveuse.store import arrays
from couveuse.store.statements import statement
from couveuse.store.states import table_of

_ALLOW, _ALLOW_LEADS = statement("allowances", "allow"), statement("allowances", "allow_leads")
_OPEN, _NEXT, _HANDED = (statement("allowances", name) for name in ("open", "next", "handed"))


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many a day; `handed` were handed over today."""

    id: int
    per_day: int
    handed: int

    @property
    def left(self) -> int:
        """How many may be handed over today yet."""
        return max(self.per_day - self.handed, 0)


def allow(connection: Connection[Any], lead_ids: Collection[int], *, per_day: int, because: str, now: int) -> int:
    """Let these leads be handed over, so many a day, the best first; returns the allowance's number."""
    row = connection.execute(_ALLOW, {"per_day": per_day, "now": now, "because": because}).fetchone()
    assert row is not None  # it was inserted
    connection.execute(_ALLOW_LEADS, {"id": row[0], "leads": arrays.numbers(lead_ids)})
    return int(row[0])


def open_allowances(connection: Connection[Any], *, since: int) -> list[Allowance]:
    """Allowances under which somebody waits; `since` is when today began."""
    return [Allowance(*row) for row in connection.execute(_OPEN, [since]).fetchall()]


def next_allowed(
    connection: Connection[Any], allowance: Allowance, model_id: int, most: int
) -> list[tuple[int, bytes]]:
    """Leads that wait and whose routes stand, with their packed states, the best first; locked."""
    query = _NEXT.format(table=sql.Identifier(table_of(model_id)))
    return connection.execute(query, {"id": allowance.id, "most": most}, binary=True).fetchall()


def mark_handed(connection: Connection[Any], allowance: Allowance, lead_ids: Collection[int], now: int) -> None:
    """These wait no more."""
    connection.execute(_HANDED, {"id": allowance.id, "leads": arrays.numbers(lead_ids), "now": now})
