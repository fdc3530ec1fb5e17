"""What the API's answers hold of people who sign in, and of invitations."""

from typing import Literal

from pydantic import Field

from couveuse.store.accounts.people import MOST_NAME
from couveuse.web.api.shapes import Answer, Body
from couveuse.web.api.texts import Text

# An owner is made on screen or by command, never by a program.
Given = Literal["marketing", "telemarketing", "sales", "reader"]


class UserShape(Answer):
    """Somebody who has an account; `member` is who they are in the team's document."""

    id: int
    email: str
    name: str
    role: Literal["owner", "marketing", "telemarketing", "sales", "reader"]
    member: str | None
    language: Literal["fr", "en"]
    timezone: str
    is_active: bool
    has_second_factor: bool
    sessions: int
    joined_at: str
    signed_in_at: str | None


class UsersShape(Answer):
    """Everybody, by name."""

    users: list[UserShape]


class UserChange(Body):
    """What changes of somebody; what is left out stays. `member` null: nobody of the team."""

    role: Given | None = None
    member: Text | None = Field(None, max_length=100)
    is_active: bool | None = None


class UserGone(Answer):
    """The number of an account that was deleted."""

    id: int


class SessionsEnded(Answer):
    """In how many browsers somebody was signed in."""

    id: int
    sessions: int


class InvitationAsked(Body):
    """Who is to be invited, as what; they choose the password, and may correct the name."""

    email: Text = Field(min_length=3, max_length=254)
    role: Given
    name: Text = Field("", max_length=MOST_NAME)
    member: Text | None = Field(None, max_length=100)
    language: Literal["fr", "en"] = "fr"


class InvitationMade(Answer):
    """The invitation, with the link that makes the account; `is_mailed`: it goes out by mail, too."""

    id: int
    link: str
    is_mailed: bool


class InvitationShape(Answer):
    """An invitation that nobody has used or taken back."""

    id: int
    email: str
    name: str
    role: Literal["owner", "marketing", "telemarketing", "sales", "reader"]
    member: str | None
    language: Literal["fr", "en"]
    invited_by: str
    made_at: str
    expires_at: str


class InvitationsShape(Answer):
    """Invitations that wait, the newest first."""

    invitations: list[InvitationShape]


class InvitationGone(Answer):
    """The number of an invitation that was taken back."""

    id: int
