"""What a page is asked with, and by whom: `page` lets in who may, and turns away who may not."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, Final
from urllib.parse import urlencode

import psycopg
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from couveuse.engine.live import NothingPublished
from couveuse.language.formats import Formats
from couveuse.language.words import Words
from couveuse.store import rosters
from couveuse.store.accounts.models import Role, User
from couveuse.store.connections import NoDatabase
from couveuse.web import database, languages
from couveuse.web.permissions import OF_ALL_TEAMS, Permission, Who, may

NOWHERE: Final = "UTC"
SEE_OTHER: Final = 303


class Asked:
    """A request with who asks, in which language, and when (microseconds)."""

    def __init__(self, request: HttpRequest, who: Who, now: int) -> None:
        self.request, self.who, self.now = request, who, now

    @property
    def is_htmx(self) -> bool:
        """Whether a part of a page is wanted, and not a whole one."""
        return str(self.request.headers.get("HX-Request")) == "true"

    @property
    def language(self) -> str:
        """The language of the answer."""
        return languages.language_of(self.request)

    @cached_property
    def words(self) -> Words:
        """The words of that language."""
        return languages.words(self.language)

    @property
    def say(self) -> Callable[..., str]:
        """The text of a key with its values put in."""
        return self.words.say

    @property
    def count(self) -> Callable[..., str]:
        """The text of a key for so many."""
        return self.words.count

    @cached_property
    def formats(self) -> Formats:
        """Numbers and dates, in the language and the time zone of who asks."""
        return Formats(self.words, self.who.timezone)


@dataclass(frozen=True, slots=True)
class Guard:
    """What a page asks for before it answers; `permission` None: nothing."""

    permission: Permission | None
    methods: frozenset[str]


View = Callable[..., HttpResponse]


def page(permission: Permission | None, methods: tuple[str, ...] = ("GET",)) -> Callable[[View], View]:
    """A view that is asked by `Asked`, by those alone who may, by these methods (HEAD wherever GET is)."""
    allowed = frozenset(methods) | ({"HEAD"} if "GET" in methods else frozenset())
    guard = Guard(permission, allowed)

    def guarded(view: View) -> View:
        @wraps(view)
        def answered(request: HttpRequest, **named: Any) -> HttpResponse:
            from couveuse.web.pages import refusals

            if request.method not in guard.methods:
                return refusals.bad_method(request, sorted(guard.methods))
            try:
                asked = Asked(request, who_of(request), time.time_ns() // 1000)
                if guard.permission is not None and not asked.who.is_somebody:
                    return _to_sign_in(request)
                if guard.permission is not None and not may(asked.who, guard.permission):
                    return refusals.forbidden(request)
                return view(asked, **named)
            except NothingPublished:
                return refusals.unready(request)
            except (NoDatabase, psycopg.OperationalError):
                return refusals.away(request)

        answered.guard = guard  # type: ignore[attr-defined]  # what the walk over all addresses reads
        return answered

    return guarded


def who_of(request: HttpRequest) -> Who:
    """Who asks; known once for each request."""
    found: Who | None = getattr(request, "couveuse_who", None)
    if found is None:
        user = getattr(request, "user", None)
        found = (
            _who(user) if isinstance(user, User) or (user is not None and user.is_authenticated) else _nobody(request)
        )
        request.couveuse_who = found
    return found


def _who(user: Any) -> Who:
    role = Role(user.role)
    teams: frozenset[str] = frozenset()
    if user.member and role not in OF_ALL_TEAMS:
        teams = frozenset(database.glance(lambda connection: rosters.teams_of(connection, user.member)))
    return Who(
        user.pk, user.email, user.name or user.email, role, user.member, teams, user.language, user.timezone, user.theme
    )


def _nobody(request: HttpRequest) -> Who:
    return Who(0, "", "", None, None, frozenset(), languages.language_of(request), NOWHERE, "auto")


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the page where one signs in, and back to where one wanted to go if that was only to look."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=401, headers={"HX-Redirect": str(settings.LOGIN_URL)})
    back = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
    return HttpResponseRedirect(f"{settings.LOGIN_URL}?{urlencode({'next': back})}")
