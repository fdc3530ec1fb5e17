"""Pages before somebody has an account, or gets into theirs: the first visitor, an invitation, a password forgotten."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from allauth.account.internal.flows.login import record_authentication
from allauth.usersessions.models import UserSession
from django.contrib.auth import login
from django.http import HttpResponse, HttpResponseRedirect

from couveuse import configuration
from couveuse.core.text import email as email_of
from couveuse.core.times import HOUR_US
from couveuse.engine import account_mail, welcoming
from couveuse.language.words import LANGUAGES
from couveuse.store.accounts import invitations, passwords, people
from couveuse.store.accounts.models import User
from couveuse.store.accounts.people import DEFAULT_TIMEZONE, NewPerson, Refused
from couveuse.web import database
from couveuse.web.areas.accounts import locking
from couveuse.web.areas.accounts.refusing import errors_of, nothing_wrong
from couveuse.web.asking import SEE_OTHER, Asked, page
from couveuse.web.rendering import redirect, render

BACKEND: Final = "allauth.account.auth_backends.AuthenticationBackend"
SIGN_IN: Final = "/account/login/"
OIDC: Final = "/account/oidc/company/login/"
# Requests for links are counted beside attempts to sign in, and apart from them.
_RESET: Final = "reset:"


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to an account: the keys of its words, and of what is said once it is closed."""

    title: str
    lead: str
    over: tuple[str, str]


_TAKEN: Final = ("accounts_welcome.over_title", "accounts_welcome.over_why")
WELCOME: Final = Kind("accounts_welcome.title", "accounts_welcome.lead", _TAKEN)
JOIN: Final = Kind("accounts_join.title", "accounts_join.lead", ("accounts_join.over_title", "accounts_join.over_why"))


def sign_in(asked: Asked, id: int) -> None:
    """Somebody who has just chosen a password is signed in with it; the session begins anew."""
    user = User.objects.get(pk=id)
    login(asked.request, user, backend=BACKEND)
    record_authentication(asked.request, user, method="password", email=user.email)
    UserSession.objects.create_from_request(asked.request)


# ---- The first visitor -------------------------------------------------------------------------------------------


@page(None, methods=("GET", "POST"))
def welcome(asked: Asked, token: str) -> HttpResponse:
    """Who comes first makes the owner's account."""
    with database.reading() as connection:
        is_over = people.is_anybody_here(connection)
    if is_over or not welcoming.is_welcome(configuration.read(), token):
        return over(asked, _TAKEN if is_over else ("accounts_welcome.bad_title", "accounts_welcome.bad_why"))
    if asked.request.method == "GET":
        return _account(asked, WELCOME, {"language": asked.language})
    given = _given(asked, "name", "email", "password", "language")

    def made() -> int:
        email, name = people.checked_email(given["email"]), people.checked_name(given["name"])
        digest = passwords.digest_of(given["password"], email=email, name=name)
        new = NewPerson(email, name, people.OWNER, digest, None, given["language"], DEFAULT_TIMEZONE)
        with database.writing() as connection:
            return people.add_first_owner(connection, new, now=asked.now)

    return _made(asked, WELCOME, given, made, then="/start")


# ---- Invitations -------------------------------------------------------------------------------------------------


@page(None, methods=("GET", "POST"))
def join(asked: Asked, token: str) -> HttpResponse:
    """Who was invited makes their account."""
    with database.reading() as connection:
        found = invitations.usable(connection, token, asked.now)
    if found is None:
        return over(asked, JOIN.over)
    fixed = {"email": found.email, "role": found.role, "by": found.invited_by}
    if asked.request.method == "GET":
        return _account(asked, JOIN, {"name": found.name, "language": found.language, **fixed})
    given = {**_given(asked, "name", "password", "language"), **fixed}

    def made() -> int:
        name = people.checked_name(given["name"])
        digest = passwords.digest_of(given["password"], email=found.email, name=name)
        with database.writing() as connection:
            return invitations.use(
                connection, token, name=name, password=digest, language=given["language"],
                timezone=DEFAULT_TIMEZONE, now=asked.now,
            )  # fmt: skip

    return _made(asked, JOIN, given, made, then="/")


def _given(asked: Asked, *names: str) -> dict[str, str]:
    return {name: asked.request.POST.get(name, "") for name in names}


def _account(
    asked: Asked, kind: Kind, given: Mapping[str, str], errors: Mapping[str, str] | None = None
) -> HttpResponse:
    """The form of an account."""
    return render(
        asked, "accounts/account.html", 422 if errors else 200, title=asked.say(kind.title), lead=asked.say(kind.lead),
        given={"name": "", "email": "", "role": "", **given}, errors=errors or nothing_wrong(),
        tongues=[(each, asked.say(f"tongue.{each}")) for each in LANGUAGES],
    )  # fmt: skip


def _made(asked: Asked, kind: Kind, given: Mapping[str, str], made: Callable[[], int], *, then: str) -> HttpResponse:
    """The account made and signed in to, or its form again with what is wrong."""
    try:
        id = made()
    except Refused as refused:
        if refused.reason in ("not_first", "invitation_over"):
            return over(asked, kind.over)
        return _account(asked, kind, given, errors_of(asked, refused))
    sign_in(asked, id)
    return HttpResponseRedirect(then, status=SEE_OTHER)


def over(asked: Asked, keys: tuple[str, str]) -> HttpResponse:
    """A link is of no use any more: what is so, and why."""
    title, why = keys
    return render(
        asked, "accounts/over.html", 410, title=asked.say(title), why=asked.say(why),
        action=asked.say("frame.enter"), address=SIGN_IN,
    )  # fmt: skip


# ---- A password forgotten ----------------------------------------------------------------------------------------


@page(None, methods=("GET", "POST"))
def forgot(asked: Asked) -> HttpResponse:
    """Who has forgotten their password asks for a link; what is answered is the same whether they have an account."""
    has_mail = bool(configuration.read().mail_url)
    is_asked = asked.request.method == "POST" and has_mail
    email = email_of(asked.request.POST.get("email", ""))
    if is_asked:
        tried = f"{_RESET}{email}"
        if locking.is_locked(asked.request, tried):
            return locking.refuse(asked.request)
        locking.count_failure(asked.request, tried)  # nobody asks for many; and one row is written for every e-mail
        _plan_reset(asked, email)
    return render(
        asked, "accounts/forgot.html", title=asked.say("accounts_forgot.title"), has_mail=has_mail, is_asked=is_asked,
        email=email, hours=welcoming.RESET_US // HOUR_US,
    )  # fmt: skip


def _plan_reset(asked: Asked, email: str) -> None:
    with database.writing() as connection:
        try:
            found = people.find_by_email(connection, email)
        except Refused:
            return
        if welcoming.forgetful(connection, found.id) is not None:
            account_mail.plan_reset(connection, found.id, found.email, asked.now)


@page(None, methods=("GET", "POST"))
def reset(asked: Asked, token: str) -> HttpResponse:
    """Who has that link chooses another password, and signs in with it."""
    settings = configuration.read()
    with database.reading() as connection:
        person = welcoming.who_resets(connection, settings, token, asked.now)
    if person is None:
        return over(asked, ("accounts_reset.over_title", "accounts_reset.over_why"))
    parts: dict[str, Any] = {"title": asked.say("accounts_reset.title"), "email": person.email}
    if asked.request.method == "GET":
        return render(asked, "accounts/reset.html", errors=nothing_wrong(), **parts)
    try:
        digest = passwords.digest_of(asked.request.POST.get("password", ""), email=person.email, name=person.name)
    except Refused as refused:
        return render(asked, "accounts/reset.html", 422, errors=errors_of(asked, refused), **parts)
    with database.writing() as connection:
        people.set_password(connection, person.id, digest, by=person.email, now=asked.now)
    return redirect(asked, SIGN_IN, toast="accounts_done.password")


# ---- Somewhere else ----------------------------------------------------------------------------------------------


def elsewhere() -> list[dict[str, str]]:
    """Where people may sign in beside here."""
    settings = configuration.read()
    return [{"name": settings.oidc_name, "address": OIDC}] if settings.oidc_url else []
