"""An instance as a whole: brought up to date, saved, restored, examined."""

from enum import StrEnum
from typing import Annotated

import typer

from couveuse.cli.commands.choices import OutputFormat


class ProcessKind(StrEnum):
    """What a process of ours calls itself."""

    WEB = "web"
    ENGINE = "engine"
    DELIVERER = "deliverer"
    WORKSHOP = "workshop"


def migrate(
    publish_first: Annotated[
        bool, typer.Option("--publish-first", help="Publish a first model, too, where none was published yet.")
    ] = False,
) -> None:
    """Bring the database to this version; safe to run twice, and at once from two machines."""
    from couveuse.cli import serving

    serving.migrate(publish_first)


def upgrade(
    no_backup: Annotated[bool, typer.Option("--no-backup", help="Make no backup first: there is one.")] = False,
) -> None:
    """Bring an instance to this version: looked at, saved, changed, looked at again; stop everything else first."""
    from couveuse.cli import upgrading

    upgrading.upgrade(with_backup=not no_backup)


def backup(
    to: Annotated[str | None, typer.Option(help="A folder for it; COUVEUSE_BACKUPS if not said.")] = None,
) -> None:
    """Make a backup, while everything runs: the database as of one instant, and the key that signs links."""
    from couveuse.cli import backups as saving

    saving.backup(to)


def backups(
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List the backups that there are, the newest first, and the last ones that failed."""
    from couveuse.cli import backups as saving

    saving.list_all(format_.value)


def restore(
    place: Annotated[str, typer.Argument(metavar="BACKUP", help="The backup's folder, as couveuse backups lists it.")],
    database_url: Annotated[
        str | None, typer.Option(help="Into this database, without a password here; the configured one if not said.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Replace what stands in the database, unasked.")] = False,
) -> None:
    """Restore a backup: whole or not at all; who was erased since is erased again, and nothing goes out by itself."""
    from couveuse.cli import backups as saving

    saving.restore(place, database_url, yes)


def doctor(
    settings: Annotated[bool, typer.Option("--settings", help="List all settings with their values instead.")] = False,
    alive: Annotated[
        ProcessKind | None, typer.Option(help="Only whether such a process gives signs of life on this machine.")
    ] = None,
) -> None:
    """Look for what may be wrong, each thing with its cure; exit code 1 where there is something."""
    if settings:
        from couveuse.cli import settings as listing

        listing.show()
        return
    from couveuse.cli import doctoring

    if alive is not None:
        doctoring.look_for(alive.value)
    else:
        doctoring.examine()
