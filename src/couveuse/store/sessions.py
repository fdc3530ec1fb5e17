"""What PostgreSQL does for a connection, as it says on another one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from couveuse.store.statements import statement

_SESSIONS = statement("sessions", "sessions")


@dataclass(frozen=True, slots=True)
class Session:
    """The state of a connection's other end, since when, and what it waits for."""

    state: str | None
    since: datetime | None
    waits_for: str | None

    @property
    def works(self) -> bool:
        """Whether the server is busy with a question, and waits neither for another nor for the rest of one."""
        return self.state == "active" and self.waits_for != "Client"


def sessions_of(connection: Connection[Any], pids: Collection[int]) -> dict[int, Session]:
    """What the server's processes of these numbers do; those that are no more are not in the answer."""
    return {pid: Session(*rest) for pid, *rest in connection.execute(_SESSIONS, [list(pids)]).fetchall()}
