"""What every answer of pages and API says of itself: it is private, nobody keeps it, nothing else may frame it."""

from collections.abc import Callable, Mapping
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware

from couveuse.web.problems import MEDIA_TYPE, Kind, Problem
from couveuse.web.rendering import POLICY

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # a signed link must not leave with a referrer
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
_BY_STATUS: Final = {405: Kind.BAD_METHOD}


def is_api(request: HttpRequest) -> bool:
    """Whether a program is answered, and not a person."""
    return str(request.path_info).startswith("/api/")


def private(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: headers that are not there are added; an error of the API is always a problem."""

    def answered(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        kind = _BY_STATUS.get(response.status_code)
        if kind is not None and is_api(request) and response.headers.get("Content-Type") != MEDIA_TYPE:
            allowed = response.headers.get("Allow")
            response = Problem(kind, headers={"Allow": allowed} if allowed else None).response()
        if response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Content-Security-Policy", POLICY)  # a page of allauth's
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return answered


class Compressed(GZipMiddleware):
    """Pages are compressed; what programs are answered goes as it is, and assets are compressed already."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """The answer, smaller where somebody reads it in a browser."""
        return response if is_api(request) else super().process_response(request, response)
