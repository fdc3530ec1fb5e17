"""What allauth asks of us: who may make an account, and where its mails come from."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Accounts are made by the first visitor and by invitation, never by whoever comes along."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up here: see `couveuse.web.areas.accounts.joining`."""
        return False


class Elsewhere(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Somebody who signs in elsewhere has an account here already."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """As for any account."""
        return False
