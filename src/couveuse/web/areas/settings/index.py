"""The settings by group; who may see a page finds it here."""

from django.http import HttpResponse

from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import render


@page(Permission.MANAGE_TEAM)
def index(asked: Asked) -> HttpResponse:
    """The page."""
    return render(asked, "settings/index.html", title=asked.say("settings_nav.settings"))
