"""Forms of allauth's that count what fails."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm

from couveuse.web.areas.accounts import locking


class _Counted:
    """A code that is refused counts as a password that is: a few, and whoever tries has to wait."""

    user: Any

    def clean_code(self) -> str:
        if locking.is_locked(context.request, self.user.email):
            raise get_adapter().validation_error("too_many_login_attempts")
        try:
            return str(super().clean_code())  # type: ignore[misc]  # the form beside it has one
        except Exception:
            locking.count_failure(context.request, self.user.email)
            raise


class Authenticate(_Counted, AuthenticateForm):
    """The second step of signing in."""


class Reauthenticate(_Counted, ReauthenticateForm):
    """The same, of somebody who is here already."""
