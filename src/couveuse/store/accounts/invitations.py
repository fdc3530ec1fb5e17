"""Invitations: who may make an account of which role, once and for a while. Only the digest of a link is kept."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from psycopg import Connection

from couveuse.store import audit
from couveuse.store.accounts import people
from couveuse.store.accounts.people import NewPerson, Refused
from couveuse.store.statements import statement

_NUMBER, _ADD, _REPLACE = (statement("invitations", name) for name in ("number", "add", "replace"))
_OPEN, _USABLE = statement("invitations", "open"), statement("invitations", "usable")
_USABLE_NUMBER = statement("invitations", "usable_number")
_USE, _REVOKE = statement("invitations", "use"), statement("invitations", "revoke")

# So many are shown in a list.
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """Somebody who is to be invited; they may correct the name."""

    email: str
    role: str
    name: str = ""
    member: str | None = None
    language: str = "fr"


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that stands."""

    id: int
    email: str
    name: str
    role: str
    member: str | None
    language: str
    invited_by: str
    made_at: datetime
    expires_at: datetime


def digest_of(token: str) -> bytes:
    """By what a link is known."""
    return blake2b(token.encode("utf-8", "surrogatepass"), digest_size=32).digest()


def take_number(connection: Connection[Any]) -> int:
    """The number of an invitation that is about to be made."""
    row = connection.execute(_NUMBER).fetchone()
    assert row is not None  # a sequence always answers
    return int(row[0])


def add(
    connection: Connection[Any], id: int, new: NewInvitation, digest: bytes, *, expires: int, by: str, now: int
) -> None:
    """Keep an invitation, which takes the place of an earlier one of the same e-mail; raises Refused."""
    email = people.checked_email(new.email)
    name = people.checked_name(new.name) if new.name.strip() else ""
    with people.changing(connection):
        people.check_new(connection, email, new.role, new.member, new.language)
        connection.execute(_REPLACE, {"email": email, "now": now})
        connection.execute(
            _ADD,
            {
                "id": id, "digest": digest, "email": email, "name": name, "role": new.role, "member": new.member,
                "language": new.language, "by": by, "now": now, "expires": expires,
            },
        )  # fmt: skip
        audit.record(connection, by=by, did="user invited", about={"invitation": id, "role": new.role}, now=now)


def load_open(connection: Connection[Any]) -> list[Invitation]:
    """Invitations that nobody has used or revoked, the newest first."""
    return [Invitation(*row) for row in connection.execute(_OPEN, {"most": MOST}).fetchall()]


def usable(connection: Connection[Any], token: str, now: int) -> Invitation | None:
    """The invitation of a link, if it may be used."""
    row = connection.execute(_USABLE, {"digest": digest_of(token), "now": now}).fetchone()
    return None if row is None else Invitation(*row)


def usable_number(connection: Connection[Any], id: int, now: int) -> Invitation | None:
    """The invitation of a number, if it may be used."""
    row = connection.execute(_USABLE_NUMBER, {"id": id, "now": now}).fetchone()
    return None if row is None else Invitation(*row)


def use(
    connection: Connection[Any], token: str, *, name: str, password: str, language: str, timezone: str, now: int
) -> int:
    """Make the account that a link lets somebody make, once; returns its number. Raises Refused, and then it stands.

    Who is on the team no more since they were invited, or has got an account of that member's since, is nobody's.
    """
    with people.changing(connection):
        row = connection.execute(_USE, {"digest": digest_of(token), "now": now}).fetchone()
        if row is None:
            raise Refused("invitation_over", "this invitation was used, revoked, or has expired: ask for another one")
        found = Invitation(*row)
        member = found.member if people.may_be_member(connection, found.member) else None
        new = NewPerson(found.email, name, found.role, password, member, language, timezone)
        made = people.add_locked(connection, new, by=found.email, now=now)
        about = {"invitation": found.id, "user": made}
        audit.record(connection, by=found.email, did="invitation used", about=about, now=now)
    return made


def revoke(connection: Connection[Any], id: int, *, by: str, now: int) -> bool:
    """Whether an invitation was revoked that could be used before."""
    with connection.transaction():
        found = connection.execute(_REVOKE, {"id": id, "now": now}).fetchone() is not None
        if found:
            audit.record(connection, by=by, did="invitation revoked", about={"invitation": id}, now=now)
    return found
