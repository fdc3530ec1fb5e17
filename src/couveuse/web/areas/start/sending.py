"""The first event from a program: a write key made here, shown once with what to paste, and the event seen arriving."""

from typing import Final

from django.http import Http404, HttpResponse

from couveuse import configuration
from couveuse.engine import access
from couveuse.engine.live import model_of
from couveuse.engine.versions import Versions
from couveuse.report import snippets
from couveuse.report.names import Names
from couveuse.store import starting
from couveuse.store.write_keys import KeyKind
from couveuse.web import database
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import render

_versions: Final = Versions()
STOP: Final = 286


@page(Permission.MANAGE_KEYS, methods=("GET", "POST"))
def send(asked: Asked) -> HttpResponse:
    """A key is made, and shown this once."""
    url = configuration.read().url
    if asked.request.method != "POST":
        return _shown(asked, url)
    kind = KeyKind.PUBLIC if asked.request.POST.get("kind") == KeyKind.PUBLIC.value else KeyKind.SERVER
    source = asked.request.POST.get("source", "").strip()
    origins = asked.request.POST.get("origins", "").split() if kind is KeyKind.PUBLIC else []
    try:
        with database.writing() as connection:
            made = access.make_key(
                connection, kind=kind, source=source, origins=origins, by=asked.who.by, now=asked.now
            )  # fmt: skip
    except access.BadField as error:
        return _shown(asked, url, {error.field: asked.say(f"settings_keys.{error.code}")}, status=422)
    email = f"first-event-{made.id}@example.com"
    shown = snippets.first_event(made.secret, kind, url, email)
    return _shown(asked, url, made=made, codes=shown, email=email, status=201)


def _shown(
    asked: Asked, url: str, errors: dict[str, str] | None = None, *, made: access.Made | None = None,
    codes: tuple[snippets.Snippet, ...] = (), email: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    given = {name: asked.request.POST.get(name, "") for name in ("kind", "source", "origins")}
    given["source"] = given["source"] or "site"
    return render(
        asked, "start/send.html", status, title=asked.say("start_send.title"), errors=errors or {}, given=given,
        made=made, codes=codes, email=email, url_of=url,
    )  # fmt: skip


@page(Permission.MANAGE_KEYS)
def arrived(asked: Asked, number: int) -> HttpResponse:
    """Whether a key has sent something yet, and what came of it."""
    with database.reading() as connection:
        key = starting.awaited(connection, number)
        if key is None:
            raise Http404
        found = starting.arrived(connection, key)
        names = Names(model_of(_versions.acting(connection).published), asked.language)
    template = "start/arrived_part.html" if asked.is_htmx else "start/arrived.html"
    # To htmx this status says that it need not ask again.
    status = STOP if asked.is_htmx and found is not None and found.score is not None else 200
    return render(
        asked, template, status, title=asked.say("start_send.arrived_title"), number=number, key=key, found=found,
        names=names,
    )  # fmt: skip
