"""The one Django application."""

from django.apps import AppConfig


class Store(AppConfig):
    """Holds every table."""

    name = "couveuse.store"
    label = "store"
