"""Who signed in, out, and in vain, and whose second factors changed, in the audit: it is asked of signals."""

import time
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import connection
from django.dispatch import receiver

from couveuse.store import audit
from couveuse.store.accounts.models import User

NOBODY = "sign-in"


def record(user: Any, did: str, **about: object) -> None:
    """Write down what somebody did, on the connection by which allauth does it."""
    connection.ensure_connection()
    now = time.time_ns() // 1000
    audit.record(connection.connection, by=user.email, did=did, about={"user": user.pk, **about}, now=now)


@receiver(user_logged_in)
def _signed_in(user: Any, **_: object) -> None:
    record(user, "signed in")


@receiver(user_logged_out)
def _signed_out(user: Any, **_: object) -> None:
    if user is not None:
        record(user, "signed out")


@receiver(user_locked_out)
def _locked(username: str | None = None, **_: object) -> None:
    """Whose account was tried is said where it is somebody's; a stranger's word is not kept."""
    found = User.objects.filter(email=username or "").first()
    if found is not None:
        record(found, "sign-in locked")


@receiver(authenticator_added, sender=Authenticator)
def _added(user: Any, authenticator: Authenticator, **_: object) -> None:
    record(user, "second factor added", kind=authenticator.type)


@receiver(authenticator_removed, sender=Authenticator)
def _removed(user: Any, authenticator: Authenticator, **_: object) -> None:
    record(user, "second factor removed", kind=authenticator.type)


@receiver(authenticator_reset, sender=Authenticator)
def _reset(user: Any, authenticator: Authenticator, **_: object) -> None:
    record(user, "recovery codes made anew")
