"""People who sign in, and invitations of those who are to."""

from enum import StrEnum
from typing import Any, ClassVar, cast

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac


class Role(StrEnum):
    """What somebody may do (`couveuse.web.permissions`)."""

    OWNER = "owner"
    MARKETING = "marketing"
    TELEMARKETING = "telemarketing"
    SALES = "sales"
    READER = "reader"


class Theme(StrEnum):
    """How pages look to a person: as their machine does, light, or dark."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


_ROLES = [(role.value, role.value.capitalize()) for role in Role]
_THEMES = [(theme.value, theme.value.capitalize()) for theme in Theme]


class UserManager(BaseUserManager["User"]):
    """Finds people by e-mail, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """The person of an e-mail; raises User.DoesNotExist."""
        return cast("User", self.get(email=(username or "").strip().lower()))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Somebody new; without a password nobody signs in by one."""
        person: User = self.model(email=email.strip().lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person


class User(AbstractBaseUser):
    """Somebody who signs in."""

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=20, choices=_ROLES)
    member = models.CharField(max_length=100, null=True)  # of the document of the team
    language = models.CharField(max_length=2, default="fr")
    timezone = models.CharField(max_length=64, default="Europe/Paris")
    theme = models.CharField(max_length=5, choices=_THEMES, default=Theme.AUTO)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(db_default=Now())
    session_generation = models.PositiveIntegerField(default=0)  # counted up, it ends all sessions of before
    seen_today_at = models.BigIntegerField(null=True)  # microseconds: up to when they have read what changed

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        db_table = "users"

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must have been begun with: it ends with the password, and where all are revoked."""
        value = f"{self.password}\n{self.session_generation}"
        made = salted_hmac("couveuse.store.accounts.session", value, secret=secret, algorithm="sha256")
        return str(made.hexdigest())

    def get_full_name(self) -> str:
        """How the person is called."""
        return str(self.name)

    def get_short_name(self) -> str:
        """The same, as Django asks for it."""
        return str(self.name)


class Invitation(models.Model):
    """Lets one person make an account of one role, once; only the digest of its secret is kept."""

    digest = models.BinaryField(unique=True)
    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=200, default="")
    role = models.CharField(max_length=20, choices=_ROLES)
    member = models.CharField(max_length=100, null=True)
    language = models.CharField(max_length=2, default="fr")
    invited_by = models.CharField(max_length=254)
    made_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "invitations"
