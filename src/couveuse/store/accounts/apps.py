"""The Django application of those who sign in."""

from django.apps import AppConfig


class Accounts(AppConfig):
    """People, and invitations."""

    name = "couveuse.store.accounts"
    label = "accounts"
