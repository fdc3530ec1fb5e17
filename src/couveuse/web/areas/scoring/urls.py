"""Which address is answered by what: the points table: its lines, bands and versions, publishing and going back."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
