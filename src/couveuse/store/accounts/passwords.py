"""Passwords: which are good enough, and their digests. Django is ready (`couveuse.store.migrating.setup`)."""

import secrets
from typing import Final

from couveuse.store.accounts.people import Refused

# A digest takes time; a longer password than this only takes more.
MOST: Final = 1_000


def digest_of(password: str, *, email: str, name: str) -> str:
    """The digest of a password; raises Refused where it is too easy to guess, for that person above all."""
    from django.contrib.auth.hashers import make_password
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    from couveuse.store.accounts.models import User

    if len(password) > MOST:
        raise Refused("password", f"the password is too long: give {MOST:,} characters at most", messages=())
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as error:
        raise Refused("password", " ".join(error.messages), messages=tuple(error.messages)) from None
    return str(make_password(password))


def chosen() -> str:
    """A password made by chance, easy to read out."""
    return "-".join(secrets.token_hex(2) for _ in range(4))
