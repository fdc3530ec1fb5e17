"""What a lead is here: the scoring model that acts, told in plain words to those who call and those who sell."""

from django.http import HttpResponse

from couveuse.core.times import microseconds
from couveuse.documents.words import tell
from couveuse.engine.live import NothingPublished, model_of
from couveuse.store import rosters, versions
from couveuse.web import database
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import render


@page(Permission.SEE_TODAY)
def show(asked: Asked) -> HttpResponse:
    """The page."""
    with database.reading() as connection:
        version = versions.acting(connection)
        newest = rosters.newest(connection)
    if version is None:
        raise NothingPublished
    return render(
        asked,
        "today/model.html",
        title=asked.say("today_model.title"),
        telling=tell(
            model_of(version.published), asked.language, newest.document().roster if newest is not None else None
        ),
        version=version,
        since=asked.formats.date(microseconds(version.published_at)),
    )
