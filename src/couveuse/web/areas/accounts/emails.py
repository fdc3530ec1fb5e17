"""Another e-mail to sign in by, confirmed from its mailbox where mail leaves: one's own, or somebody's by an owner."""

from typing import Any, Final

from django.http import Http404, HttpResponse

from couveuse import configuration
from couveuse.engine import account_mail, welcoming
from couveuse.store.accounts.models import User
from couveuse.store.accounts.people import OWNER, Refused
from couveuse.web import database
from couveuse.web.areas.accounts import locking, own, users
from couveuse.web.areas.accounts.entrance import SIGN_IN, over
from couveuse.web.areas.accounts.refusing import errors_of, nothing_wrong, wrong
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect, render

# Requests for links are counted beside attempts to sign in, and apart from them.
_ASKED: Final = "email:"


@page(Permission.OWN_ACCOUNT, methods=("GET", "POST"))
def email(asked: Asked) -> HttpResponse:
    """Another e-mail of one's own, asked for with the password; where no mail leaves, an owner's is changed at once."""
    has_mail = bool(configuration.read().mail_url)
    user = User.objects.get(pk=asked.who.user_id)
    may = user.has_usable_password() and (has_mail or asked.who.role == OWNER)
    parts: dict[str, Any] = {"title": asked.say("accounts_email.title"), "has_mail": has_mail, "may_ask": may,
                             "has_password": user.has_usable_password()}  # fmt: skip
    given = asked.request.POST
    if asked.request.method == "GET":
        return render(asked, "accounts/email.html", errors=nothing_wrong(), given="", **parts)
    if not may:
        raise Http404
    if locking.is_locked(asked.request, user.email) or locking.is_locked(asked.request, f"{_ASKED}{user.email}"):
        return locking.refuse(asked.request)
    errors = _password_wrong(asked, user)
    if errors is None:
        locking.count_failure(asked.request, f"{_ASKED}{user.email}")  # nobody asks for many
        try:
            toast = _change(asked, user.pk, given.get("email", ""), session=own.session_of(asked))
        except Refused as refused:
            errors = errors_of(asked, refused)
        else:
            if toast == "accounts_done.email":
                own.stay(asked)
            return redirect(asked, own.PLACE, toast=toast, email=given.get("email", "").strip()[:100])
    return render(asked, "accounts/email.html", 422, errors=errors, given=given.get("email", ""), **parts)


@page(Permission.MANAGE_USERS, methods=("POST",))
def of_user(asked: Asked, number: int) -> HttpResponse:
    """Another e-mail of somebody, asked for with the owner's password."""
    if number == asked.who.user_id:
        return redirect(asked, f"{own.PLACE}/email")
    user, given = User.objects.get(pk=asked.who.user_id), asked.request.POST.get("email", "")
    with database.reading() as connection:
        users.person_of(connection, number)
    if locking.is_locked(asked.request, user.email):
        return locking.refuse(asked.request)
    errors = _password_wrong(asked, user)
    if errors is None:
        try:
            toast = _change(asked, number, given)
        except Refused as refused:
            errors = errors_of(asked, refused)
        else:
            return redirect(asked, f"{users.PLACE}/{number}", toast=toast, email=given.strip()[:100])
    return users.one(asked, number, errors, status=422)


def _password_wrong(asked: Asked, user: User) -> Any:
    """What is wrong with the password that whoever asks has given; None: nothing, or they have none here."""
    if not user.has_usable_password() or user.check_password(asked.request.POST.get("current", "")):
        return None
    locking.count_failure(asked.request, user.email)
    return wrong("current", asked.say("accounts_password.not_yours"))


def _change(asked: Asked, number: int, given: str, *, session: str = "") -> str:
    """Let a link go to the new address, or change it where no mail leaves; what is to be said. Raises Refused."""
    settings = configuration.read()
    with database.writing() as connection, connection.transaction():
        if settings.mail_url:
            account_mail.plan_new_email(connection, number, given, by=asked.who.by, now=asked.now)
            return "accounts_done.email_asked"
        account_mail.change_email(
            connection, settings, number, given, by=asked.who.by, now=asked.now, but_session=session
        )  # fmt: skip
    return "accounts_done.email"


@page(None, methods=("GET", "POST"))
def confirm(asked: Asked, token: str) -> HttpResponse:
    """Who reads the new mailbox says so; opening the link alone changes nothing, for programs open links too."""
    settings = configuration.read()
    with database.reading() as connection:
        moving = welcoming.who_moves(connection, settings, token, asked.now)
    if moving is None:
        return over(asked, ("accounts_email.over_title", "accounts_email.over_why"))
    parts: dict[str, Any] = {"title": asked.say("accounts_email.confirm_title"), "moving": moving}
    if asked.request.method == "GET":
        return render(asked, "accounts/email_confirm.html", errors=nothing_wrong(), **parts)
    is_mine = asked.who.user_id == moving.id and asked.who.is_somebody
    try:
        with database.writing() as connection:
            account_mail.change_email(
                connection, settings, moving.id, moving.new, by=moving.email, now=asked.now,
                but_session=own.session_of(asked) if is_mine else "",
            )  # fmt: skip
    except Refused as refused:
        return render(asked, "accounts/email_confirm.html", 422, errors=errors_of(asked, refused), **parts)
    if not is_mine:
        return redirect(asked, SIGN_IN, toast="accounts_done.email", email=moving.new)
    own.stay(asked)
    return redirect(asked, own.PLACE, toast="accounts_done.email", email=moving.new)
