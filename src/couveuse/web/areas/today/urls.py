"""Which address is answered by what: what changed since yesterday, by role; and what a lead is here."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
