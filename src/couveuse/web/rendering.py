"""Pages of the application: Jinja2 templates with every value escaped, in the frame that all share."""

import time
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import reverse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from couveuse.language.plain import clean
from couveuse.language.words import LANGUAGES
from couveuse.report import charts
from couveuse.store import switches
from couveuse.web import assets, database
from couveuse.web.asking import SEE_OTHER, Asked, who_of
from couveuse.web.permissions import Permission, Who, may

# Scripts, styles and requests are our own; nothing stands in the page itself, and nothing else may frame it.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def environment(**options: Any) -> Environment:
    """The templates' environment, as Django asks for it; the same for all who ask."""
    return _environment()


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("couveuse.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )
    made.globals.update(charts=charts, url=_address, asset=assets.address)
    return made


def _finalized(value: object) -> object:
    """What goes into the page holds nothing that a page cannot hold; markup made here is safe already."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _address(name: str, **named: Any) -> str:
    return str(reverse(name, kwargs=named or None))


def context(request: HttpRequest) -> dict[str, Any]:
    """What every template may use beside its own parts; Django asks for it too, for pages of allauth."""
    who = who_of(request)
    found = getattr(request, "couveuse_asked", None)
    asked = found if isinstance(found, Asked) else Asked(request, who, time.time_ns() // 1000)
    return {
        "language": asked.language,
        "languages": LANGUAGES,
        "say": asked.say,
        "count": asked.count,
        "known": asked.words.known,
        "f": asked.formats,
        "who": who,
        "may": _asking(who),
        "now": asked.now,
        "path": request.path,
        "this_page": _this_page(request),
        "is_htmx": asked.is_htmx,
        "csrf": Markup('<input type="hidden" name="csrfmiddlewaretoken" value="{}">').format(get_token(request)),
        "csrf_value": get_token(request),
        "toasts": lambda: _toasts(request),
        "switched": lambda: _switched(who),
    }


def _this_page(request: HttpRequest) -> str:
    """Where the reader comes back to this page as it is, but for the language of the address; '' where nobody can."""
    if request.method != "GET":
        return ""
    query = request.GET.copy()
    query.pop("lang", None)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def _asking(who: Who) -> Any:
    return lambda name: may(who, Permission(name))


def _toasts(request: HttpRequest) -> Iterator[str]:
    yield from (str(each) for each in messages.get_messages(request))


def _switched(who: Who) -> list[str]:
    """Which switches are on: everybody who sees tasks or what goes out is told."""
    if not who.is_somebody:
        return []
    return database.glance(switches.switched_on)


def render(asked: Asked, template: str, status: int = 200, **parts: Any) -> HttpResponse:
    """A page, or a part of one for htmx."""
    asked.request.couveuse_asked = asked
    made = _environment().get_template(template).render({**context(asked.request), **parts})
    return HttpResponse(made, status=status, headers={"Content-Security-Policy": POLICY})


def redirect(asked: Asked, address: str, toast: str | None = None, **values: object) -> HttpResponse:
    """To another page after something was done; `toast` is the key of what that page says of it."""
    if toast is not None:
        messages.info(asked.request, asked.say(toast, **values))
    if asked.is_htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address, status=SEE_OTHER)
