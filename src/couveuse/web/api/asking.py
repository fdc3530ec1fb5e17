"""How a program asks: who it is and what it may, as of when, under which model, and from which place on."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from ninja import Schema
from ninja.security import HttpBearer
from psycopg import Connection

from couveuse.core import times
from couveuse.engine import clocks
from couveuse.engine.live import LiveModel, NothingPublished
from couveuse.store import api_tokens
from couveuse.store.api_tokens import PREFIX, ApiToken, Scope
from couveuse.web import database, reading
from couveuse.web.problems import Kind, Problem

now_us = clocks.now_us

MOST_CURSOR: Final = 2_000
EXAMPLE: Final = "2026-03-01T09:00:00Z"  # of an instant, for whoever reads the document


# ---- Who asks ------------------------------------------------------------------------------------------------------


class BearerToken(HttpBearer):
    """Lets a program in whose token is active and has a scope; the token is then the request's `auth`."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> ApiToken:
        word, _, token = request.headers.get("Authorization", "").partition(" ")
        if word.lower() != "bearer" or not token.strip():
            raise Problem(Kind.NO_TOKEN, headers=_challenge())
        return self.authenticate(request, token.strip())

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken:
        """The token, if it lets in for this scope; raises Problem."""
        now = datetime.now(UTC)
        with database.writing() as connection:
            found = api_tokens.find_token(connection, token) if token.startswith(PREFIX) else None
            standing = "unknown" if found is None else found.standing(now)
            if found is None or standing != "active":
                detail = "It is not known here." if found is None else f"It is {standing}."
                raise Problem(Kind.BAD_TOKEN, detail, headers=_challenge(error="invalid_token"))
            if self.scope not in found.scopes:
                cure = f"Make a token with this scope: couveuse token create NAME --scope {self.scope}."
                headers = _challenge(error="insufficient_scope", scope=self.scope)
                raise Problem(Kind.NO_SCOPE, f"It has not the scope {self.scope}.", cure=cure, headers=headers)
            api_tokens.mark_used(connection, found, now)
        return found


def by_of(request: HttpRequest) -> str:
    """Who did it, for what is written down: the token, by its number and name."""
    token: ApiToken = request.auth
    return f"token {token.id}: {token.name}"


def _challenge(**words: str) -> dict[str, str]:
    said = ", ".join(f'{name}="{value}"' for name, value in ({"realm": "couveuse"} | words).items())
    return {"WWW-Authenticate": f"Bearer {said}"}


# ---- As of when, under which model ---------------------------------------------------------------------------------


def model_of(connection: Connection[Any], number: int | None) -> LiveModel:
    """The version asked for, whatever its standing, else the one that acts; raises Problem."""
    if number is None:
        try:
            return reading.acting(connection)
        except NothingPublished as error:
            raise Problem(Kind.NO_MODEL) from error
    found = reading.version(connection, number)
    if found is None:
        raise Problem(Kind.NO_SUCH_MODEL, f"There is no model {number}.")
    return found


def name_of(model: LiveModel) -> dict[str, Any]:
    """How an answer names its model."""
    return {"id": model.id, "name": model.published.name, "version": model.published.version}


def instant(text: str | None, name: str, model: LiveModel) -> int | None:
    """An instant that was asked for; without a zone it is the model's. Raises Problem."""
    if text is None:
        return None
    found = times.instant(text, ZoneInfo(model.plan.model.timezone))
    if found is None:
        plus = " In an address a plus sign is written %2B." if " " in text.strip() else ""
        raise wrong(name, f"Not an instant; write it in ISO 8601, as 2026-07-01T09:00:00Z.{plus}")
    return found


def wrong(name: str, message: str, where: str = "query") -> Problem:
    """One value that will not do."""
    return Problem(Kind.BAD_VALUE, f"{name}: {message}", errors=[{"where": [where, name], "message": message}])


def only(request: HttpRequest, asked: type[Schema]) -> None:
    """A parameter that nobody reads is a typing error that would go unnoticed; raises Problem."""
    known = {field.alias or name for name, field in asked.model_fields.items()}
    for name in request.GET:
        if name not in known:
            raise wrong(name[:100], f"There is no such parameter; there are {', '.join(sorted(known))}.")


def iso(at: int | None) -> str | None:
    """An instant as answers have it."""
    return None if at is None else times.iso(at)


# ---- From which place on -------------------------------------------------------------------------------------------


def cursor_of(*parts: Any) -> str:
    """A place in a list, as the next page is asked for; whoever gets it reads nothing in it."""
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def parts_of(cursor: str | None, kinds: Sequence[type | tuple[type, ...]]) -> list[Any] | None:
    """The parts of a cursor that `cursor_of` made for such a list; raises Problem for any other text."""
    if cursor is None:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor[:MOST_CURSOR] + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise _bad_cursor() from None
    if not isinstance(parts, list) or len(parts) != len(kinds):
        raise _bad_cursor()
    if not all(_is_of(part, kind) for part, kind in zip(parts, kinds, strict=True)):
        raise _bad_cursor()
    return parts


def _is_of(part: object, kind: type | tuple[type, ...]) -> bool:
    if isinstance(part, bool) or not isinstance(part, kind):
        return False
    if isinstance(part, str):
        return ("\x00" not in part and part.isprintable()) or part == ""
    return not isinstance(part, (int, float)) or -(2**63) < part < 2**63


def _bad_cursor() -> Problem:
    return wrong("cursor", "Not a cursor of this list; take it from `next` of the page before, or leave it out.")
