"""Leads: brought in, what came of them, shown, erased."""

from enum import StrEnum
from typing import Annotated

import typer

from couveuse.cli.commands.choices import Encoding, Language, Leads, Map, Memory, OutputFormat, Processes


class DateOrder(StrEnum):
    """What comes first in the dates of a file."""

    ISO = "iso"
    DAY = "day"
    MONTH = "month"


def import_(
    events: Annotated[
        list[str] | None,
        typer.Argument(metavar="EVENTS", help="Files, folders or globs: CSV, NDJSON, Parquet, XLSX; .gz, .zst."),
    ] = None,
    leads: Leads = None,
    basis: Annotated[
        str | None,
        typer.Option(help="On what basis they may be written to: legitimate-interest, consent, contract ... or none."),
    ] = None,
    consent_source: Annotated[
        str | None, typer.Option(help="Where the consent or the addresses come from: 'salon 2026'.")
    ] = None,
    consent_date: Annotated[str | None, typer.Option(help="Since when it holds: 2026-03-01.")] = None,
    purpose: Annotated[
        list[str] | None, typer.Option(help="For what: marketing-email if not said; email-tracking, phone ...")
    ] = None,
    source: Annotated[str, typer.Option(help="The source of facts that name none.")] = "",
    hand_over: Annotated[
        int | None, typer.Option(min=1, help="Hand over so many a day of whom is ripe; nobody if not said.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would come to, and write nothing.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the imports.")] = False,
    undo: Annotated[int | None, typer.Option(help="Take back the import of this number.")] = None,
    rejects: Annotated[
        str | None, typer.Option(help="Write the rejected rows with their reasons here (NDJSON).")
    ] = None,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
    map_: Map = None,
    encoding: Encoding = "utf-8",
    sheet: Annotated[str, typer.Option(help="Of workbooks the sheet to read; the first if not said.")] = "",
    dates: Annotated[
        DateOrder, typer.Option(help="Which comes first in dates: iso (2026-03-31), day (31/03/2026), month.")
    ] = DateOrder.ISO,
    leave_out: Annotated[
        list[str] | None, typer.Option("--leave-out", help="A column that is not read; may be said again.")
    ] = None,
    processes: Processes = 0,
    memory: Memory = "900MB",
) -> None:
    """Bring in a history and leads; who comes so is scored, and handed over to nobody unless that is asked for."""
    from couveuse.cli import importing

    if list_:
        importing.list_imports(format_.value)
    elif undo is not None:
        importing.undo(undo, format_.value)
    else:
        importing.bring(
            importing.Asked(
                events or (), leads or (), basis, consent_source, consent_date, purpose or (), source, map_ or (),
                encoding, rejects, hand_over, dry_run, format_.value, processes, memory, sheet, dates.value,
                leave_out or (),
            )
        )  # fmt: skip


def outcomes(
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV or NDJSON, or - for the standard input.")],
    map_: Annotated[list[str] | None, typer.Option("--map", help="Rename a column: --map crm_id=AccountId.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would come of each row; keep nothing.")] = False,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """Record what came of leads: won or lost, accepted or rejected, by e-mail or the CRM's number."""
    from couveuse.cli import outcomes as recording
    from couveuse.cli.asking import renames

    recording.record(file, renames(map_ or ()), dry_run=dry_run, form=format_.value)


def link(
    lead: Annotated[str, typer.Argument(metavar="LEAD", help="The lead: an e-mail, a user id, or its number.")],
    days: Annotated[int, typer.Option(min=1, max=3_650, help="For how many days the link is valid.")] = 30,
    lang: Annotated[Language | None, typer.Option(help="The page's language; the reader's if not said.")] = None,
) -> None:
    """Print a link to a lead's page, for someone without an account: read-only, signed, valid for a while."""
    from couveuse.cli import links

    links.link(lead, days, None if lang is None else lang.value)


def erase(
    lead: Annotated[str, typer.Argument(metavar="LEAD", help="An e-mail, a user id, a lead's number, or a device.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Erase without asking.")] = False,
) -> None:
    """Erase a person everywhere, for good; backups that are restored later are gone over again."""
    from couveuse.cli import erasing

    erasing.erase(lead, yes)
