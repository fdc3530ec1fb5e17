"""Who signs in: accounts and invitations. No program makes an owner, or touches one."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Router, Status
from psycopg import Connection

from couveuse import configuration
from couveuse.core.times import microseconds
from couveuse.engine import account_mail, welcoming
from couveuse.store.accounts import invitations, leaving, people
from couveuse.store.accounts.invitations import NewInvitation
from couveuse.store.accounts.people import OWNER, Person, Refused
from couveuse.store.api_tokens import Scope
from couveuse.web import database
from couveuse.web.api.asking import BearerToken, by_of, iso, now_us, wrong
from couveuse.web.api.people_shapes import (
    InvitationAsked,
    InvitationGone,
    InvitationMade,
    InvitationsShape,
    SessionsEnded,
    UserChange,
    UserGone,
    UserShape,
    UsersShape,
)
from couveuse.web.problems import Kind, Problem

router = Router(tags=["users"])
UserId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The number of somebody's account.")]
InvitationId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The invitation's number.")]


def _at(moment: datetime) -> str | None:
    return iso(microseconds(moment))


def _told(person: Person) -> dict[str, Any]:
    told = asdict(person)
    joined, last = told.pop("joined_at"), told.pop("last_login")
    return {**told, "joined_at": _at(joined), "signed_in_at": None if last is None else _at(last)}


def _person(connection: Connection[Any], user_id: int) -> Person:
    try:
        return people.find(connection, user_id)
    except Refused:
        raise Problem(Kind.NO_SUCH_USER, f"There is no account {user_id}.") from None


def _no_owner(connection: Connection[Any], user_id: int) -> Person:
    found = _person(connection, user_id)
    if found.role == OWNER:
        raise Problem(Kind.OWNERS_BY_HAND)
    return found


def _refusal(refused: Refused) -> Problem:
    fields = {"no_such_member": "member", "member_taken": "member", "email_taken": "email"}
    return wrong(fields.get(refused.reason, refused.reason), str(refused), "body")


@router.get(
    "/users", response=UsersShape, auth=BearerToken(Scope.USERS_READ), operation_id="list_users",
    summary="List who signs in",
)  # fmt: skip
def list_users(request: HttpRequest) -> dict[str, Any]:
    """Everybody who has an account, by name, those who may not sign in any more too."""
    with database.reading() as connection:
        return {"users": [_told(each) for each in people.load_people(connection)]}


@router.get(
    "/users/{user_id}", response=UserShape, auth=BearerToken(Scope.USERS_READ), operation_id="read_user",
    summary="Read an account",
)  # fmt: skip
def read_user(request: HttpRequest, user_id: UserId) -> dict[str, Any]:
    """Somebody who has an account."""
    with database.reading() as connection:
        return _told(_person(connection, user_id))


@router.patch(
    "/users/{user_id}", response=UserShape, auth=BearerToken(Scope.USERS_WRITE), operation_id="change_user",
    summary="Change what somebody may do",
)  # fmt: skip
def change_user(request: HttpRequest, user_id: UserId, asked: UserChange) -> dict[str, Any]:
    """Role, who they are on the team, whether they may sign in: all of it or nothing. Owners change on screen alone."""
    by, now, said = by_of(request), now_us(), asked.model_fields_set
    with database.writing() as connection:
        try:
            with people.changing(connection):
                _no_owner(connection, user_id)
                if asked.role is not None:
                    people.change_role(connection, user_id, asked.role, by=by, now=now)
                if "member" in said:
                    people.link_member(connection, user_id, asked.member or None, by=by, now=now)
                if asked.is_active is not None:
                    switch = people.activate if asked.is_active else people.deactivate
                    switch(connection, user_id, by=by, now=now)
        except Refused as refused:
            raise _refusal(refused) from refused
        return _told(_person(connection, user_id))


@router.delete(
    "/users/{user_id}", response=UserGone, auth=BearerToken(Scope.USERS_WRITE), operation_id="delete_user",
    summary="Delete an account",
)  # fmt: skip
def delete_user(request: HttpRequest, user_id: UserId) -> dict[str, Any]:
    """For good: password, second factors, sessions and views go; what they did stays, under their e-mail."""
    with database.writing() as connection, people.changing(connection):
        _no_owner(connection, user_id)
        leaving.delete(connection, user_id, by=by_of(request), now=now_us())
    return {"id": user_id}


@router.post(
    "/users/{user_id}/end-sessions", response=SessionsEnded, auth=BearerToken(Scope.USERS_WRITE),
    operation_id="end_sessions", summary="Sign somebody out everywhere",
)  # fmt: skip
def end_sessions(request: HttpRequest, user_id: UserId) -> dict[str, Any]:
    """Every browser in which they are signed in asks for the password again."""
    with database.writing() as connection:
        _no_owner(connection, user_id)
        count = people.end_sessions(connection, user_id, by=by_of(request), now=now_us())
    return {"id": user_id, "sessions": count}


@router.get(
    "/invitations", response=InvitationsShape, auth=BearerToken(Scope.USERS_READ), operation_id="list_invitations",
    summary="List invitations",
)  # fmt: skip
def list_invitations(request: HttpRequest) -> dict[str, Any]:
    """Those that nobody has used or taken back, expired ones too; their links are told when they are made."""
    with database.reading() as connection:
        found = invitations.load_open(connection)
    return {
        "invitations": [
            {**asdict(each), "made_at": _at(each.made_at), "expires_at": _at(each.expires_at)} for each in found
        ]
    }  # fmt: skip


@router.post(
    "/invitations", response={201: InvitationMade}, auth=BearerToken(Scope.USERS_WRITE), operation_id="invite",
    summary="Invite somebody",
)  # fmt: skip
def invite(request: HttpRequest, asked: InvitationAsked) -> Status[dict[str, Any]]:
    """The link makes one account, within seven days, and replaces an earlier one; where mail leaves it goes by mail."""
    settings, now = configuration.read(), now_us()
    new = NewInvitation(asked.email, asked.role, asked.name, asked.member or None, asked.language)
    with database.writing() as connection, connection.transaction():
        try:
            number = welcoming.invite(connection, settings, new, by=by_of(request), now=now)
        except Refused as refused:
            raise _refusal(refused) from refused
        if settings.mail_url:
            account_mail.plan_invitation(connection, number, people.checked_email(asked.email), now)
    link = welcoming.invitation_link(settings, number)
    return Status(201, {"id": number, "link": link, "is_mailed": bool(settings.mail_url)})


@router.delete(
    "/invitations/{invitation_id}", response=InvitationGone, auth=BearerToken(Scope.USERS_WRITE),
    operation_id="revoke_invitation", summary="Take an invitation back",
)  # fmt: skip
def revoke_invitation(request: HttpRequest, invitation_id: InvitationId) -> dict[str, Any]:
    """Its link makes no account any more."""
    with database.writing() as connection:
        if not invitations.revoke(connection, invitation_id, by=by_of(request), now=now_us()):
            raise Problem(Kind.NO_SUCH_INVITATION, f"No invitation {invitation_id} waits.")
    return {"id": invitation_id}
