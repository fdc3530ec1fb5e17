"""Which address is answered by what."""

from django.urls import path

from couveuse.web.api.version_1 import api, document
from couveuse.web.pages import home, inbox, lead, refusals

urlpatterns = [
    path("", home.page),
    path("l/<str:token>", lead.page),
    path("inbox", inbox.page),
    path("inbox/<str:id>", inbox.page),
    path("inbox/<str:id>/body", inbox.body),
    path("inbox/<str:id>/files/<int:number>", inbox.attached),
    path("api/v1/openapi.json", document),
    path("api/v1/", api.urls),
]

handler400 = refusals.bad_request
handler403 = refusals.bad_request
handler404 = refusals.not_found
handler500 = refusals.broken
