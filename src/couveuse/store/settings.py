"""Django's settings. What a site may choose comes from `couveuse.configuration`; the rest is fixed here."""

from functools import cache

from couveuse import configuration
from couveuse.store import private, secrets


@cache
def _configuration() -> configuration.Configuration:
    return configuration.read()


SECRET_KEY = secrets.secret_key(_configuration())
DEBUG = False
ALLOWED_HOSTS = ["*"]  # the front door answers under any name; signed links are made from PUBLIC_URL
ROOT_URLCONF = "couveuse.web.urls"
APPEND_SLASH = False  # an address is right or it is not
INSTALLED_APPS = ["couveuse.store"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "couveuse.web.headers.private",
]
TEMPLATES: list[dict[str, object]] = []
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGGING_CONFIG = None  # couveuse.logs says what is logged, and how
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "no-referrer"  # signed links must not leave with a referrer
X_FRAME_OPTIONS = "DENY"


def database(url: str) -> dict[str, object]:
    """Django's connection: the same database as everyone's, connections kept for a minute."""
    from psycopg.conninfo import conninfo_to_dict

    from couveuse.store.connections import options

    parts = conninfo_to_dict(url)
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    found: dict[str, object] = {django: str(parts.pop(name)) for name, django in named.items() if name in parts}
    kept = {name: value for name, value in options("pages").items() if name != "client_encoding"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**kept, **parts},
        **found,
    }


DATABASES = {"default": database(private.url(_configuration()))}
