"""API tokens on screen: which there are, one made, one revoked. A token is shown once, when it is made."""

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpResponse

from couveuse.core.times import microseconds, moment
from couveuse.engine import access
from couveuse.store import api_tokens
from couveuse.store.api_tokens import MEANINGS, Scope
from couveuse.web import database
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect, render

PLACE: Final = "/settings/tokens"
# After how many days a token runs out: 0 is never.
DAYS: Final = (30, 90, 365, 0)
_BLANK: Final = {"name": "", "scopes": (), "days": "365"}


@page(Permission.MANAGE_KEYS, methods=("GET", "POST"))
def tokens(asked: Asked) -> HttpResponse:
    """The tokens, and the form for another one."""
    return _make(asked) if asked.request.method == "POST" else _shown(asked)


def _make(asked: Asked) -> HttpResponse:
    post = asked.request.POST
    given = {"name": post.get("name", ""), "scopes": post.getlist("scopes"), "days": post.get("days", "")}
    known = {scope.value: scope for scope in Scope}
    if given["days"] not in map(str, DAYS):
        return _shown(asked, given=given, errors={"days": asked.say("settings_tokens.bad_days")}, status=422)
    if not known.keys() >= set(given["scopes"]):
        return _shown(asked, given=given, errors={"scopes": asked.say("settings_tokens.no_scope")}, status=422)
    try:
        with database.writing() as connection:
            made = access.make_token(
                connection, name=given["name"], scopes=[known[each] for each in given["scopes"]],
                days=int(given["days"]) or None, by=asked.who.by, now=asked.now,
            )  # fmt: skip
    except access.BadField as error:
        return _shown(asked, given=given, errors={error.field: asked.say(f"settings_tokens.{error.code}")}, status=422)
    return _shown(asked, made=made, status=201)


def _shown(
    asked: Asked, *, given: Mapping[str, Any] = _BLANK, errors: Mapping[str, str] | None = None,
    made: access.Made | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    with database.reading() as connection:
        found = api_tokens.load_tokens(connection)
    now = moment(asked.now)
    told = [(each, each.standing(now)) for each in found]
    return render(
        asked, "settings/tokens.html", status, title=asked.say("settings_nav.tokens"),
        active=[token for token, standing in told if standing == "active"],
        ended=[(token, standing) for token, standing in told if standing != "active"],
        scopes=[(scope.value, meaning(asked, scope)) for scope in Scope],
        days=[(days, asked.say(f"settings_tokens.days_{days}")) for days in DAYS], given=given, errors=errors or {},
        made=made, us=microseconds,
    )  # fmt: skip


def meaning(asked: Asked, scope: Scope) -> str:
    """What a scope lets a program do, in words."""
    slug = scope.value.replace(":", "_")
    found = asked.words.known("settings_scope", slug)
    return MEANINGS[scope] if found == slug else found


@page(Permission.MANAGE_KEYS, methods=("POST",))
def revoke(asked: Asked, number: int) -> HttpResponse:
    """A token lets nobody in any more."""
    with database.writing() as connection:
        is_done = access.revoke_token(connection, number, by=asked.who.by, now=asked.now)
    return redirect(asked, PLACE, "settings_tokens.revoked" if is_done else "settings_tokens.none_such")
