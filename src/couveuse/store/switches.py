"""What is switched by hand: `stop` (nothing goes out) and `rehearsal` (only the team gets anything)."""

from typing import Any, Final

from psycopg import Connection

from couveuse.store import audit
from couveuse.store.statements import statement

STOP: Final = "stop"
REHEARSAL: Final = "rehearsal"
# Advisory locks of two numbers: this one with 0 for attempts that begin.
BEGIN_LOCK: Final = 0x636F7673

_LOCK, _TURN = statement("switches", "lock"), statement("switches", "turn")
_ONE, _UNDER_WAY = statement("switches", "one"), statement("switches", "under_way")
_WAKE = statement("intents", "wake")
_SWITCHED_ON = statement("switches", "switched_on")


def turn(connection: Connection[Any], name: str, *, on: bool, by: str, because: str = "", now: int) -> int:
    """Turn a switch. No attempt begins after this has returned but as it says; tells how many are still under way."""
    with connection.transaction():
        connection.execute(_LOCK, {"lock": BEGIN_LOCK})
        connection.execute(_TURN, {"name": name, "is_on": on, "now": now, "by": by, "because": because})
        audit.record(connection, by=by, did=f"switched {name} {'on' if on else 'off'}", about={}, now=now)
        row = connection.execute(_UNDER_WAY).fetchone()
        connection.execute(_WAKE)
    assert row is not None  # a count always answers
    return int(row[0])


def is_switched_on(connection: Connection[Any], name: str) -> bool:
    """Whether a switch is on."""
    row = connection.execute(_ONE, [name]).fetchone()
    return row is not None and bool(row[0])


def switched_on(connection: Connection[Any]) -> list[str]:
    """The switches that are on, by name."""
    return [str(name) for (name,) in connection.execute(_SWITCHED_ON).fetchall()]
