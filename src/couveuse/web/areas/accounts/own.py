"""One's own account: name, language, theme; password, second factors; where one is signed in."""

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import available_timezones

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import logout, update_session_auth_hash
from django.http import Http404, HttpResponse

from couveuse.language.words import LANGUAGES
from couveuse.store.accounts import passwords, people
from couveuse.store.accounts.models import User
from couveuse.store.accounts.people import THEMES, Refused
from couveuse.store.sealed import CannotOpen
from couveuse.web import database
from couveuse.web.areas.accounts import browsers, locking
from couveuse.web.areas.accounts.refusing import errors_of, nothing_wrong, wrong
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect, render

PLACE: Final = "/settings/me"
_OWN: Final = ("name", "language", "timezone", "theme")


@page(Permission.OWN_ACCOUNT, methods=("GET", "POST"))
def me(asked: Asked) -> HttpResponse:
    """The page; what is posted is what one says of oneself."""
    if asked.request.method == "GET":
        return _shown(asked)
    given = {name: asked.request.POST.get(name, "") for name in _OWN}
    try:
        with database.writing() as connection:
            people.set_own(connection, asked.who.user_id, by=asked.who.by, now=asked.now, **given)
    except Refused as refused:
        return _shown(asked, given, errors_of(asked, refused), status=422)
    return redirect(asked, PLACE, toast="accounts_done.own")


def _shown(
    asked: Asked, given: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None, status: int = 200
) -> HttpResponse:
    who = asked.who
    own = {"name": who.name, "language": who.language, "timezone": who.timezone, "theme": who.theme}
    with database.reading() as connection:
        person = people.find(connection, who.user_id)
        sessions = people.load_sessions(connection, who.user_id)
    return render(
        asked, "accounts/me.html", status, title=asked.say("accounts_me.title"), person=person, given=given or own,
        errors=errors or nothing_wrong(), tongues=[(each, asked.say(f"tongue.{each}")) for each in LANGUAGES],
        themes=[(each, asked.say(f"accounts_theme.{each}")) for each in THEMES], zones=zones(),
        factors=_factors(who.user_id), sessions=[_told(asked, each) for each in sessions],
        has_password=_has_password(who.user_id), may_passkey=_may_passkey(asked),
    )  # fmt: skip


def zones() -> list[tuple[str, str]]:
    """Time zones by name, those of places alone."""
    return [(each, each.replace("_", " ")) for each in sorted(available_timezones()) if "/" in each or each == "UTC"]


def _has_password(id: int) -> bool:
    return bool(User.objects.get(pk=id).has_usable_password())


def _may_passkey(asked: Asked) -> bool:
    """Whether browsers make passkeys for this address: one by name, encrypted or on this machine itself."""
    host = asked.request.get_host().partition(":")[0]
    is_named = not host.replace(".", "").isdigit() and not host.startswith("[")
    return is_named and (bool(asked.request.is_secure()) or host == "localhost")


def _factors(id: int) -> dict[str, Any]:
    """The second factors of somebody: an authenticator or none, passkeys, how many codes are left."""
    found = list(Authenticator.objects.filter(user_id=id).order_by("id"))
    codes = next((each.wrap() for each in found if each.type == Authenticator.Type.RECOVERY_CODES), None)
    try:
        left = None if codes is None else len(codes.get_unused_codes())
    except CannotOpen:
        left = 0  # sealed under another secret key: none opens anything
    return {
        "totp": next((each for each in found if each.type == Authenticator.Type.TOTP), None),
        "passkeys": [(each.pk, each.wrap().name) for each in found if each.type == Authenticator.Type.WEBAUTHN],
        "codes_left": left,
    }


def _told(asked: Asked, session: people.Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "browser": browsers.called(session.browser) or asked.say("accounts_me.some_browser"),
        "address": session.address,
        "begun": round(session.begun_at.timestamp() * 1_000_000),
        "is_this": session.key == asked.request.session.session_key,
    }


# ---- The password ------------------------------------------------------------------------------------------------


@page(Permission.OWN_ACCOUNT, methods=("GET", "POST"))
def password(asked: Asked) -> HttpResponse:
    """Another password: the one of before is asked for, and every other session ends."""
    parts: dict[str, Any] = {
        "title": asked.say("accounts_password.title"),
        "has_password": _has_password(asked.who.user_id),
    }
    if asked.request.method == "GET":
        return render(asked, "accounts/password.html", errors=nothing_wrong(), **parts)
    user = User.objects.get(pk=asked.who.user_id)
    given = asked.request.POST
    if locking.is_locked(asked.request, user.email):
        return locking.refuse(asked.request)
    if not user.has_usable_password():
        raise Http404  # who signs in elsewhere has none here, and a stolen session is to give them none
    if not user.check_password(given.get("current", "")):
        locking.count_failure(asked.request, user.email)
        errors = wrong("current", asked.say("accounts_password.not_yours"))
        return render(asked, "accounts/password.html", 422, errors=errors, **parts)
    try:
        digest = passwords.digest_of(given.get("password", ""), email=user.email, name=user.name)
    except Refused as refused:
        return render(asked, "accounts/password.html", 422, errors=errors_of(asked, refused), **parts)
    with database.writing() as connection:
        people.set_password(
            connection, user.pk, digest, by=asked.who.by, now=asked.now, but_session=session_of(asked)
        )  # fmt: skip
    stay(asked)
    return redirect(asked, PLACE, toast="accounts_done.password_changed")


def session_of(asked: Asked) -> str:
    """The key of this session."""
    return str(asked.request.session.session_key or "")


def stay(asked: Asked) -> None:
    """This session goes on, under another key, where all of its generation end."""
    user = User.objects.get(pk=asked.who.user_id)
    user.backend = asked.request.session["_auth_user_backend"]
    UserSession.objects.filter(session_key=session_of(asked)).delete()
    update_session_auth_hash(asked.request, user)
    asked.request.user = user
    record_authentication(asked.request, user, method="password", email=user.email)
    UserSession.objects.create_from_request(asked.request)


# ---- Sessions ----------------------------------------------------------------------------------------------------


@page(Permission.OWN_ACCOUNT, methods=("POST",))
def end_session(asked: Asked, number: int) -> HttpResponse:
    """Sign out in one browser."""
    with database.writing() as connection:
        mine = {each.id: each for each in people.load_sessions(connection, asked.who.user_id)}
        if number not in mine:
            raise Http404
        if mine[number].key == session_of(asked):
            UserSession.objects.filter(pk=number).delete()
            logout(asked.request)
            return redirect(asked, "/account/login/")
        people.end_session(connection, asked.who.user_id, number, by=asked.who.by, now=asked.now)
    return redirect(asked, PLACE, toast="accounts_done.session")


@page(Permission.OWN_ACCOUNT, methods=("POST",))
def end_others(asked: Asked) -> HttpResponse:
    """Sign out everywhere but here."""
    with database.writing() as connection:
        people.end_sessions(
            connection, asked.who.user_id, by=asked.who.by, now=asked.now, but_session=session_of(asked)
        )  # fmt: skip
    stay(asked)
    return redirect(asked, PLACE, toast="accounts_done.others")


@page(Permission.OWN_ACCOUNT)
def to_me(asked: Asked) -> HttpResponse:
    """Second factors stand on the page of one's own account."""
    return redirect(asked, f"{PLACE}#factors")
