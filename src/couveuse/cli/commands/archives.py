"""Closed months as Parquet."""

from typing import Annotated

import typer

from couveuse.cli.commands.choices import OutputFormat, Processes

app = typer.Typer(help="Write closed months to Parquet, and drop them here.", no_args_is_help=True)


Months = Annotated[list[str], typer.Argument(metavar="MONTH", help="Months, as 2026-01.")]


@app.command("status")
def archive_status(
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List the months: how many facts are here, what is archived, and what was dropped."""
    from couveuse.cli import archives

    archives.status(format_.value)


@app.command("run")
def archive_run(
    month: Annotated[
        list[str] | None, typer.Option(help="Only this month, as 2026-01; may be said again. All that closed if not.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say which months, and write nothing.")] = False,
    processes: Processes = 0,
) -> None:
    """Write closed months to the archive, those anew that have changed since; nothing is dropped by it."""
    from couveuse.cli import archives

    archives.run(month or (), dry_run=dry_run, processes=processes)


@app.command("drop")
def archive_drop(months: Months) -> None:
    """Drop months here: they are archived as they are first, and read from the archive from then on."""
    from couveuse.cli import archives

    archives.drop(months)


@app.command("verify")
def archive_verify(
    months: Annotated[
        list[str] | None, typer.Argument(metavar="MONTH", help="Months, as 2026-01; all if none is named.")
    ] = None,
) -> None:
    """Read the archive to its end where it stands now; exit code 1 if a file is not what was written."""
    from couveuse.cli import archives

    archives.verify(months or ())
