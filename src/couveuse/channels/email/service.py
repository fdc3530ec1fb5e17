"""Mail by a service that django-anymail knows: anymail://postmark?server_token=...

Options are those that django-anymail documents for the service, in lower case and without its name.
"""

from email.message import EmailMessage
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from couveuse.channels import Delivered, Failed, Outcome, Refused, Unknown
from couveuse.channels.email.rendering import Rendered
from couveuse.errors import BadInput
from couveuse.language.plain import in_a_line

SECONDS: Final = 20
# What a service answers where the fault is ours or its own, and not the mail's.
_FOR_NOW: Final = frozenset((401, 402, 403, 408, 425, 429))
# A gateway does not know what became of what it passed on.
_NOBODY_KNOWS: Final = frozenset((502, 504))

# What django-anymail calls an address that a service takes nothing for.
_REFUSED: Final = frozenset(("invalid", "rejected", "failed"))


class Service:
    """A session with a service; one thread's."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        name = parts.hostname or ""
        if not name.replace("_", "").isalnum() or find_spec(f"anymail.backends.{name}") is None:
            raise BadInput(f"COUVEUSE_MAIL_URL: django-anymail knows no service {name!r}; see its list of services")
        self._path = f"anymail.backends.{name}.EmailBackend"
        self._options: dict[str, Any] = {"requests_timeout": SECONDS, **dict(parse_qsl(parts.query))}
        self._backend: Any = None

    def send(self, rendered: Rendered, made: EmailMessage) -> Outcome:
        """Hand in one mail."""
        from anymail import exceptions
        from django.core.exceptions import ImproperlyConfigured

        try:
            mail = _as_django_has_it(rendered, made)
            self._connected().send_messages([mail])
        except (ImproperlyConfigured, TypeError) as error:
            return Failed(f"COUVEUSE_MAIL_URL: the service cannot be used: {in_a_line(str(error), 120)}")
        except exceptions.AnymailRecipientsRefused:
            return Refused("the mail service refuses the address")
        except exceptions.AnymailAPIError as error:
            return _failure(error)
        except exceptions.AnymailError as error:
            return Refused(f"the mail service cannot send this: {type(error).__name__}")
        return Delivered(
            in_a_line(str((getattr(mail, "anymail_status", None) and mail.anymail_status.message_id) or ""), 200)
        )

    def close(self) -> None:
        """End the session."""
        backend, self._backend = self._backend, None
        if backend is not None:
            backend.close()

    def _connected(self) -> Any:
        if self._backend is None:
            from django.core.mail import get_connection

            backend = get_connection(self._path, **self._options)
            backend.open()
            self._backend = backend
        return self._backend


def _as_django_has_it(rendered: Rendered, made: EmailMessage) -> Any:
    """The same mail for django-anymail; services take an invitation as a file only."""
    from django.core.mail import EmailMultiAlternatives

    kept = ("Message-ID", "In-Reply-To", "References", "Auto-Submitted", "X-Auto-Response-Suppress")
    headers = {name: str(made[name]) for name in kept if made[name]}
    mail = EmailMultiAlternatives(
        str(made["Subject"]), rendered.text, str(made["From"]), [str(made["To"])], headers=headers
    )
    mail.attach_alternative(rendered.html, "text/html")
    if rendered.invitation:
        mail.attach("invite.ics", rendered.invitation, f"text/calendar; method={rendered.method}")
    return mail


def _failure(error: Any) -> Outcome:
    """What an error of the service's API means: none was taken, or nobody knows."""
    import requests

    status = error.status_code
    if status is None:
        if isinstance(error, requests.ConnectTimeout) or _was_never_connected(error):
            return Failed("the mail service cannot be reached")
        return Unknown("the mail service did not answer")
    said = f"the mail service answers {status}"
    if 200 <= status < 300 or status in _NOBODY_KNOWS:
        return Unknown(said)
    if status in _FOR_NOW or status >= 500:
        return Failed(said, _seconds(error.response.headers.get("Retry-After", "")))
    return Refused(said)


def _was_never_connected(error: BaseException) -> bool:
    """Whether no line was had at all, so that nothing can have left."""
    from urllib3.exceptions import NewConnectionError

    seen: list[BaseException] = []
    waiting: list[object] = [error, *error.args, error.__cause__]
    while waiting:
        each = waiting.pop()
        if isinstance(each, BaseException) and each not in seen:
            seen.append(each)
            waiting += [*each.args, each.__cause__, getattr(each, "reason", None)]
    return any(isinstance(each, NewConnectionError) for each in seen)


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 7 else None
