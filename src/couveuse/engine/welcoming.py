"""Links by which people come to an account: the first visitor's, an invitation, a password forgotten, another e-mail.

Each is signed with the instance's secret for its one purpose. Another secret ends them all.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from django.core.signing import BadSignature, Signer
from psycopg import Connection

from couveuse.configuration import Configuration
from couveuse.core.times import DAY_US, HOUR_US, SECOND_US
from couveuse.store import secrets
from couveuse.store.accounts import invitations, people
from couveuse.store.accounts.invitations import NewInvitation

WELCOME: Final = "/welcome/"
JOIN: Final = "/join/"
RESET: Final = "/account/password/reset/"
EMAIL: Final = "/account/email/"
# An invitation may be used for so long, and a link to choose another password.
INVITED_US: Final = 7 * DAY_US
RESET_US: Final = 2 * HOUR_US
# ... and one to confirm another e-mail.
EMAIL_US: Final = DAY_US


def _signer(settings: Configuration, purpose: str) -> Signer:
    salt = f"couveuse.web.accounts.{purpose}"
    return Signer(key=secrets.secret_key(settings), salt=salt, sep=".", fallback_keys=())


# ---- The first visitor -------------------------------------------------------------------------------------------


def welcome_link(connection: Connection[Any], settings: Configuration) -> str | None:
    """Where the first visitor makes the owner's account; None once there is an account."""
    if people.is_anybody_here(connection):
        return None
    return f"{settings.url}{WELCOME}{_signer(settings, 'welcome').sign('first').removeprefix('first.')}"


def is_welcome(settings: Configuration, token: str) -> bool:
    """Whether a link was made by `welcome_link`; whether it is of use still is asked of the database."""
    try:
        _signer(settings, "welcome").unsign(f"first.{token}")
    except BadSignature:
        return False
    return True


# ---- Invitations -------------------------------------------------------------------------------------------------


def invite(connection: Connection[Any], settings: Configuration, new: NewInvitation, *, by: str, now: int) -> int:
    """Invite somebody; returns the number of the invitation. Raises Refused."""
    number = invitations.take_number(connection)
    digest = invitations.digest_of(_invitation(settings, number))
    invitations.add(connection, number, new, digest, expires=now + INVITED_US, by=by, now=now)
    return number


def invitation_link(settings: Configuration, number: int) -> str:
    """Where whoever is invited makes their account."""
    return f"{settings.url}{JOIN}{_invitation(settings, number)}"


def _invitation(settings: Configuration, number: int) -> str:
    return str(_signer(settings, "invitation").sign(str(number)))


# ---- Passwords forgotten -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Forgetful:
    """Somebody who may choose another password: what the link is bound to changes with the password and at sign-in."""

    id: int
    email: str
    name: str
    language: str
    timezone: str
    bound_to: str


def forgetful(connection: Connection[Any], id: int) -> Forgetful | None:
    """Somebody who may sign in by password; None else."""
    found = people.secrets_of(connection, id)
    if found is None or not found.is_active or not found.has_password:
        return None
    digest = hashlib.sha256(f"{found.password}\n{found.generation}\n{found.last_login}".encode()).hexdigest()[:32]
    return Forgetful(id, found.email, found.name, found.language, found.timezone, digest)


def reset_link(settings: Configuration, person: Forgetful, now: int) -> str:
    """Where somebody chooses another password, for a while and once."""
    value = [person.id, (now + RESET_US) // SECOND_US, person.bound_to]
    return f"{settings.url}{RESET}{_signer(settings, 'reset').sign_object(value)}/"


def who_resets(connection: Connection[Any], settings: Configuration, token: str, now: int) -> Forgetful | None:
    """Whose password a link may change; None where it is not ours, is over, or was used."""
    try:
        id, until, bound_to = _signer(settings, "reset").unsign_object(token)
    except (BadSignature, ValueError, TypeError):
        return None
    person = forgetful(connection, int(id))
    if person is None or until * SECOND_US <= now or bound_to != person.bound_to:
        return None
    return person


# ---- Another e-mail ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moving:
    """Somebody who is to have another e-mail: `email` is the one of now, and `new` the other one."""

    id: int
    email: str
    new: str
    language: str
    timezone: str
    bound_to: str


def moving(connection: Connection[Any], id: int, new: str) -> Moving | None:
    """Somebody who may have another e-mail; None where they may not sign in.

    What the link is bound to changes with e-mail and password, and where all sessions were ended.
    """
    found = people.secrets_of(connection, id)
    if found is None or not found.is_active:
        return None
    digest = hashlib.sha256(f"{found.email}\n{found.password}\n{found.generation}".encode()).hexdigest()[:32]
    return Moving(id, found.email, new, found.language, found.timezone, digest)


def email_link(settings: Configuration, person: Moving, now: int) -> str:
    """Where whoever reads the new mailbox confirms it, for a while and once."""
    value = [person.id, (now + EMAIL_US) // SECOND_US, person.bound_to, person.new]
    return f"{settings.url}{EMAIL}{_signer(settings, 'email').sign_object(value)}/"


def who_moves(connection: Connection[Any], settings: Configuration, token: str, now: int) -> Moving | None:
    """Whose e-mail a link confirms; None where it is not ours, is over, or was used."""
    try:
        id, until, bound_to, new = _signer(settings, "email").unsign_object(token)
    except (BadSignature, ValueError, TypeError):
        return None
    person = moving(connection, int(id), str(new))
    if person is None or until * SECOND_US <= now or bound_to != person.bound_to:
        return None
    return person
