"""Who has an account, for owners: everybody, one of them, and whoever is invited."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.contrib.auth import logout
from django.http import Http404, HttpResponse
from psycopg import Connection

from couveuse import configuration
from couveuse.core.text import email as email_of
from couveuse.core.times import DAY_US, HOUR_US, microseconds
from couveuse.engine import account_mail, welcoming
from couveuse.language.words import LANGUAGES
from couveuse.store import audit
from couveuse.store.accounts import invitations, leaving, people
from couveuse.store.accounts.invitations import NewInvitation
from couveuse.store.accounts.people import ROLES, Person, Refused
from couveuse.store.rosters import load_roster
from couveuse.web import database
from couveuse.web.areas.accounts import browsers
from couveuse.web.areas.accounts.refusing import errors_of, nothing_wrong, said, wrong
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect, render

PLACE: Final = "/settings/users"
_BLANK: Final = {"email": "", "name": "", "role": "telemarketing", "member": "", "language": ""}


# ---- Everybody ---------------------------------------------------------------------------------------------------


@page(Permission.MANAGE_USERS)
def users(asked: Asked) -> HttpResponse:
    """Everybody, and the invitations that stand."""
    return _shown(asked)


def _shown(
    asked: Asked, given: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None
) -> HttpResponse:
    settings = configuration.read()
    with database.reading() as connection:
        found, standing = people.load_people(connection), invitations.load_open(connection)
        members = _members(asked, connection)
    return render(
        asked, "accounts/users.html", 422 if errors else 200, title=asked.say("accounts_users.title"), people=found,
        invited=[_told(asked, settings, each) for each in standing], roles=_roles(asked), members=members,
        given=given or {**_BLANK, "language": asked.language}, errors=errors or nothing_wrong(), names=dict(members),
        tongues=[(each, asked.say(f"tongue.{each}")) for each in LANGUAGES], has_mail=bool(settings.mail_url),
        at=microseconds, days=welcoming.INVITED_US // DAY_US,
    )  # fmt: skip


def _told(asked: Asked, settings: Any, each: invitations.Invitation) -> dict[str, Any]:
    expires = microseconds(each.expires_at)
    return {
        "id": each.id, "email": each.email, "role": each.role, "by": each.invited_by, "expires": expires,
        "is_over": expires <= asked.now, "link": welcoming.invitation_link(settings, each.id),
    }  # fmt: skip


def _roles(asked: Asked) -> list[tuple[str, str]]:
    return [(role, asked.say(f"role.{role}")) for role in ROLES]


def _members(asked: Asked, connection: Connection[Any]) -> list[tuple[str, str]]:
    roster = load_roster(connection)
    nobody = [("", asked.say("accounts_users.no_member"))]
    return nobody + [(member.id, member.name) for member in roster.members.values()]


@page(Permission.MANAGE_USERS, methods=("POST",))
def invite(asked: Asked) -> HttpResponse:
    """Invite somebody: by mail where it leaves, by a link to hand on in any case."""
    given = {name: asked.request.POST.get(name, "") for name in _BLANK}
    settings = configuration.read()
    new = NewInvitation(given["email"], given["role"], given["name"], given["member"] or None, given["language"])
    try:
        with database.writing() as connection, connection.transaction():
            number = welcoming.invite(connection, settings, new, by=asked.who.by, now=asked.now)
            if settings.mail_url:
                account_mail.plan_invitation(connection, number, people.checked_email(new.email), asked.now)
    except Refused as refused:
        return _shown(asked, given, errors_of(asked, refused))
    toast = "accounts_done.invited_mail" if settings.mail_url else "accounts_done.invited"
    return redirect(asked, f"{PLACE}#invited", toast=toast, email=people.checked_email(new.email))


@page(Permission.MANAGE_USERS, methods=("POST",))
def revoke(asked: Asked, number: int) -> HttpResponse:
    """An invitation that nobody can use any more."""
    with database.writing() as connection:
        if not invitations.revoke(connection, number, by=asked.who.by, now=asked.now):
            raise Http404
    return redirect(asked, f"{PLACE}#invited", toast="accounts_done.revoked")


# ---- One of them -------------------------------------------------------------------------------------------------


@page(Permission.MANAGE_USERS)
def user(asked: Asked, number: int) -> HttpResponse:
    """What one may do, and where they are signed in."""
    return one(asked, number)


def one(
    asked: Asked, number: int, errors: Mapping[str, str] | None = None, *, link: str = "", status: int = 200
) -> HttpResponse:
    """The page of somebody, with what is wrong with what was asked for them."""
    with database.reading() as connection:
        person = person_of(connection, number)
        sessions = people.load_sessions(connection, number)
        members = _members(asked, connection)
        may_reset = welcoming.forgetful(connection, number) is not None
    return render(
        asked, "accounts/user.html", status, title=person.name, person=person, link=link, roles=_roles(asked),
        errors=errors or nothing_wrong(), members=members, may_reset=may_reset, hours=welcoming.RESET_US // HOUR_US,
        at=microseconds, is_self=number == asked.who.user_id, has_mail=bool(configuration.read().mail_url),
        sessions=[
            {"browser": browsers.called(each.browser) or asked.say("accounts_me.some_browser"),
             "address": each.address, "begun": microseconds(each.begun_at)}
            for each in sessions
        ],
    )  # fmt: skip


def person_of(connection: Connection[Any], number: int) -> Person:
    """Somebody who has an account; raises Http404."""
    try:
        return people.find(connection, number)
    except Refused:
        raise Http404 from None


@page(Permission.MANAGE_USERS, methods=("POST",))
def change(asked: Asked, number: int) -> HttpResponse:
    """What somebody may do, and who they are on the team."""
    given = asked.request.POST
    try:
        with database.writing() as connection, connection.transaction():
            person_of(connection, number)
            people.change_role(connection, number, given.get("role", ""), by=asked.who.by, now=asked.now)
            people.link_member(connection, number, given.get("member") or None, by=asked.who.by, now=asked.now)
    except Refused as refused:
        return one(asked, number, errors_of(asked, refused), status=422)
    return redirect(asked, f"{PLACE}/{number}", toast="accounts_done.user")


def _deactivate(connection: Connection[Any], number: int, *, by: str, now: int) -> None:
    people.deactivate(connection, number, by=by, now=now)


def _end_sessions(connection: Connection[Any], number: int, *, by: str, now: int) -> None:
    people.end_sessions(connection, number, by=by, now=now)


# What an owner may do with somebody beside that, by its word in the address.
_ACTS: Final[Mapping[str, Callable[..., None]]] = {
    "deactivate": _deactivate,
    "activate": people.activate,
    "end-sessions": _end_sessions,
    "forget-factors": people.forget_factors,
}


@page(Permission.MANAGE_USERS, methods=("POST",))
def act(asked: Asked, number: int, word: str) -> HttpResponse:
    """One of these acts."""
    do = _ACTS.get(word)
    if do is None:
        raise Http404
    try:
        with database.writing() as connection:
            person_of(connection, number)
            do(connection, number, by=asked.who.by, now=asked.now)
    except Refused as refused:
        return one(asked, number, wrong("form", said(asked, refused)), status=422)
    return redirect(asked, f"{PLACE}/{number}", toast=f"accounts_done.{word.replace('-', '_')}")


@page(Permission.MANAGE_USERS, methods=("POST",))
def delete(asked: Asked, number: int) -> HttpResponse:
    """Somebody has no account any more, once whoever deletes it has written its e-mail."""
    try:
        with database.writing() as connection:
            person = person_of(connection, number)
            if email_of(asked.request.POST.get("confirmed", "")) != person.email:
                return one(asked, number, wrong("confirmed", asked.say("accounts_user.delete_wrong")), status=422)
            leaving.delete(connection, number, by=asked.who.by, now=asked.now)
    except Refused as refused:
        return one(asked, number, wrong("form", said(asked, refused)), status=422)
    if number == asked.who.user_id:
        logout(asked.request)
        return redirect(asked, "/account/login/")
    return redirect(asked, PLACE, toast="accounts_done.deleted", email=person.email)


@page(Permission.MANAGE_USERS, methods=("POST",))
def link(asked: Asked, number: int) -> HttpResponse:
    """A link by which somebody chooses another password, to hand on where no mail leaves."""
    with database.writing() as connection, connection.transaction():
        person_of(connection, number)
        person = welcoming.forgetful(connection, number)
        if person is None:
            raise Http404
        audit.record(connection, by=asked.who.by, did="password link made", about={"user": number}, now=asked.now)
        made = welcoming.reset_link(configuration.read(), person, asked.now)
    return one(asked, number, link=made)
