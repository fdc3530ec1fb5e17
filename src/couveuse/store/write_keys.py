"""Write keys: who may send facts, from where, and how many a second. Only digests of keys are stored."""

import json
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

from psycopg import AsyncConnection, Connection

from couveuse.store.statements import statement

_CREATE = statement("write_keys", "create")
_ALL = statement("write_keys", "all")
_REVOKE = statement("write_keys", "revoke")
_USED = statement("write_keys", "used")
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
    used_at: datetime | None = None  # to the minute


def normal_origin(text: str) -> str | None:
    """An origin as it is compared, or None where it is none: scheme, host, and the port unless it is the usual one.

    >>> (
    ...     normal_origin("https://WWW.Example.com:443/"),
    ...     normal_origin("https://*.example.com"),
    ...     normal_origin("example.com"),
    ... )
    ('https://www.example.com', 'https://*.example.com', None)
    """
    if text == "*":
        return text
    try:
        parts = urlsplit(text.strip().lower().rstrip("/"))
        port = parts.port
    except ValueError:
        return None
    if not parts.scheme or not parts.hostname or parts.path or parts.query or parts.fragment or parts.username:
        return None
    is_usual = port is None or (parts.scheme, port) in (("https", 443), ("http", 80))
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" if is_usual else f"{parts.scheme}://{host}:{port}"


def digest_of(key: str) -> bytes:
    """By what a key is known. A key is as long as chance makes it, so a quick digest keeps it."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=32).digest()


def add_key(
    connection: Connection[Any],
    *,
    kind: KeyKind,
    source: str,
    origins: Sequence[str] = (),
    rate: int | None = None,
    key: str | None = None,
) -> tuple[int, str]:
    """Store a key; its number, and the key: this is the only time that it is known.

    `key` gives one that senders have already.
    """
    text = key or _PREFIXES[kind] + secrets.token_urlsafe(24)
    given = {
        "digest": digest_of(text),
        "hint": text[:_HINT],
        "kind": kind.value,
        "source": source,
        "origins": json.dumps(list(origins)),
        "rate": rate,
    }
    row = connection.execute(_CREATE, given).fetchone()
    assert row is not None  # it was inserted
    return int(row[0]), text


def create_key(connection: Connection[Any], *, kind: KeyKind, source: str, **more: Any) -> str:
    """The same, for whoever asks for the key alone."""
    return add_key(connection, kind=kind, source=source, **more)[1]


def load_keys(connection: Connection[Any]) -> list[WriteKey]:
    """Every key, revoked ones too, the oldest first."""
    return _keys(connection.execute(_ALL).fetchall())


async def fetch_keys(connection: AsyncConnection[Any]) -> list[WriteKey]:
    """The same, for the front door."""
    return _keys(await (await connection.execute(_ALL)).fetchall())


def _keys(rows: Iterable[tuple[Any, ...]]) -> list[WriteKey]:
    return [
        WriteKey(number, bytes(digest), hint, KeyKind(kind), source, tuple(origins), rate, *dates)
        for number, digest, hint, kind, source, origins, rate, *dates in rows
    ]


def revoke_key(connection: Connection[Any], number: int) -> bool:
    """Whether a key was revoked that let somebody in before."""
    return connection.execute(_REVOKE, [number]).fetchone() is not None


async def mark_used(connection: AsyncConnection[Any], numbers: Collection[int]) -> None:
    """Say that keys have let something in; what was said within the minute is not written again."""
    await connection.execute(_USED, [list(numbers)])
