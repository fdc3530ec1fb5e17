"""Who has tried too often has to wait: failed attempts are counted in the database, so that all processes share them.

An e-mail from one address may fail a few times (axes counts that); an address may fail with many e-mails, and an e-mail
from many addresses, somewhat more often. Codes of authenticators count as passwords do.
"""

from datetime import timedelta
from ipaddress import ip_address
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse

from couveuse.core.text import email as email_of
from couveuse.web.pages import refusals

# Within the time that axes locks for, so many attempts of one address, or for one e-mail, may fail.
MOST_OF_ADDRESS: Final = 40
MOST_OF_EMAIL: Final = 40
WAIT_SECONDS: Final = 900
MOST_KEPT: Final = 254


def refuse(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """429: wait."""
    answer = refusals.locked(request)
    answer.headers["Retry-After"] = str(WAIT_SECONDS)
    return answer


def email_tried(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """Whose account is tried, whatever the case of the e-mail; of an attempt without one, nobody's."""
    given = credentials or {}
    found = given.get("email") or given.get("login") or request.POST.get("login") or ""
    return email_of(str(found))[:MOST_KEPT].replace("\x00", "")


def address_of(request: HttpRequest) -> str:
    """From where a request comes: behind a proxy (an https address of ours) what that proxy says last."""
    if settings.SESSION_COOKIE_SECURE:
        said = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        try:
            return str(ip_address(said))
        except ValueError:
            pass
    return str(request.META.get("REMOTE_ADDR") or "127.0.0.1")


def nameless(*_: object) -> str:
    """How an attempt is called in the log, which holds nothing personal."""
    return "somebody"


def is_locked(request: HttpRequest, email: str) -> bool:
    """Whether an attempt has to wait; if so, the request is answered by `refuse` whatever else is made of it."""
    from axes.handlers.proxy import AxesProxyHandler

    if AxesProxyHandler.is_locked(request, {"email": email}) or _is_flooded(address_of(request), email):
        request.axes_locked_out = True  # what axes' middleware asks for
        return True
    return False


def _is_flooded(address: str, email: str) -> bool:
    from axes.models import AccessAttempt
    from django.db.models import Q, Sum
    from django.utils.timezone import now

    since = now() - timedelta(seconds=WAIT_SECONDS)
    recent = AccessAttempt.objects.filter(attempt_time__gte=since)
    found = recent.aggregate(
        of_address=Sum("failures_since_start", filter=Q(ip_address=address)),
        of_email=Sum("failures_since_start", filter=Q(username=email)),
    )
    return (found["of_address"] or 0) >= MOST_OF_ADDRESS or (found["of_email"] or 0) >= MOST_OF_EMAIL


def count_failure(request: HttpRequest, email: str) -> None:
    """An attempt has failed that was not made with a password: with a code, or for a link."""
    user_login_failed.send(sender=__name__, credentials={"email": email}, request=request)
