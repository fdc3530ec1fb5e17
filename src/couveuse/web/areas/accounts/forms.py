"""Forms of allauth's that count what fails, and take each code of an authenticator once."""

import hashlib
import time
from typing import Any, Final

from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from couveuse.store.sealed import CannotOpen
from couveuse.web import languages
from couveuse.web.areas.accounts import locking

# A code is good for half a minute, and for as long before and after.
GOOD_SECONDS: Final = 90


def other_key(request: HttpRequest) -> str:
    """What is said where second factors were sealed under another secret key."""
    return languages.words(languages.language_of(request)).say("accounts_factors.other_key")


class _Counted:
    """A code that is refused counts as a password that is: a few, and whoever tries has to wait."""

    user: Any
    authenticator: Any

    def clean_code(self) -> str:
        if locking.is_locked(context.request, self.user.email):
            raise get_adapter().validation_error("too_many_login_attempts")
        try:
            code = str(super().clean_code())  # type: ignore[misc]  # the form beside it has one
            if self.authenticator.type == Authenticator.Type.TOTP and not spend(self.authenticator.pk, code):
                raise get_adapter().validation_error("incorrect_code")
        except CannotOpen:
            raise ValidationError(other_key(context.request)) from None
        except ValidationError:
            locking.count_failure(context.request, self.user.email)
            raise
        return code


def spend(number: int, code: str) -> bool:
    """Whether a code of an authenticator was not used before; it is from now on, whichever process is asked."""
    digest, now = hashlib.sha256(code.strip().encode()).hexdigest(), int(time.time())
    with transaction.atomic():
        found = Authenticator.objects.select_for_update().get(pk=number)
        used = {each: until for each, until in found.data.get("used", {}).items() if until > now}
        if digest in used:
            return False
        found.data["used"] = {**used, digest: now + GOOD_SECONDS}
        found.save(update_fields=["data"])
    return True


class Authenticate(_Counted, AuthenticateForm):
    """The second step of signing in."""


class Reauthenticate(_Counted, ReauthenticateForm):
    """The same, of somebody who is here already."""
