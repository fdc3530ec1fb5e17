"""The database of a command: the one that is configured, or the private one, with its tables."""

from collections.abc import Iterator
from contextlib import contextmanager

from couveuse import configuration
from couveuse.cli import note
from couveuse.engine.publishing import publish_first
from couveuse.errors import BadInput
from couveuse.store import connections, migrating, private


@contextmanager
def database() -> Iterator[str]:
    """The URL of the database; a private one is started if it is not running, and ready at its first use."""
    found = configuration.read()
    with private.attach_or_start(found, note) as url:
        with connections.connect(url, "command") as connection:
            is_new = connection.execute("select to_regclass('imports') is null").fetchone() == (True,)
        if is_new:
            if not found.is_private:
                raise BadInput("the database has no tables of ours yet: run couveuse migrate")
            migrating.migrate(url, note)
            publish_first(url, found)
        migrating.refuse_newer_at(url)
        yield url
