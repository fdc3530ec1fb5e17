"""Which address is answered by what: users, teams, keys, channels, switches and health."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
