"""What Django's own refusals look like: a page for people, a problem for programs, and in both what to do."""

from django.http import HttpRequest, HttpResponse

from couveuse.web.headers import is_api
from couveuse.web.pages.speaking import language_of, notice
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
