"""Write keys: who may send facts, from where, and how many a second. Only digests of keys are stored."""

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from psycopg import AsyncConnection, Connection

from couveuse.store.statements import statement

_CREATE = statement("write_keys", "create")
_ALL = statement("write_keys", "all")
_REVOKE = statement("write_keys", "revoke")
# So much of a key is shown in lists, to tell it from others.
_HINT = 8


class KeyKind(StrEnum):
    """Where a key may be seen: in any browser, or on our servers only."""

    PUBLIC = "public"
    SERVER = "server"


_PREFIXES = {KeyKind.PUBLIC: "cvp_", KeyKind.SERVER: "cvs_"}


@dataclass(frozen=True, slots=True)
class WriteKey:
    """A key, as far as it is known: its digest, what it lets in, under the name of which source."""

    id: int
    digest: bytes
    hint: str
    kind: KeyKind
    source: str
    origins: tuple[str, ...]
    rate: int | None  # events a second; None: as many as come
    created_at: datetime
    revoked_at: datetime | None


def digest_of(key: str) -> bytes:
    """By what a key is known. A key is as long as chance makes it, so a quick digest keeps it."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=32).digest()


def create_key(
    connection: Connection[Any],
    *,
    kind: KeyKind,
    source: str,
    origins: Sequence[str] = (),
    rate: int | None = None,
    key: str | None = None,
) -> str:
    """Store a key and return it: this is the only time that it is known. `key` gives one that senders have already."""
    text = key or _PREFIXES[kind] + secrets.token_urlsafe(24)
    given = {
        "digest": digest_of(text),
        "hint": text[:_HINT],
        "kind": kind.value,
        "source": source,
        "origins": json.dumps(list(origins)),
        "rate": rate,
    }
    connection.execute(_CREATE, given)
    return text


def load_keys(connection: Connection[Any]) -> list[WriteKey]:
    """Every key, revoked ones too, the oldest first."""
    return _keys(connection.execute(_ALL).fetchall())


async def fetch_keys(connection: AsyncConnection[Any]) -> list[WriteKey]:
    """The same, for the front door."""
    return _keys(await (await connection.execute(_ALL)).fetchall())


def _keys(rows: Iterable[tuple[Any, ...]]) -> list[WriteKey]:
    return [
        WriteKey(number, bytes(digest), hint, KeyKind(kind), source, tuple(origins), rate, created_at, revoked_at)
        for number, digest, hint, kind, source, origins, rate, created_at, revoked_at in rows
    ]


def revoke_key(connection: Connection[Any], number: int) -> bool:
    """Whether a key was revoked that let somebody in before."""
    return connection.execute(_REVOKE, [number]).fetchone() is not None
