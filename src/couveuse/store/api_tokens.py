"""API tokens: which program may ask the API for what, until when. Only digests of tokens are stored."""

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final

from psycopg import Connection

from couveuse.store.statements import statement

_CREATE = statement("api_tokens", "create")
_ALL = statement("api_tokens", "all")
_FIND = statement("api_tokens", "find")
_REVOKE = statement("api_tokens", "revoke")
_USED = statement("api_tokens", "used")

PREFIX: Final = "cvt_"
# So much of a token is shown in lists, to tell it from others.
_HINT = 8
# That a token was used is written no more often than this.
USED_EVERY: Final = timedelta(minutes=1)
MOST_NAME: Final = 200


class Scope(StrEnum):
    """What a token may be for."""

    LEADS_READ = "leads:read"
    LEADS_WRITE = "leads:write"
    LEADS_EXPORT = "leads:export"
    FACTS_READ = "facts:read"
    TEAM_READ = "team:read"
    TEAM_WRITE = "team:write"
    TASKS_READ = "tasks:read"
    TASKS_WRITE = "tasks:write"
    OUTCOMES_WRITE = "outcomes:write"
    ALERTS_READ = "alerts:read"
    ALERTS_WRITE = "alerts:write"
    MODELS_WRITE = "models:write"
    IMPORTS_READ = "imports:read"
    IMPORTS_WRITE = "imports:write"
    OUTGOING_READ = "outgoing:read"
    OUTGOING_WRITE = "outgoing:write"
    LEADS_ERASE = "leads:erase"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    INSTANCE_READ = "instance:read"


# What each scope lets a program do, for lists and for the API's own document.
MEANINGS: dict[Scope, str] = {
    Scope.LEADS_READ: "read leads, their scores and ledgers, and the published models",
    Scope.LEADS_WRITE: "add, edit and merge leads, write notes, give points, judge hits, hold leads, sign links",
    Scope.LEADS_EXPORT: "take leads out as files, all at once",
    Scope.FACTS_READ: "read facts with their properties, and what was rejected",
    Scope.TEAM_READ: "read who is on the team, and who is away",
    Scope.TEAM_WRITE: "apply the team's document, write absences down",
    Scope.TASKS_READ: "read tasks, their queues, and which outcomes there are",
    Scope.TASKS_WRITE: "take tasks, give them to somebody, say what came of them",
    Scope.OUTCOMES_WRITE: "record what a CRM says came of leads",
    Scope.ALERTS_READ: "read alerts and where they went",
    Scope.ALERTS_WRITE: "acknowledge alerts",
    Scope.MODELS_WRITE: "set models on their way, publish them, give them up, restore older ones",
    Scope.IMPORTS_READ: "read imports and how uploaded files stand",
    Scope.IMPORTS_WRITE: "import files, take imports back",
    Scope.OUTGOING_READ: "read what goes out, how it stands, and to which endpoints",
    Scope.OUTGOING_WRITE: "stop all that goes out, rehearse, send on what was given up, manage endpoints",
    Scope.LEADS_ERASE: "erase persons, everywhere and for ever",
    Scope.KEYS_READ: "read which write keys and tokens there are, without the keys",
    Scope.KEYS_WRITE: "make and revoke write keys, and tokens for no more than its own scopes",
    Scope.USERS_READ: "read who signs in, and who is invited",
    Scope.USERS_WRITE: "invite people, and change accounts, but those of owners",
    Scope.INSTANCE_READ: "read how the instance is, and what was done by hand",
}


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token, as far as it is known."""

    id: int
    hint: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None

    def standing(self, now: datetime) -> str:
        """Whether it lets in: active, expired or revoked."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"


def digest_of(token: str) -> bytes:
    """By what a token is known. A token is as long as chance makes it, so a quick digest keeps it."""
    return blake2b(token.encode("utf-8", "surrogatepass"), digest_size=32).digest()


def add_token(
    connection: Connection[Any], *, name: str, scopes: Sequence[Scope], expires_at: datetime | None = None
) -> tuple[int, str]:
    """Store a token; its number, and the token: this is the only time that it is known."""
    text = PREFIX + secrets.token_urlsafe(32)
    given = {
        "digest": digest_of(text),
        "hint": text[:_HINT],
        "name": name,
        "scopes": json.dumps([scope.value for scope in scopes]),
        "expires_at": expires_at,
    }
    row = connection.execute(_CREATE, given).fetchone()
    assert row is not None  # it was inserted
    return int(row[0]), text


def create_token(
    connection: Connection[Any], *, name: str, scopes: Sequence[Scope], expires_at: datetime | None = None
) -> str:
    """The same, for whoever asks for the token alone."""
    return add_token(connection, name=name, scopes=scopes, expires_at=expires_at)[1]


def load_tokens(connection: Connection[Any]) -> list[ApiToken]:
    """Every token, revoked and expired ones too, the oldest first."""
    return _tokens(connection.execute(_ALL).fetchall())


def find_token(connection: Connection[Any], text: str) -> ApiToken | None:
    """The token that a program shows, whether it still lets in or not."""
    found = _tokens(connection.execute(_FIND, [digest_of(text)]).fetchall())
    return found[0] if found else None


def revoke_token(connection: Connection[Any], number: int) -> bool:
    """Whether a token was revoked that let somebody in before."""
    return connection.execute(_REVOKE, [number]).fetchone() is not None


def mark_used(connection: Connection[Any], token: ApiToken, now: datetime) -> bool:
    """Say that a token was used, where that was not said for a minute; returns whether there was anything to write."""
    if token.used_at is not None and token.used_at > now - USED_EVERY:
        return False
    connection.execute(_USED, {"id": token.id, "now": now, "before": now - USED_EVERY})
    return True


def _tokens(rows: Iterable[tuple[Any, ...]]) -> list[ApiToken]:
    return [ApiToken(number, hint, name, tuple(scopes), *rest) for number, hint, name, scopes, *rest in rows]
