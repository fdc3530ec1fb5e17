"""Who is let in: write keys and API tokens made and revoked, by command, on screen and by API alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from psycopg import Connection

from couveuse.core.events import holds_nul
from couveuse.core.times import moment
from couveuse.errors import BadInput
from couveuse.store import api_tokens, audit, write_keys
from couveuse.store.api_tokens import MOST_NAME, Scope
from couveuse.store.write_keys import KeyKind, normal_origin

MOST_SOURCE: Final = 200
MOST_RATE: Final = 1_000_000
MOST_ORIGINS: Final = 50
MOST_DAYS: Final = 3_650


class BadField(BadInput):
    """One thing that was said of a key or a token will not do; `code` names what is wrong with it."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field, self.code = field, code


@dataclass(frozen=True, slots=True)
class Made:
    """What was made: its number, and the secret, which is shown this once."""

    id: int
    secret: str


def make_key(
    connection: Connection[Any], *, kind: KeyKind, source: str, origins: Sequence[str] = (), rate: int | None = None,
    by: str, now: int,
) -> Made:  # fmt: skip
    """A new write key; raises BadField."""
    source = source.strip()
    if not source or len(source) > MOST_SOURCE or holds_nul(source):
        raise BadField(
            "source", "no_source", f"give the name of what sends, of {MOST_SOURCE} characters at most, as site or crm"
        )
    allowed = [_origin(text) for text in dict.fromkeys(origins)]
    if kind is KeyKind.PUBLIC and not allowed:
        raise BadField("origins", "no_origin", "say which site may use a public key, as https://www.example.com")
    if kind is KeyKind.SERVER and allowed:
        raise BadField(
            "origins", "origin_of_server",
            "a server key is for no page: name no site, or make a public key",
        )  # fmt: skip
    if len(allowed) > MOST_ORIGINS:
        raise BadField("origins", "many_origins", f"{MOST_ORIGINS} at most; a whole domain is https://*.example.com")
    if rate is not None and not 1 <= rate <= MOST_RATE:
        raise BadField("rate", "bad_rate", f"write a whole number from 1 to {MOST_RATE:,}, or nothing")
    with connection.transaction():
        id, secret = write_keys.add_key(connection, kind=kind, source=source, origins=allowed, rate=rate)
        audit.record(connection, by=by, did="made a write key", about={"write_key": id}, now=now)
    return Made(id, secret)


def _origin(text: str) -> str:
    origin = normal_origin(text)
    if origin is None or len(origin) > MOST_SOURCE or holds_nul(origin):
        raise BadField(
            "origins", "bad_origin",
            f"{text[:80]}: write it as https://www.example.com, https://*.example.com, or * for any site",
        )  # fmt: skip
    return origin


def revoke_key(connection: Connection[Any], number: int, *, by: str, now: int) -> bool:
    """Whether a key lets nobody in any more that did before; the front door hears of it within seconds."""
    with connection.transaction():
        is_done = write_keys.revoke_key(connection, number)
        if is_done:
            audit.record(connection, by=by, did="revoked a write key", about={"write_key": number}, now=now)
    return is_done


def make_token(
    connection: Connection[Any], *, name: str, scopes: Sequence[Scope], days: int | None, by: str, now: int
) -> Made:
    """A new API token, which runs out after so many days (None: never); raises BadField."""
    name = name.strip()
    if not name or len(name) > MOST_NAME or not name.isprintable():
        message = f"{name[:40]!r}: name the program that will use the token, in 1 to {MOST_NAME} characters"
        raise BadField("name", "no_name", message)
    if not scopes:
        raise BadField("scopes", "no_scope", "say what the token is for: give one scope or more")
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise BadField("days", "bad_days", f"write a whole number of days from 1 to {MOST_DAYS:,}, or nothing")
    expires_at = None if days is None else moment(now) + timedelta(days=days)
    with connection.transaction():
        id, secret = api_tokens.add_token(
            connection, name=name, scopes=list(dict.fromkeys(scopes)), expires_at=expires_at
        )
        audit.record(connection, by=by, did="made an API token", about={"token": id}, now=now)
    return Made(id, secret)


def revoke_token(connection: Connection[Any], number: int, *, by: str, now: int) -> bool:
    """Whether a token lets nobody in any more that did before."""
    with connection.transaction():
        is_done = api_tokens.revoke_token(connection, number)
        if is_done:
            audit.record(connection, by=by, did="revoked an API token", about={"token": number}, now=now)
    return is_done
