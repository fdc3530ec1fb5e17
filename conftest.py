"""Modules of Django's are collected with all others, for their doctests: Django is made ready first, on no database."""

import os

import pytest


def pytest_configure() -> None:
    """Settings are read once; what they ask for is given for that moment, so that no test finds it."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "couveuse.store.settings")
    with pytest.MonkeyPatch.context() as moment:
        if "COUVEUSE_DATA" not in os.environ:
            moment.setenv("COUVEUSE_SECRET_KEY", "of a run of tests, and of nothing else")
        django.setup()
