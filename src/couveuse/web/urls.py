"""Which address is answered by what: what all may ask, the API, and the areas of the application."""

from django.urls import include, path

from couveuse.web import assets
from couveuse.web.api.version_1 import api, document
from couveuse.web.languages import AREAS
from couveuse.web.pages import home, inbox, lead, refusals

urlpatterns = [
    path("", home.home, name="home"),
    path("assets/<str:digest>/<str:name>", assets.serve),
    path("l/<str:token>", lead.page),
    path("inbox", inbox.page),
    path("inbox/<str:id>", inbox.page),
    path("inbox/<str:id>/body", inbox.body),
    path("inbox/<str:id>/files/<int:number>", inbox.attached),
    path("api/v1/openapi.json", document),
    path("api/v1/", api.urls),
    *(path("", include(f"couveuse.web.areas.{area}.urls")) for area in AREAS),
]

handler400 = refusals.bad_request
handler403 = refusals.bad_request
handler404 = refusals.not_found
handler500 = refusals.broken
