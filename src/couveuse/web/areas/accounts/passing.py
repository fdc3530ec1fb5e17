"""Pages that allauth answers, in our templates: who may see each is said here, as for all others."""

from collections.abc import Callable
from typing import Any

import requests
import structlog
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from couveuse.store.sealed import CannotOpen
from couveuse.web.areas.accounts.forms import other_key
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission

_log = structlog.get_logger("couveuse.accounts")

View = Callable[..., HttpResponse]


def passed(view: Callable[..., Any], permission: Permission | None = None) -> View:
    """A view of allauth's for whoever may; without a permission for nobody in particular."""

    @page(permission, methods=("GET", "POST"))
    def answered(asked: Asked, **named: Any) -> HttpResponse:
        try:
            answer: HttpResponse = view(asked.request, **named)
        except CannotOpen:
            messages.error(asked.request, other_key(asked.request))
            return HttpResponseRedirect("/settings/me" if asked.who.is_somebody else "/account/login/")
        return answer

    return answered


def own(view: Callable[..., Any]) -> View:
    """The same, of one's own account."""
    return passed(view, Permission.OWN_ACCOUNT)


def elsewhere(view: Callable[..., Any]) -> View:
    """A view that asks another site: one that is away, or does not answer as it should, is told."""

    def tried(request: Any, **named: Any) -> Any:
        try:
            return view(request, **named)
        except (requests.RequestException, ValueError, KeyError) as error:
            _log.warning("sign-in elsewhere failed", error=type(error).__name__)
            return HttpResponseRedirect(reverse("socialaccount_login_error"))

    return passed(tried)
