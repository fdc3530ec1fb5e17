"""What allauth asks of us: who may make an account, who signs in, what is said of it, and how secrets are kept."""

import base64
from functools import cache
from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest

from couveuse.store.accounts.models import User
from couveuse.store.sealed import Box
from couveuse.web import languages
from couveuse.web.areas.accounts import locking

# What allauth has to tell, by its templates; of the rest one sees that it is so.
_TOLD: Final = {
    "mfa/messages/totp_activated.txt": "accounts_done.totp_added",
    "mfa/messages/totp_deactivated.txt": "accounts_done.totp_removed",
    "mfa/messages/webauthn_added.txt": "accounts_done.passkey_added",
    "mfa/messages/webauthn_removed.txt": "accounts_done.passkey_removed",
    "mfa/messages/recovery_codes_generated.txt": "accounts_done.codes_made",
}
_FACTOR: Final = "second factor"


class Accounts(DefaultAccountAdapter):
    """Accounts are made by the first visitor and by invitation, never by whoever comes along."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up here: see `couveuse.web.areas.accounts.joining`."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """From where somebody comes."""
        return locking.address_of(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Who has tried too often is asked no further."""
        if locking.is_locked(request, locking.email_tried(request, credentials)):
            raise self.validation_error("too_many_login_attempts")

    def reauthenticate(self, user: User, password: str) -> bool:
        """Whether somebody who is here gives their password."""
        found = self.authenticate(context.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Who signs in elsewhere, and has no second factor here yet, has nothing to say again that it is them."""
        user = context.request.user
        return bool(user.has_usable_password()) or user.authenticator_set.exists()

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Mails go out by our own queue (`couveuse.engine.account_mail`), and none of allauth's is among them."""

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: Any = None,
    ) -> None:
        """A toast, in our own words."""
        key = _TOLD.get(message_template or "")
        text = languages.words(languages.language_of(request)).say(key) if key else message
        if text:
            messages.add_message(request, level, str(text), extra_tags=extra_tags)


class Elsewhere(DefaultSocialAccountAdapter):
    """Somebody who signs in elsewhere has an account here, by an e-mail verified there; or may get one."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Whoever comes for the first time is who has that e-mail here."""
        email = _verified(sociallogin)
        if sociallogin.is_existing or email is None:
            return
        found = User.objects.filter(email=email).first()
        if found is not None:
            sociallogin.connect(request, found)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Whether an account is made by itself: with an e-mail that was verified, where a role is set for that."""
        email = _verified(sociallogin)
        return bool(settings.OIDC_ROLE) and email is not None and not User.objects.filter(email=email).exists()

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Nothing more is asked of who may have an account."""
        return True

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        """The account that would be made."""
        made: User = sociallogin.user
        email = _verified(sociallogin) or ""
        parts = (data.get("first_name"), data.get("last_name"))
        made.email, made.role = email, settings.OIDC_ROLE
        made.name = (data.get("name") or " ".join(filter(None, parts)) or email)[:200]
        made.language = languages.language_of(request)
        return made


def _verified(sociallogin: Any) -> str | None:
    """The e-mail that was verified elsewhere."""
    found = [each.email for each in sociallogin.email_addresses if each.verified]
    return found[0].strip().lower() if found else None


class Factors(DefaultMFAAdapter):
    """Second factors: their secrets are sealed, so that a dump of the database opens none."""

    def encrypt(self, text: str) -> str:
        """As it is kept."""
        return base64.b64encode(_box().seal(_FACTOR, text)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """As it was; raises CannotOpen where it was sealed under another secret key."""
        return _box().open(_FACTOR, base64.b64decode(encrypted_text))

    def _get_site_name(self) -> str:
        return "Couveuse"

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002  # allauth's own name for it
        """What a passkey is called until somebody calls it otherwise."""
        number = user.authenticator_set.filter(type=type).count() + 1
        return languages.words(languages.language_of(context.request)).say("accounts_factors.key_name", n=number)


@cache
def _box() -> Box:
    return Box(settings.SECRET_KEY)
