"""Who did what by hand."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from couveuse.store.statements import statement

_RECORD, _LOCK, _ABOUT_KEY = (statement("audit", name) for name in ("record", "lock", "about_key"))
_PAGE, _PAGE_BY, _PAGE_DID, _PAGE_LEAD, _WHOSE, _DEEDS = (
    statement("audit", name) for name in ("page", "page_by", "page_did", "page_lead", "whose", "deeds")
)
# So many names are offered to choose from.
MOST_NAMES: Final = 200
# Whoever asks whether something was done, to do it once, holds this lock of the transaction's.
LOCK = 0x6175646974


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody did."""

    id: int
    at: int
    by: str
    did: str
    about: Mapping[str, Any]


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


# ---- As people read it -----------------------------------------------------------------------------------------------


def page(
    connection: Connection[Any],
    *,
    by: str | None = None,
    did: str | None = None,
    lead: int | None = None,
    before: int = 2**63 - 1,
    most: int = 50,
) -> list[Entry]:
    """What was done below a number, the newest first: by somebody, of one kind, about one lead."""
    query = _PAGE_LEAD if lead is not None else _PAGE_BY if by is not None else _PAGE_DID if did is not None else _PAGE
    wanted = {"by": by, "did": did, "lead": None if lead is None else str(lead), "before": before, "most": most}
    return [Entry(*row) for row in connection.execute(query, wanted).fetchall()]


def whose(connection: Connection[Any]) -> list[str]:
    """Who has done something, by name; the first `MOST_NAMES`."""
    return [str(by) for (by,) in connection.execute(_WHOSE, {"most": MOST_NAMES}).fetchall()]


def deeds(connection: Connection[Any]) -> list[str]:
    """What was ever done, by name; the first `MOST_NAMES`."""
    return [str(did) for (did,) in connection.execute(_DEEDS, {"most": MOST_NAMES}).fetchall()]
