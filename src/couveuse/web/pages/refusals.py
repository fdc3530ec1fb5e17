"""What Django's own refusals look like: a page for people, a problem for programs, and in both what to do."""

from django.http import HttpRequest, HttpResponse

from couveuse.web.headers import is_api
from couveuse.web.pages.speaking import language_of, notice, words
from couveuse.web.problems import Kind, Problem


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 and 403."""
    if is_api(request):
        return Problem(Kind.BAD_REQUEST).response()
    return notice(language_of(request), "bad_request", "do", status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    if is_api(request):
        return Problem(Kind.NO_SUCH_PAGE).response()
    return notice(language_of(request), "not_found", "why", "do", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """500; what broke is in the log."""
    if is_api(request):
        return Problem(Kind.BROKEN).response()
    return notice(language_of(request), "broken", "safe", "do", status=500)


def bad_method(request: HttpRequest, allowed: list[str]) -> HttpResponse:
    """405."""
    answer = notice(language_of(request), "bad_method", "do", status=405)
    answer.headers["Allow"] = ", ".join(allowed)
    return answer


def forbidden(request: HttpRequest) -> HttpResponse:
    """403: whoever asks may not."""
    return notice(language_of(request), "forbidden", "why", "do", status=403)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form that was not of ours, or too old."""
    return notice(language_of(request), "forged_form", "why", "do", status=403)


def unready(request: HttpRequest) -> HttpResponse:
    """No model is published yet."""
    return notice(language_of(request), "unready", "do", status=503, ways=(("couveuse rescore bareme-b2b", ""),))


def away(request: HttpRequest) -> HttpResponse:
    """503: the database does not answer."""
    language = language_of(request)
    return notice(language, "away", "do", status=503, ways=(("couveuse doctor", words(language).say("home.doctor")),))
