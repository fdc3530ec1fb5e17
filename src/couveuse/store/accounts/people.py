"""Who has an account, and what they may do: each change with its line in the audit, in one transaction.

Whoever changes who is here or who may do what holds one lock, so that the last owner is not lost in a race, and of two
first visitors one becomes the owner.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import available_timezones

from psycopg import Connection

from couveuse.core.events import holds_nul
from couveuse.core.text import email as email_of
from couveuse.errors import BadInput
from couveuse.store import audit
from couveuse.store.statements import statement

_LOCK, _IS_ANYBODY_HERE, _ADD = (statement("people", name) for name in ("lock", "is_anybody_here", "add"))
_ALL, _ONE, _OF_EMAIL = (statement("people", name) for name in ("all", "one", "of_email"))
_OF_MEMBER, _IS_MEMBER = statement("people", "of_member"), statement("people", "is_member")
_OTHER_OWNERS = statement("people", "other_owners")
_SET_ROLE, _SET_MEMBER, _SET_ACTIVE = (statement("people", name) for name in ("set_role", "set_member", "set_active"))
_SET_OWN, _SET_PASSWORD = statement("people", "set_own"), statement("people", "set_password")
_END_SESSIONS, _SESSIONS = statement("people", "end_sessions"), statement("people", "sessions")
_END_SESSION = statement("people", "end_session")
_FORGET_FACTORS, _SECRETS = statement("people", "forget_factors"), statement("people", "secrets_of")

LOCK: Final = 0x70656F70
OWNER: Final = "owner"
ROLES: Final = (OWNER, "marketing", "telemarketing", "sales", "reader")
LANGUAGES: Final = ("fr", "en")
DEFAULT_TIMEZONE: Final = "Europe/Paris"
THEMES: Final = ("auto", "light", "dark")
MOST_NAME: Final = 200


class Refused(BadInput):
    """Something cannot be done with an account; `reason` is a word for it that pages have a sentence for."""

    def __init__(self, reason: str, message: str, **about: object) -> None:
        super().__init__(message)
        self.reason, self.about = reason, about


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has an account."""

    id: int
    email: str
    name: str
    role: str
    member: str | None
    language: str
    timezone: str
    is_active: bool
    joined_at: datetime
    last_login: datetime | None
    has_second_factor: bool
    sessions: int


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody who is to have an account; `password` is a digest, and empty where nobody signs in by one."""

    email: str
    name: str
    role: str
    password: str
    member: str | None = None
    language: str = "fr"
    timezone: str = DEFAULT_TIMEZONE


@dataclass(frozen=True, slots=True)
class Session:
    """A browser in which somebody is signed in."""

    id: int
    key: str = field(repr=False)
    address: str
    browser: str
    begun_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Secrets:
    """What changes when somebody signs in, or gets another password: links are bound to it, and it leaves nowhere."""

    email: str
    name: str
    language: str
    timezone: str
    is_active: bool
    password: str = field(repr=False)
    generation: int
    last_login: datetime | None

    @property
    def has_password(self) -> bool:
        """Whether they may sign in by one; Django marks a digest of none by this sign."""
        return bool(self.password) and not self.password.startswith("!")


def is_anybody_here(connection: Connection[Any]) -> bool:
    """Whether there is an account, active or not."""
    return connection.execute(_IS_ANYBODY_HERE).fetchone() == (True,)


def add(connection: Connection[Any], new: NewPerson, *, by: str, now: int) -> int:
    """Make an account and return its number; raises Refused."""
    with changing(connection):
        return add_locked(connection, new, by=by, now=now)


def add_first_owner(connection: Connection[Any], new: NewPerson, *, now: int) -> int:
    """Make the account of the first visitor; raises Refused where somebody was quicker."""
    with changing(connection):
        if is_anybody_here(connection):
            raise Refused("not_first", "there is an account here already: ask its owner for an invitation")
        return add_locked(connection, new, by=email_of(new.email), now=now)


def add_locked(connection: Connection[Any], new: NewPerson, *, by: str, now: int) -> int:
    """The same for whoever holds the lock (`changing`)."""
    email, name = checked_email(new.email), checked_name(new.name)
    _check_role(new.role)
    _check_own(new.language, new.timezone)
    _check_member(connection, new.member, but=0)
    row = connection.execute(
        _ADD,
        {
            "password": new.password, "email": email, "name": name, "role": new.role, "member": new.member,
            "language": new.language, "timezone": new.timezone,
        },
    ).fetchone()  # fmt: skip
    if row is None:
        raise taken(email)
    audit.record(connection, by=by, did="user added", about={"user": row[0], "role": new.role}, now=now)
    return int(row[0])


@contextmanager
def changing(connection: Connection[Any]) -> Iterator[None]:
    """A transaction in which nobody else changes who is here, or who may do what."""
    with connection.transaction():
        connection.execute(_LOCK, {"lock": LOCK})
        yield


# ---- Who is here -------------------------------------------------------------------------------------------------


def load_people(connection: Connection[Any]) -> list[Person]:
    """Everybody, by name, those who may not sign in any more too."""
    return _people(connection.execute(_ALL).fetchall())


def find(connection: Connection[Any], id: int) -> Person:
    """Somebody by number; raises Refused."""
    found = _people(connection.execute(_ONE, {"id": id}).fetchall())
    if not found:
        raise Refused("no_such_person", f"{id}: there is no such account; see: couveuse user list")
    return found[0]


def find_by_email(connection: Connection[Any], email: str) -> Person:
    """Somebody by e-mail, whatever its case; raises Refused."""
    row = connection.execute(_OF_EMAIL, {"email": email_of(email)}).fetchone()
    if row is None:
        raise Refused("no_such_person", f"{email}: there is no account of this e-mail; see: couveuse user list")
    return find(connection, int(row[0]))


def load_sessions(connection: Connection[Any], id: int) -> list[Session]:
    """The browsers in which somebody is signed in, the one used last first."""
    return [Session(*row) for row in connection.execute(_SESSIONS, {"id": id}).fetchall()]


def secrets_of(connection: Connection[Any], id: int) -> Secrets | None:
    """What links of somebody are bound to; None where there is nobody."""
    row = connection.execute(_SECRETS, {"id": id}).fetchone()
    return None if row is None else Secrets(*row)


def _people(rows: Iterable[tuple[Any, ...]]) -> list[Person]:
    return [Person(*row) for row in rows]


# ---- What changes ------------------------------------------------------------------------------------------------


def change_role(connection: Connection[Any], id: int, role: str, *, by: str, now: int) -> None:
    """Let somebody do what a role may; raises Refused, where it would leave no owner too."""
    _check_role(role)
    with changing(connection):
        person = find(connection, id)
        if person.role == role:
            return
        if role != OWNER:
            keep_an_owner(connection, person)
        connection.execute(_SET_ROLE, {"id": id, "role": role})
        about = {"user": id, "from": person.role, "to": role}
        audit.record(connection, by=by, did="role changed", about=about, now=now)


def link_member(connection: Connection[Any], id: int, member: str | None, *, by: str, now: int) -> None:
    """Say which member of the team's document somebody is, or that they are none; raises Refused."""
    with changing(connection):
        person = find(connection, id)
        if person.member == member:
            return
        _check_member(connection, member, but=id)
        connection.execute(_SET_MEMBER, {"id": id, "member": member})
        audit.record(connection, by=by, did="member linked", about={"user": id, "is_linked": bool(member)}, now=now)


def deactivate(connection: Connection[Any], id: int, *, by: str, now: int) -> None:
    """Let somebody sign in no more, and end their sessions; raises Refused for the last owner."""
    with changing(connection):
        person = find(connection, id)
        if not person.is_active:
            return
        keep_an_owner(connection, person)
        connection.execute(_SET_ACTIVE, {"id": id, "is_active": False})
        end_all(connection, id)
        audit.record(connection, by=by, did="user deactivated", about={"user": id}, now=now)


def activate(connection: Connection[Any], id: int, *, by: str, now: int) -> None:
    """Let somebody sign in again; raises Refused."""
    with changing(connection):
        person = find(connection, id)
        if person.is_active:
            return
        _check_member(connection, person.member, but=id)
        connection.execute(_SET_ACTIVE, {"id": id, "is_active": True})
        audit.record(connection, by=by, did="user activated", about={"user": id}, now=now)


def set_password(
    connection: Connection[Any], id: int, password: str, *, by: str, now: int, but_session: str = ""
) -> None:
    """Another password (its digest), with which all sessions end but one that is kept; raises Refused."""
    with changing(connection):
        find(connection, id)
        connection.execute(_SET_PASSWORD, {"id": id, "password": password})
        end_all(connection, id, but_session)
        audit.record(connection, by=by, did="password set", about={"user": id}, now=now)


def set_own(
    connection: Connection[Any], id: int, *, name: str, language: str, timezone: str, theme: str, by: str, now: int
) -> None:
    """What people say of themselves; raises Refused."""
    name = checked_name(name)
    _check_own(language, timezone)
    if theme not in THEMES:
        raise Refused("theme", f"{theme}: there is no such theme; give {', '.join(THEMES)}")
    with connection.transaction():
        given = {"id": id, "name": name, "language": language, "timezone": timezone, "theme": theme}
        connection.execute(_SET_OWN, given)
        audit.record(connection, by=by, did="own settings changed", about={"user": id}, now=now)


def end_sessions(connection: Connection[Any], id: int, *, by: str, now: int, but_session: str = "") -> int:
    """Sign somebody out everywhere, but where a session is kept; returns in how many browsers. Raises Refused."""
    with changing(connection):
        find(connection, id)
        count = end_all(connection, id, but_session)
        audit.record(connection, by=by, did="sessions ended", about={"user": id, "sessions": count}, now=now)
    return count


def forget_factors(connection: Connection[Any], id: int, *, by: str, now: int) -> None:
    """Forget authenticators, passkeys and recovery codes of somebody who has lost theirs; all sessions end."""
    with changing(connection):
        find(connection, id)
        connection.execute(_FORGET_FACTORS, {"id": id})
        end_all(connection, id)
        audit.record(connection, by=by, did="second factors forgotten", about={"user": id}, now=now)


def end_session(connection: Connection[Any], id: int, session: int, *, by: str, now: int) -> bool:
    """Whether a session of somebody was ended, by its number."""
    with connection.transaction():
        found = connection.execute(_END_SESSION, {"id": id, "session": session}).fetchone() is not None
        if found:
            audit.record(connection, by=by, did="session ended", about={"user": id}, now=now)
    return found


def end_all(connection: Connection[Any], id: int, but_session: str = "") -> int:
    """End all sessions of somebody but one, in the caller's transaction; returns in how many browsers."""
    row = connection.execute(_END_SESSIONS, {"id": id, "but": but_session}).fetchone()
    assert row is not None  # a count always answers
    return int(row[0])


# ---- What is refused ---------------------------------------------------------------------------------------------


def checked_email(text: str) -> str:
    """An e-mail as accounts have it; raises Refused."""
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    email = email_of(text)
    try:
        if len(email) > 254:
            raise ValidationError("too long")
        validate_email(email)
    except ValidationError:
        raise Refused("email", f"{text[:60]!r} is no e-mail address: write it as name@example.com") from None
    return email


def checked_name(text: str) -> str:
    """A name in one line; raises Refused."""
    name = " ".join(text.split())
    if not name or len(name) > MOST_NAME or holds_nul(name):
        raise Refused("name", f"give a name of 1 to {MOST_NAME} characters", most=MOST_NAME)
    return name


def check_new(connection: Connection[Any], email: str, role: str, member: str | None, language: str) -> None:
    """Raises Refused where an account could not be made so."""
    _check_role(role)
    _check_own(language, DEFAULT_TIMEZONE)
    _check_member(connection, member, but=0)
    check_free(connection, email)


def check_free(connection: Connection[Any], email: str) -> None:
    """Raises Refused where somebody has this e-mail, which is in lower case."""
    if connection.execute(_OF_EMAIL, {"email": email}).fetchone() is not None:
        raise taken(email)


def may_be_member(connection: Connection[Any], member: str | None) -> bool:
    """Whether somebody new could be this member of the team's document."""
    try:
        _check_member(connection, member, but=0)
    except Refused:
        return False
    return True


def taken(email: str) -> Refused:
    """Somebody has this e-mail."""
    return Refused("email_taken", f"{email}: there is an account of this e-mail; see: couveuse user list")


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise Refused("role", f"{role}: there is no such role; give {', '.join(ROLES)}")


def _check_own(language: str, timezone: str) -> None:
    if language not in LANGUAGES:
        raise Refused("language", f"{language}: there is no such language here; give {', '.join(LANGUAGES)}")
    if timezone not in available_timezones():
        raise Refused("timezone", f"{timezone}: there is no such time zone; write it as Europe/Paris")


def _check_member(connection: Connection[Any], member: str | None, *, but: int) -> None:
    if member is None:
        return
    if connection.execute(_IS_MEMBER, {"member": member}).fetchone() != (True,):
        raise Refused("no_such_member", f"{member}: there is no such member; give an id that couveuse team show lists")
    row = connection.execute(_OF_MEMBER, {"member": member, "but": but}).fetchone()
    if row is not None:
        raise Refused("member_taken", f"{member}: {row[0]} is linked to this member already", email=row[0])


def keep_an_owner(connection: Connection[Any], person: Person) -> None:
    """Raises Refused for the last owner."""
    if person.role != OWNER or not person.is_active:
        return
    if connection.execute(_OTHER_OWNERS, {"id": person.id}).fetchone() == (0,):
        raise Refused("last_owner", f"{person.email} is the last owner: make somebody else an owner first")
