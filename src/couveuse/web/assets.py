"""What browsers fetch beside pages: one stylesheet and a few scripts, kept for good: a digest is in each address.

All of it comes from this package and from installed ones, is read once, and stands compressed in memory.
"""

import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from couveuse.report.shell import style_tokens

_WEB: Final = files("couveuse.web")
KEPT: Final = "public, max-age=31536000, immutable"


def _style() -> str:
    """The tokens, then each part of the style in the order of its number."""
    parts = sorted((each for each in _WEB.joinpath("style").iterdir() if each.name.endswith(".css")), key=_name)
    return "\n".join([style_tokens(), *(each.read_text("utf-8") for each in parts)])


def _scripts() -> Mapping[str, Callable[[], str]]:
    return {each.name: _reading(each) for each in _WEB.joinpath("script").iterdir() if each.name.endswith(".js")}


def _reading(place: Traversable) -> Callable[[], str]:
    return lambda: place.read_text("utf-8")


def _of(package: str, *path: str) -> Callable[[], str]:
    return lambda: files(package).joinpath(*path).read_text("utf-8")


def _name(place: Traversable) -> str:
    return place.name


_ELSEWHERE: Final[Mapping[str, Callable[[], str]]] = {
    "couveuse.css": _style,
    "htmx.js": _of("django_htmx", "static", "django_htmx", "htmx-2.min.js"),
    "webauthn-json.js": _of("allauth.mfa", "static", "mfa", "js", "webauthn-json.js"),
    "webauthn.js": _of("allauth.mfa", "static", "mfa", "js", "webauthn.js"),
}
_TYPES: Final = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file with its type; `compressed` is the same by gzip."""

    name: str
    digest: str
    media_type: str
    content: bytes
    compressed: bytes


@cache
def find(name: str) -> Asset | None:
    """An asset by its name; None where there is none."""
    read = _ELSEWHERE.get(name) or _scripts().get(name)
    if read is None:
        return None
    content = read().encode()
    return Asset(
        name, hashlib.sha256(content).hexdigest()[:16], _TYPES[name.rpartition(".")[2]], content,
        gzip.compress(content, 9, mtime=0),
    )  # fmt: skip


def address(name: str) -> str:
    """Where an asset is fetched; raises KeyError for one that is not there."""
    asset = find(name)
    if asset is None:
        raise KeyError(name)
    return f"/assets/{asset.digest}/{asset.name}"


@require_safe
def serve(request: HttpRequest, digest: str, name: str) -> HttpResponse:
    """An asset; one of another version is not there."""
    asset = find(name)
    if asset is None or asset.digest != digest:
        raise Http404
    headers = {"Cache-Control": KEPT, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        return HttpResponse(asset.compressed, asset.media_type, headers={**headers, "Content-Encoding": "gzip"})
    return HttpResponse(asset.content, asset.media_type, headers=headers)
