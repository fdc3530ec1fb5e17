"""Django's settings. What a site may choose comes from `couveuse.configuration`; the rest is fixed here."""

from functools import cache

from couveuse import configuration
from couveuse.store import private, secrets


@cache
def _configuration() -> configuration.Configuration:
    return configuration.read()


def elsewhere(found: configuration.Configuration) -> dict[str, object]:
    """Where people may sign in beside here, as allauth wants to know it."""
    if not found.oidc_url:
        return {}
    company = {
        "provider_id": "company",
        "name": found.oidc_name,
        "client_id": found.oidc_client_id,
        "secret": found.oidc_client_secret,
        "settings": {"server_url": found.oidc_url, "oauth_pkce_enabled": True},
    }
    return {"openid_connect": {"APPS": [company]}}


SECRET_KEY = secrets.secret_key(_configuration())
DEBUG = False
ALLOWED_HOSTS = ["*"]  # the front door answers under any name; signed links are made from PUBLIC_URL
ROOT_URLCONF = "couveuse.web.urls"
APPEND_SLASH = False  # an address is right or it is not
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "couveuse.store",
    "couveuse.store.accounts",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "couveuse.web.headers.private",
    "couveuse.web.headers.Compressed",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "couveuse.web.languages.in_language",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "couveuse.web.once.once",
]
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: who tries too often is not asked further
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ("email", "name")}),
        ("MinimumLengthValidator", {"min_length": 10}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
TEMPLATES: list[dict[str, object]] = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [],
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "couveuse.web.rendering.environment",
            "context_processors": ["couveuse.web.rendering.context"],
        },
    },
    # What we have no page of our own for, allauth's mails among it.
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [], "APP_DIRS": True, "OPTIONS": {}},
]
# ---- Who is here ----------------------------------------------------------------------------------------------------
_IS_SECURE = _configuration().url.startswith("https://")
LOGIN_URL = "/account/login/"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_NAME = "couveuse_session"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _IS_SECURE
CSRF_COOKIE_NAME = "couveuse_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _IS_SECURE
CSRF_FAILURE_VIEW = "couveuse.web.pages.refusals.forged"
CSRF_TRUSTED_ORIGINS = [_configuration().url] if _IS_SECURE else []
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _IS_SECURE else None

ACCOUNT_ADAPTER = "couveuse.web.areas.accounts.adapters.Accounts"
SOCIALACCOUNT_ADAPTER = "couveuse.web.areas.accounts.adapters.Elsewhere"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # who is invited got the invitation by that address
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = False  # axes counts failed attempts, in the database: all processes share it
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _IS_SECURE  # on this machine itself a browser trusts http
MFA_TOTP_ISSUER = "Couveuse"
MFA_ADAPTER = "couveuse.web.areas.accounts.adapters.Factors"
MFA_FORMS = {
    "authenticate": "couveuse.web.areas.accounts.forms.Authenticate",
    "reauthenticate": "couveuse.web.areas.accounts.forms.Reauthenticate",
}
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_AUTO_SIGNUP = True  # of whom the adapter lets in
SOCIALACCOUNT_LOGIN_ON_GET = True  # a link: browsers follow no form to another site under form-action 'self'
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
OIDC_ROLE = _configuration().oidc_role
SOCIALACCOUNT_PROVIDERS = elsewhere(_configuration())
USERSESSIONS_TRACK_ACTIVITY = False

AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "couveuse.web.areas.accounts.locking.refuse"
AXES_USERNAME_CALLABLE = "couveuse.web.areas.accounts.locking.email_tried"
AXES_CLIENT_STR_CALLABLE = "couveuse.web.areas.accounts.locking.nameless"
AXES_CLIENT_IP_CALLABLE = "couveuse.web.areas.accounts.locking.address_of"
AXES_SENSITIVE_PARAMETERS = ["login", "password", "password1", "password2", "code", "credential", "csrfmiddlewaretoken"]
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_HTTP_RESPONSE_CODE = 429
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"  # mails leave by our own queue
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGGING_CONFIG = None  # couveuse.logs says what is logged, and how
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000  # the columns of a file that is mapped have two each
FILE_UPLOAD_HANDLERS = [
    "couveuse.web.receiving.Bounded",  # before anything is kept: who may send how much
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
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
