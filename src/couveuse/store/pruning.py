"""What is kept for a while only goes, a step at a time: work that is over, rejects, what went out, sign-ins."""

from collections.abc import Collection
from typing import Any, Final

from psycopg import Connection

from couveuse.store.statements import statement

JOBS, DRAFTS, UPLOADS, REJECTS = "jobs", "drafts", "uploads", "rejects"
INVITATIONS, ATTEMPTS, SESSIONS = "invitations", "attempts", "sessions"
ALERTS, INTENTS = "alerts", "intents"
# So many rows go in one transaction at most.
MOST: Final = 1_000
_STATEMENTS: Final = {
    name: statement("pruning", name)
    for name in (JOBS, DRAFTS, UPLOADS, REJECTS, INVITATIONS, ATTEMPTS, SESSIONS, ALERTS, INTENTS)
}  # fmt: skip


def prune(connection: Connection[Any], what: str, *, before: int, kept: Collection[str] = (), most: int = MOST) -> int:
    """Some of what was over before an instant goes; returns how much. Of kinds of work `kept` the last one stays."""
    row = connection.execute(_STATEMENTS[what], {"before": before, "most": most, "kept": list(kept)}).fetchone()
    assert row is not None  # a count always answers
    return int(row[0])
