"""The OpenAPI document, written from the API itself: `python -m couveuse.web.api.reference`."""

import os
import sys
import tempfile


def written() -> str:
    """The document; no database is asked."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "couveuse.store.settings")
    django.setup()
    from couveuse.web.api.version_1 import written

    return written()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:  # Django asks for a secret key, which nothing here needs
        os.environ.setdefault("COUVEUSE_DATA", folder)
        sys.stdout.write(written())
