"""Places outside: endpoints of webhooks and addresses of Slack's, added, changed, tried, and taken away.

A secret is shown once, when it is made; an address of Slack's is one, and is never shown again.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.http import Http404, HttpResponse

from couveuse import configuration
from couveuse.engine import alerting, outgoing
from couveuse.engine.outgoing import BadPlace
from couveuse.engine.ways import SLACK, WEBHOOK
from couveuse.store import endpoints, intents
from couveuse.store.endpoints import Endpoint
from couveuse.web import database
from couveuse.web.areas.settings.answers import said
from couveuse.web.areas.settings.outgoing import PLACE, kind_of, state_of, tried
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect, render

ENDPOINTS: Final = f"{PLACE}/endpoints"
ADDRESSES: Final = f"{PLACE}/addresses"
EVENTS: Final = tuple(sorted(alerting.EVENTS))
LATEST: Final = 10
_BLANK: Final[Mapping[str, Any]] = {"id": "", "url": "", "events": ()}


@page(Permission.MANAGE_OUTGOING, methods=("GET", "POST"))
def add(asked: Asked) -> HttpResponse:
    """The form for another endpoint; what it makes shows its secret this once."""
    if asked.request.method != "POST":
        return _form(asked, _BLANK)
    given = _given(asked)
    try:
        with database.writing() as connection:
            secret = outgoing.add_endpoint(
                connection, configuration.read(), given["id"], given["url"], given["events"], by=asked.who.by,
                now=asked.now,
            )  # fmt: skip
    except BadPlace as error:
        return _form(asked, given, {error.field: asked.say(f"settings_place.{error.code}")}, 422)
    return _shown(asked, given["id"], secret=secret, status=201)


def _given(asked: Asked) -> dict[str, Any]:
    post = asked.request.POST
    return {"id": post.get("id", "").strip(), "url": post.get("url", "").strip(), "events": post.getlist("events")}


def _form(
    asked: Asked, given: Mapping[str, Any], errors: Mapping[str, str] | None = None, status: int = 200
) -> HttpResponse:
    return render(
        asked, "settings/endpoint_new.html", status, title=asked.say("settings_place.add"), given=given,
        errors=errors or {}, events=EVENTS, kind=lambda kind: kind_of(asked, kind),
    )  # fmt: skip


@page(Permission.MANAGE_OUTGOING, methods=("GET", "POST"))
def one(asked: Asked, id: str) -> HttpResponse:
    """An endpoint: where, for which events, how it stands, what went there last; and its changing."""
    if asked.request.method != "POST":
        return _shown(asked, id)
    given = _given(asked)
    try:
        with database.writing() as connection:
            is_there = outgoing.change_endpoint(
                connection, configuration.read(), id, given["url"], given["events"], by=asked.who.by, now=asked.now
            )
    except BadPlace as error:
        errors = {error.field: asked.say(f"settings_place.{error.code}")}
        return _shown(asked, id, given=given, errors=errors, status=422)
    if not is_there:
        raise Http404
    return redirect(asked, f"{ENDPOINTS}/{id}", "settings_place.changed")


def _shown(
    asked: Asked, id: str, *, given: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None,
    secret: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    with database.reading() as connection:
        found = _found(endpoints.list_endpoints(connection), id)
        latest = intents.page(connection, endpoint=id, most=LATEST)
    return render(
        asked, "settings/endpoint.html", status, title=found.id, endpoint=found, state=state_of(found),
        given=given or {"url": found.url, "events": found.events}, errors=errors or {}, secret=secret, events=EVENTS,
        latest=latest, kind=lambda kind: kind_of(asked, kind), said=lambda answer: said(asked, answer),
    )  # fmt: skip


def _found(every: list[Endpoint], id: str) -> Endpoint:
    found = next((each for each in every if each.id == id), None)
    if found is None:
        raise Http404
    return found


@page(Permission.MANAGE_OUTGOING, methods=("POST",))
def rotate(asked: Asked, id: str) -> HttpResponse:
    """A new secret beside the last one, shown this once."""
    with database.writing() as connection:
        _found(endpoints.list_endpoints(connection), id)
        secret = outgoing.rotate_endpoint(connection, configuration.read(), id, by=asked.who.by, now=asked.now)
    return _shown(asked, id, secret=secret, status=201)


@page(Permission.MANAGE_OUTGOING, methods=("POST",))
def disable(asked: Asked, id: str) -> HttpResponse:
    """Nothing is sent there any more."""
    with database.writing() as connection:
        _found(endpoints.list_endpoints(connection), id)
        endpoints.disable_endpoint(connection, id, because=f"by {asked.who.by}", by=asked.who.by, now=asked.now)
    return redirect(asked, f"{ENDPOINTS}/{id}", "settings_place.was_disabled")


@page(Permission.MANAGE_OUTGOING, methods=("POST",))
def enable(asked: Asked, id: str) -> HttpResponse:
    """It gets what is planned from now on."""
    with database.writing() as connection:
        _found(endpoints.list_endpoints(connection), id)
        endpoints.enable_endpoint(connection, id, by=asked.who.by, now=asked.now)
    return redirect(asked, f"{ENDPOINTS}/{id}", "settings_place.was_enabled")


@page(Permission.MANAGE_OUTGOING, methods=("POST",))
def try_out(asked: Asked, id: str) -> HttpResponse:
    """A trial message, now."""
    return tried(asked, WEBHOOK, id, f"{ENDPOINTS}/{id}")


# ---- Addresses of Slack's --------------------------------------------------------------------------------------------


@page(Permission.MANAGE_OUTGOING, methods=("GET", "POST"))
def add_address(asked: Asked) -> HttpResponse:
    """The form for an address of Slack's; one of the same name is replaced."""
    name = asked.request.POST.get("name", "").strip()
    errors: dict[str, str] = {}
    if asked.request.method == "POST":
        try:
            with database.writing() as connection:
                outgoing.set_secret(
                    connection, configuration.read(), name, asked.request.POST.get("url", "").strip(),
                    by=asked.who.by, now=asked.now,
                )  # fmt: skip
        except BadPlace as error:
            errors = {error.field: asked.say(f"settings_place.{error.code}")}
        else:
            return redirect(asked, PLACE, "settings_place.kept", name=name)
    return render(
        asked, "settings/address.html", 422 if errors else 200, title=asked.say("settings_place.add_address"),
        name=name or asked.request.GET.get("name", "")[:80], errors=errors,
    )  # fmt: skip


@page(Permission.MANAGE_OUTGOING, methods=("POST",))
def remove_address(asked: Asked, name: str) -> HttpResponse:
    """An address of Slack's is forgotten."""
    with database.writing() as connection:
        is_done = outgoing.remove_secret(connection, name, by=asked.who.by, now=asked.now)
    return redirect(asked, PLACE, "settings_place.forgotten" if is_done else "settings_place.none_such")


@page(Permission.MANAGE_OUTGOING, methods=("POST",))
def try_address(asked: Asked, name: str) -> HttpResponse:
    """A trial message, now."""
    return tried(asked, SLACK, name, PLACE)
