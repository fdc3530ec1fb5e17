"""Who did what by hand."""

import json
from collections.abc import Mapping
from typing import Any

from psycopg import Connection

from couveuse.store.statements import statement

_RECORD = statement("audit", "record")


def record(connection: Connection[Any], *, by: str, did: str, about: Mapping[str, object], now: int) -> None:
    """Write down what somebody did; `about` holds numbers, and nothing of a person."""
    connection.execute(_RECORD, {"now": now, "by": by, "did": did, "about": json.dumps(about)})
