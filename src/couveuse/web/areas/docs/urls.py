"""Which address is answered by what: the documentation, as pages."""

from django.urls import path

from couveuse.web.areas.docs import pages

urlpatterns = [
    path("docs", pages.contents, name="docs"),
    path("docs/images/<str:name>", pages.picture, name="docs_image"),
    path("docs/<path:name>", pages.document, name="docs_page"),
]
