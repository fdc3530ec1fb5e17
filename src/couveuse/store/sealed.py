"""Secrets that the database holds and cannot read: sealed with a key that is derived from the instance's secret key.

A dump of the database, without the secret key, opens nothing. Each is bound to its name: sealed under one it is not
opened under another.
"""

import os
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from psycopg import Connection

from couveuse.errors import CouveuseError
from couveuse.store.statements import statement

_VERSION: Final = b"\x01"
_NONCE: Final = 12
_PUT, _SECRET = statement("endpoints", "put_secret"), statement("endpoints", "secret")
_SECRETS, _REMOVE = statement("endpoints", "secrets"), statement("endpoints", "remove_secret")


class CannotOpen(CouveuseError):
    """A secret was sealed under another secret key: set it again, or bring back the key that was in use."""


class Box:
    """Seals and opens under one secret key."""

    def __init__(self, secret_key: str) -> None:
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"couveuse sealed secrets")
        self._cipher = AESGCM(derived.derive(secret_key.encode()))

    def seal(self, name: str, text: str) -> bytes:
        """A text sealed under a name; twice the same text gives two that nobody can tell to be the same."""
        nonce = os.urandom(_NONCE)
        return _VERSION + nonce + self._cipher.encrypt(nonce, text.encode(), name.encode())

    def open(self, name: str, sealed: bytes) -> str:
        """The text; raises CannotOpen for another key, another name, or bytes that were changed."""
        try:
            if sealed[:1] != _VERSION:
                raise InvalidTag
            nonce = bytes(sealed[1 : 1 + _NONCE])
            return self._cipher.decrypt(nonce, bytes(sealed[1 + _NONCE :]), name.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise CannotOpen(
                f"the secret of {name} was sealed under another secret key: set it again, or bring back the key"
            ) from error


def put_secret(connection: Connection[Any], box: Box, name: str, text: str, *, by: str, now: int) -> None:
    """Keep a channel's secret under a name; a newer one replaces it."""
    connection.execute(_PUT, {"name": name, "sealed": box.seal(_of_channel(name), text), "now": now, "by": by})


def secret(connection: Connection[Any], box: Box, name: str) -> str | None:
    """A channel's secret; None where there is none of that name. Raises CannotOpen."""
    row = connection.execute(_SECRET, [name]).fetchone()
    return None if row is None else box.open(_of_channel(name), row[0])


def names(connection: Connection[Any]) -> list[tuple[str, int, str]]:
    """The names of the secrets that are kept, each with when and by whom it was set."""
    return connection.execute(_SECRETS).fetchall()


def remove_secret(connection: Connection[Any], name: str) -> bool:
    """Forget a secret; False where there was none."""
    return connection.execute(_REMOVE, [name]).fetchone() is not None


def _of_channel(name: str) -> str:
    return f"channel {name}"
