"""Which address is answered by what: leads in lists, one lead, one company."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
