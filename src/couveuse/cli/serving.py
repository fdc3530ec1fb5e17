"""`couveuse web`, `engine`, `deliver`, `migrate`: the parts of the product, each by itself."""

import sys

import structlog

from couveuse import configuration, logs
from couveuse.cli import note
from couveuse.store import migrating
from couveuse.store.private import attach_or_start


def web(part: str) -> None:
    """Serve the front door, the pages or both until told to stop."""
    from couveuse.serve.dispatching import Part
    from couveuse.serve.running import run

    settings = configuration.read()
    logs.set_up("web", settings)
    with attach_or_start(settings, note) as url:
        migrating.refuse_newer_at(url)
        run(settings, Part(part))
        migrating.refuse_newer_at(url)  # where that is why it stopped


def engine() -> None:
    """Fold what the front door has taken, until told to stop."""
    from couveuse.engine.running import run

    settings = configuration.read()
    logs.set_up("engine", settings)
    with attach_or_start(settings, note) as url:
        run(settings, url)


def deliver() -> None:
    """Make tasks of what is handed over, and send what goes out, until told to stop."""
    from couveuse.engine.delivery_process import run

    settings = configuration.read()
    logs.set_up("deliverer", settings)
    with attach_or_start(settings, note) as url:
        run(settings, url)


def migrate(publish_first: bool) -> None:
    """Bring the database to this version; publish a first model where a new instance is to score at once."""
    settings = configuration.read()
    logs.set_up("migrate", settings)
    say = note if sys.stderr.isatty() else structlog.get_logger("couveuse.migrate").info
    with attach_or_start(settings, say) as url:
        applied = migrating.migrate(url, say)
        say(f"{len(applied)} migrations applied." if applied else "The database is at this version.")
        if publish_first:
            from couveuse.engine.publishing import FIRST
            from couveuse.engine.publishing import publish_first as publish

            if publish(url, settings):
                say(f"Published the model {FIRST}, to begin with.")
