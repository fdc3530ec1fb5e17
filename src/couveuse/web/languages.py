"""In which language somebody is answered: their own, else what the address, a cookie or the browser asks for."""

from collections.abc import Callable
from functools import cache
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from couveuse.language.words import LANGUAGES, Words
from couveuse.web.pages.speaking import wanted

COOKIE: Final = "couveuse_lang"
AREAS: Final = ("today", "leads", "desk", "scoring", "settings", "accounts", "start", "docs", "look")
# Every table that pages speak from; no key stands in two of them (tests/web/test_words.py).
PACKAGES: Final = ("couveuse.report", "couveuse.web", *(f"couveuse.web.areas.{area}" for area in AREAS))


@cache
def words(language: str) -> Words:
    """The words of the application."""
    return Words(language, *PACKAGES)


def language_of(request: HttpRequest) -> str:
    """The language of an answer."""
    asked = request.GET.get("lang")
    user = getattr(request, "user", None)
    own = user.language if user is not None and user.is_authenticated else request.COOKIES.get(COOKIE)
    for word in (asked, own):
        if word in LANGUAGES:
            return str(word)
    return wanted(request.headers.get("Accept-Language", ""))


def in_language(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: what Django and allauth say (errors of forms) is said in the language of the page."""

    def answered(request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(("/api/", "/assets/")):
            return answer(request)
        language = language_of(request)
        with translation.override(language):
            response = answer(request)
        if request.GET.get("lang") == language and not getattr(request.user, "is_authenticated", False):
            response.set_cookie(COOKIE, language, max_age=365 * 24 * 3600, httponly=True, samesite="Lax")
        return response

    return answered
