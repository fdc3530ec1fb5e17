"""What the menu of every page changes of one's account at once: its language, its theme."""

from typing import Final

from django.http import HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

from couveuse.store.accounts import people
from couveuse.store.accounts.people import Refused
from couveuse.web import database
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect

_HOME: Final = "/"
MOST_ADDRESS: Final = 2000


@page(Permission.OWN_ACCOUNT, methods=("POST",))
def choose(asked: Asked) -> HttpResponse:
    """Keep the language or the theme, and go back to the page; what there is not changes nothing."""
    said, who = asked.request.POST, asked.who
    try:
        with database.writing() as connection:
            people.set_own(
                connection, who.user_id, by=asked.who.by, now=asked.now, name=who.name, timezone=who.timezone,
                language=said.get("language", who.language), theme=said.get("theme", who.theme),
            )  # fmt: skip
    except Refused:
        return redirect(asked, _HOME)
    return redirect(asked, _back(said.get("next", "")))


def _back(address: str) -> str:
    """The page of ours that was open; the first one where there is none, and nobody else's ever."""
    is_ours = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if is_ours and len(address) <= MOST_ADDRESS else _HOME
