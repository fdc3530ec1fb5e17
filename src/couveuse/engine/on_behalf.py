"""A program acts for a member of the team: what is written down names the member, and the audit the program."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from couveuse.engine.tasking import Done, Refused
from couveuse.errors import BadInput
from couveuse.store import audit
from couveuse.store.rosters import load_roster


class NoSuchMember(BadInput):
    """Whoever is said to act is no member of the team."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a program, for a member of the team or for itself."""

    program: str
    member: str | None = None

    @property
    def by(self) -> str:
        """Whom what is done is written down for."""
        return self.program if self.member is None else self.member


def act(
    connection: Connection[Any], actor: Actor, did: str, task_id: int, do: Callable[[str], Done | Refused], now: int
) -> Done | Refused:
    """Do something with a task; where a member is named, which program it was goes to the audit with it.

    Raises NoSuchMember.
    """
    if actor.member is None:
        return do(actor.by)
    if actor.member not in load_roster(connection).members:
        raise NoSuchMember(f"{actor.member}: there is no such member; see the team")
    with connection.transaction():
        done = do(actor.by)
        if isinstance(done, Done) and not done.again:
            about = {"task": task_id, "member": actor.member}
            audit.record(connection, by=actor.program, did=f"{did} for a member", about=about, now=now)
    return done
