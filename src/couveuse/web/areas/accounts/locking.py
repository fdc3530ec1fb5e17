"""Who has tried too often is told so."""

from django.http import HttpRequest, HttpResponse

from couveuse.web.pages.speaking import language_of, notice


def refuse(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """429: wait."""
    return notice(language_of(request), "locked", "why", "do", status=429)
