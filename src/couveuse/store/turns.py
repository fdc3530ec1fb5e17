"""When each published version acted, and who let it."""

from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from couveuse.store.statements import statement

_BEGIN, _ALL = statement("turns", "begin"), statement("turns", "all")


@dataclass(frozen=True, slots=True)
class Turn:
    """A version acted from an instant on, until another one (None: it acts)."""

    model_id: int
    began_at: int
    by: str
    ended_at: int | None


def begin_turn(connection: Connection[Any], model_id: int, *, by: str, now: int) -> None:
    """A version acts from now on, and the one before no more; in the transaction in which it does."""
    connection.execute(_BEGIN, {"model": model_id, "by": by, "now": now})


def turns(connection: Connection[Any], most: int = 200) -> list[Turn]:
    """When versions acted, the last turn first."""
    return [Turn(*row) for row in connection.execute(_ALL, {"most": most}).fetchall()]
