"""Which address is answered by what: the first five minutes, and files brought in."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
