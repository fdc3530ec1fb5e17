"""Pages that allauth answers, in our templates: who may see each is said here, as for all others."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse

from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission

View = Callable[..., HttpResponse]


def passed(view: Callable[..., Any], permission: Permission | None = None) -> View:
    """A view of allauth's for whoever may; without a permission for nobody in particular."""

    @page(permission, methods=("GET", "POST"))
    def answered(asked: Asked, **named: Any) -> HttpResponse:
        answer: HttpResponse = view(asked.request, **named)
        return answer

    return answered


def own(view: Callable[..., Any]) -> View:
    """The same, of one's own account."""
    return passed(view, Permission.OWN_ACCOUNT)
