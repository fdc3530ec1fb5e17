"""What Django's own refusals look like: a page for people, a problem for programs, and in both what to do.

People see them in the frame of all pages, with a way on. Where the database does not answer, or something is broken,
the page needs nothing but its words.
"""

import time

import psycopg
from django.http import HttpRequest, HttpResponse

from couveuse.store.connections import NoDatabase
from couveuse.web.asking import Asked, who_of
from couveuse.web.headers import is_api
from couveuse.web.pages.speaking import language_of, notice, words
from couveuse.web.problems import Kind, Problem
from couveuse.web.rendering import render


def _told(request: HttpRequest, about: str, *sentences: str, status: int) -> HttpResponse:
    """One thing said in the frame of all pages; plainly where that cannot be made."""
    try:
        asked = Asked(request, who_of(request), time.time_ns() // 1000)
        said = [asked.say(f"{about}.{name}") for name in sentences]
        return render(asked, "notice.html", status, title=asked.say(f"{about}.title"), sentences=said)
    except (NoDatabase, psycopg.OperationalError):
        return notice(language_of(request), about, *sentences, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 and 403."""
    if is_api(request):
        return Problem(Kind.BAD_REQUEST).response()
    return _told(request, "bad_request", "do", status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    if is_api(request):
        return Problem(Kind.NO_SUCH_PAGE).response()
    return _told(request, "not_found", "why", "do", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """500; what broke is in the log."""
    if is_api(request):
        return Problem(Kind.BROKEN).response()
    return notice(language_of(request), "broken", "safe", "do", status=500)


def bad_method(request: HttpRequest, allowed: list[str]) -> HttpResponse:
    """405."""
    answer = _told(request, "bad_method", "do", status=405)
    answer.headers["Allow"] = ", ".join(allowed)
    return answer


def forbidden(request: HttpRequest) -> HttpResponse:
    """403: whoever asks may not."""
    return _told(request, "forbidden", "why", "do", status=403)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form that was not of ours, or too old."""
    return _told(request, "forged_form", "why", "do", status=403)


def locked(request: HttpRequest) -> HttpResponse:
    """429: too many passwords were refused."""
    return _told(request, "locked", "why", "do", status=429)


def unready(request: HttpRequest) -> HttpResponse:
    """No model is published yet."""
    return notice(language_of(request), "unready", "do", status=503, ways=(("couveuse rescore bareme-b2b", ""),))


def away(request: HttpRequest) -> HttpResponse:
    """503: the database does not answer."""
    language = language_of(request)
    return notice(language, "away", "do", status=503, ways=(("couveuse doctor", words(language).say("home.doctor")),))
