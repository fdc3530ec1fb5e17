"""Mails about somebody's own account: planned as all that goes out is, and composed when they leave.

So a link stands nowhere but in the mail itself, and one that is of no use any more does not leave.
"""

from dataclasses import replace
from typing import Any, Final

from psycopg import Connection

from couveuse.configuration import Configuration
from couveuse.core.notices import Notice, NoticeKind
from couveuse.core.times import MINUTE_US, microseconds
from couveuse.engine import welcoming
from couveuse.language.words import Words
from couveuse.store import audit
from couveuse.store.accounts import invitations, leaving, people
from couveuse.store.accounts.people import DEFAULT_TIMEZONE
from couveuse.store.intents import TEAM, Intent, NewIntent, plan_intents
from couveuse.store.switches import REHEARSAL, is_switched_on

# However often somebody asks for another password, one mail leaves in so long.
RESET_EVERY_US: Final = 5 * MINUTE_US


def plan_invitation(connection: Connection[Any], number: int, email: str, now: int) -> None:
    """An invitation is to go out by mail."""
    _plan(connection, f"invitation:{number}", NoticeKind.INVITATION, email, {"invitation": number}, now)


def plan_reset(connection: Connection[Any], id: int, email: str, now: int) -> None:
    """A link to choose another password is to go out by mail, where none has gone a moment ago."""
    key = f"password:{id}:{now // RESET_EVERY_US}"
    _plan(connection, key, NoticeKind.PASSWORD_FORGOTTEN, email, {"user": id}, now)


def plan_new_email(connection: Connection[Any], id: int, email: str, *, by: str, now: int) -> None:
    """A link to confirm another e-mail is to go out to it; raises Refused where it cannot be theirs."""
    email = people.checked_email(email)
    with people.changing(connection):
        person = people.find(connection, id)
        people.check_free(connection, email)
        key = f"email:{id}:{invitations.digest_of(email).hex()[:32]}:{now // RESET_EVERY_US}"
        _plan(connection, key, NoticeKind.EMAIL_NEW, email, {"user": person.id}, now)
        audit.record(connection, by=by, did="e-mail asked for", about={"user": id}, now=now)


def change_email(
    connection: Connection[Any], settings: Configuration, id: int, email: str, *, by: str, now: int,
    but_session: str = "",
) -> None:  # fmt: skip
    """Another e-mail of somebody, of which the one of before is told where mail leaves. Raises Refused."""
    with connection.transaction():
        before = leaving.change_email(connection, id, email, by=by, now=now, but_session=but_session)
        if before is not None and settings.mail_url:
            key = f"email-changed:{id}:{now}"
            _plan(connection, key, NoticeKind.EMAIL_CHANGED, before.email, {"user": id}, now)


def _plan(connection: Connection[Any], key: str, kind: NoticeKind, email: str, about: dict[str, int], now: int) -> None:
    intent = NewIntent(key, "email", TEAM, kind.value, {"address": email}, about, None, now)
    plan_intents(connection, [intent], now)


def compose(connection: Connection[Any], intent: Intent, settings: Configuration, now: int) -> Notice | None:
    """The notice of an intent, as it is now; None where its link would be of no use any more."""
    is_known, is_rehearsal = intent.unknowns > 0, is_switched_on(connection, REHEARSAL)
    if intent.kind == NoticeKind.INVITATION:
        found = invitations.usable_number(connection, int(intent.about["invitation"]), now)
        if found is None:
            return None
        role = Words(found.language, "couveuse.language").say(f"role.{found.role}")
        return Notice(
            NoticeKind.INVITATION, found.language, DEFAULT_TIMEZONE, now,
            url=welcoming.invitation_link(settings, found.id), member=_called(connection, found.invited_by),
            treatment=role, due_at=microseconds(found.expires_at), is_perhaps_known=is_known, is_rehearsal=is_rehearsal,
        )  # fmt: skip
    composed = _OF_ACCOUNTS[NoticeKind(intent.kind)](connection, intent, settings, now)
    if composed is None:
        return None
    return replace(composed, is_perhaps_known=is_known, is_rehearsal=is_rehearsal)


def _forgotten(connection: Connection[Any], intent: Intent, settings: Configuration, now: int) -> Notice | None:
    person = welcoming.forgetful(connection, int(intent.about["user"]))
    if person is None:
        return None
    return Notice(
        NoticeKind.PASSWORD_FORGOTTEN, person.language, person.timezone, now,
        url=welcoming.reset_link(settings, person, now), due_at=now + welcoming.RESET_US,
    )  # fmt: skip


def _new_email(connection: Connection[Any], intent: Intent, settings: Configuration, now: int) -> Notice | None:
    person = welcoming.moving(connection, int(intent.about["user"]), str(intent.target["address"]))
    if person is None or person.new == person.email:
        return None
    return Notice(
        NoticeKind.EMAIL_NEW, person.language, person.timezone, now, url=welcoming.email_link(settings, person, now),
        due_at=now + welcoming.EMAIL_US,
    )  # fmt: skip


def _email_changed(connection: Connection[Any], intent: Intent, settings: Configuration, now: int) -> Notice | None:
    person = people.secrets_of(connection, int(intent.about["user"]))
    if person is None:
        return None
    return Notice(NoticeKind.EMAIL_CHANGED, person.language, person.timezone, now, url=f"{settings.url}/")


_OF_ACCOUNTS: Final = {
    NoticeKind.PASSWORD_FORGOTTEN: _forgotten,
    NoticeKind.EMAIL_NEW: _new_email,
    NoticeKind.EMAIL_CHANGED: _email_changed,
}


def _called(connection: Connection[Any], email: str) -> str:
    """Who invites, by name where they have an account."""
    try:
        return people.find_by_email(connection, email).name
    except people.Refused:
        return email
