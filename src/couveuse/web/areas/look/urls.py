"""Which address is answered by what: the page of all parts."""

from django.urls import path

from couveuse.web.areas.look import parts

urlpatterns = [path("look", parts.parts, name="look")]
