"""What the API answered to requests that carried a key of their sender's, for a day: sent again, they change nothing.

An answer stands in the transaction that made it true, so that whoever is killed leaves both or neither. Bodies are
sealed, since some hold a secret that is shown once; a key is kept as a digest, since it may say anything.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

from psycopg import Connection

from couveuse.core.times import DAY_US
from couveuse.store.sealed import Box
from couveuse.store.statements import statement

KEPT_US: Final = DAY_US
LOCK: Final = 0x616E7377
# So many go in one statement of the sweeping.
MOST_SWEPT: Final = 10_000
_TRY, _KEPT, _KEEP, _SWEEP = (statement("answers", name) for name in ("lock", "kept", "keep", "sweep"))


@dataclass(frozen=True, slots=True)
class Asking:
    """A request that is to count once: whose it is, and digests of its key and of all that it says."""

    token_id: int
    key: UUID
    digest: UUID


@dataclass(frozen=True, slots=True)
class Kept:
    """What was answered; `is_same`: to this very request. No body: it is not kept any more."""

    is_same: bool
    status: int
    headers: Mapping[str, str]
    body: bytes | None


def digest_of(*parts: bytes) -> UUID:
    """By what a key, or a request, is known: parts that are told apart."""
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return UUID(bytes=digest.digest())


def begin(connection: Connection[Any], asking: Asking) -> int | None:
    """Nobody else begins a request of that key until the transaction ends; None where somebody has.

    Returns the number of the last erasure, for `keep`.
    """
    row = connection.execute(_TRY, {"token": asking.token_id, "key": asking.key, "seed": LOCK}).fetchone()
    assert row is not None  # a select without a table has one
    is_alone, erased = row
    return int(erased) if is_alone else None


def kept(connection: Connection[Any], box: Box, asking: Asking, now: int) -> Kept | None:
    """What was answered to that key within a day; raises CannotOpen."""
    wanted = {"token": asking.token_id, "key": asking.key, "since": now - KEPT_US}
    row = connection.execute(_KEPT, wanted).fetchone()
    if row is None:
        return None
    digest, status, sealed = row
    if sealed is None or digest != asking.digest:
        return Kept(digest == asking.digest, status, {}, None)
    headers, body = json.loads(box.open(_name(asking), sealed))
    return Kept(True, status, headers, body.encode("utf-8", "surrogatepass"))


def keep(
    connection: Connection[Any], box: Box, asking: Asking, erased: int, status: int, headers: Mapping[str, str],
    body: bytes, now: int,
) -> None:  # fmt: skip
    """Keep an answer, in the transaction that made it true; without its body where an erasure came between."""
    text = json.dumps([dict(headers), body.decode("utf-8", "surrogatepass")])
    connection.execute(
        _KEEP,
        {"token": asking.token_id, "key": asking.key, "digest": asking.digest, "now": now, "status": status,
         "erased": erased, "sealed": box.seal(_name(asking), text)},
    )  # fmt: skip


def sweep(connection: Connection[Any], now: int) -> int:
    """Take away answers that have run out; returns how many, at most `MOST_SWEPT`."""
    return connection.execute(_SWEEP, {"before": now - KEPT_US, "most": MOST_SWEPT}).rowcount


def _name(asking: Asking) -> str:
    return f"answer {asking.token_id} {asking.key}"
