"""What stands at /: what this instance is and where to go on; it says nothing of anybody, and asks no database."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from couveuse.web.pages.speaking import language_of, notice, words

_WAYS: Final = (
    ("couveuse key create", "home.key"),
    ("couveuse token create", "home.token"),
    ("couveuse link LEAD", "home.link"),
    ("/api/v1/openapi.json", "home.document"),
    ("couveuse doctor", "home.doctor"),
)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The page."""
    language = language_of(request)
    say = words(language).say
    return notice(language, "home", "does", "private", ways=tuple((way, say(key)) for way, key in _WAYS))
