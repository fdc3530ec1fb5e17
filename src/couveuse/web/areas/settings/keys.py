"""Write keys on screen: which there are, one made, one revoked. A key is shown once, when it is made."""

from collections.abc import Mapping
from typing import Final

from django.http import HttpResponse

from couveuse import configuration
from couveuse.core.times import microseconds
from couveuse.engine import access
from couveuse.report import snippets
from couveuse.store import write_keys
from couveuse.store.write_keys import KeyKind
from couveuse.web import database
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect, render

PLACE: Final = "/settings/keys"
_BLANK: Final = {"kind": KeyKind.SERVER.value, "source": "", "origins": "", "rate": ""}


@page(Permission.MANAGE_KEYS, methods=("GET", "POST"))
def keys(asked: Asked) -> HttpResponse:
    """The keys, and the form for another one."""
    return _make(asked) if asked.request.method == "POST" else _shown(asked)


def _make(asked: Asked) -> HttpResponse:
    given = {name: asked.request.POST.get(name, "") for name in _BLANK}
    try:
        kind, rate = KeyKind(given["kind"]), _rate(given["rate"])
    except ValueError:
        field = "rate" if given["kind"] in list(KeyKind) else "kind"
        return _shown(asked, given=given, errors={field: asked.say(f"settings_keys.bad_{field}")}, status=422)
    try:
        with database.writing() as connection:
            made = access.make_key(
                connection, kind=kind, source=given["source"], origins=given["origins"].split(), rate=rate,
                by=asked.who.by, now=asked.now,
            )  # fmt: skip
    except access.BadField as error:
        return _shown(asked, given=given, errors={error.field: asked.say(f"settings_keys.{error.code}")}, status=422)
    snippet = snippets.text(made.secret, kind, configuration.read().url, asked.language)
    return _shown(asked, made=made, snippet=snippet, status=201)


def _rate(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > len(str(access.MOST_RATE)):
        raise ValueError(text)
    return int(text)


def _shown(
    asked: Asked, *, given: Mapping[str, str] = _BLANK, errors: Mapping[str, str] | None = None,
    made: access.Made | None = None, snippet: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    with database.reading() as connection:
        found = write_keys.load_keys(connection)
    return render(
        asked, "settings/keys.html", status, title=asked.say("settings_nav.keys"),
        keys=[each for each in found if each.revoked_at is None],
        revoked=[each for each in found if each.revoked_at is not None],
        given=given, errors=errors or {}, made=made, snippet=snippet, us=microseconds,
    )  # fmt: skip


@page(Permission.MANAGE_KEYS, methods=("POST",))
def revoke(asked: Asked, number: int) -> HttpResponse:
    """A key lets nobody in any more."""
    with database.writing() as connection:
        is_done = access.revoke_key(connection, number, by=asked.who.by, now=asked.now)
    return redirect(asked, PLACE, "settings_keys.revoked" if is_done else "settings_keys.none_such")
