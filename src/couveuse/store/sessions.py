"""What PostgreSQL does for a connection, as it says on another one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from couveuse.store.statements import statement

_SESSION = statement("sessions", "session")


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


def session_of(connection: Connection[Any], pid: int) -> Session | None:
    """What the server's process of that number does; None where there is no such process any more."""
    row = connection.execute(_SESSION, [pid]).fetchone()
    return None if row is None else Session(*row)
