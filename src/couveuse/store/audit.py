"""Who did what by hand."""

import json
from collections.abc import Mapping
from typing import Any

from psycopg import Connection

from couveuse.store.statements import statement

_RECORD, _LOCK, _ABOUT_KEY = (statement("audit", name) for name in ("record", "lock", "about_key"))
# Whoever asks whether something was done, to do it once, holds this lock of the transaction's.
LOCK = 0x6175646974


def record(connection: Connection[Any], *, by: str, did: str, about: Mapping[str, object], now: int) -> None:
    """Write down what somebody did; `about` holds numbers, and nothing of a person."""
    connection.execute(_RECORD, {"now": now, "by": by, "did": did, "about": json.dumps(about)})


def lock(connection: Connection[Any]) -> None:
    """Nobody else asks whether something was done, until the transaction ends."""
    connection.execute(_LOCK, {"lock": LOCK})


def about_key(connection: Connection[Any], did: str, key: str) -> Mapping[str, Any] | None:
    """What was said of what somebody did once by a key; None where it was not done."""
    row = connection.execute(_ABOUT_KEY, {"did": did, "key": key}).fetchone()
    return None if row is None else row[0]
