"""In which language a page speaks, and answers that are pages."""

from typing import Final

from django.http import HttpRequest, HttpResponse

from couveuse.language.words import LANGUAGES, Words
from couveuse.report import render_notice
from couveuse.report.shell import policy
from couveuse.report.values import Notice

DEFAULT: Final = "en"
_PACKAGE: Final = "couveuse.web"


def language_of(request: HttpRequest, chosen: str | None = None) -> str:
    """The language that the address names, else the one chosen for the page, else the first that the browser wants."""
    for word in (request.GET.get("lang"), chosen):
        if word in LANGUAGES:
            return word
    return wanted(request.headers.get("Accept-Language", ""))


def wanted(header: str) -> str:
    """The language of ours that an Accept-Language header wants most.

    >>> wanted("de, fr-CA;q=0.8, en;q=0.7"), wanted("en-GB,en;q=0.9,fr;q=0.8"), wanted("de")
    ('fr', 'en', 'en')
    """
    best, chosen = 0.0, DEFAULT
    for part in header[:500].split(","):
        word, _, rest = part.partition(";")
        language = word.strip().lower().partition("-")[0]
        weight = _weight(rest)
        if language in LANGUAGES and weight > best:
            best, chosen = weight, language
    return chosen


def _weight(rest: str) -> float:
    name, _, value = rest.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0


def words(language: str) -> Words:
    """The words of these pages."""
    return Words(language, _PACKAGE)


def answer(page: str, status: int = 200) -> HttpResponse:
    """A page of the report's make: its policy in a header too, where it also says that nothing may frame the page."""
    return HttpResponse(page, status=status, headers={"Content-Security-Policy": f"{policy()}; frame-ancestors 'none'"})


def notice(
    language: str,
    about: str,
    *sentences: str,
    status: int = 200,
    ways: tuple[tuple[str, str], ...] = (),
    **values: object,
) -> HttpResponse:
    """A page that says one thing: the title and the sentences of a section of the words."""
    say = words(language).say
    said = tuple(say(f"{about}.{name}", **values) for name in sentences)
    return answer(render_notice(Notice(language, say(f"{about}.title"), said, ways)), status)
