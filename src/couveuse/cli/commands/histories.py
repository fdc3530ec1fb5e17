"""Commands on files: nothing is recorded."""

from typing import Annotated

import typer

from couveuse.cli.commands.choices import (
    At,
    Encoding,
    Events,
    KnownAt,
    Language,
    Leads,
    Map,
    Master,
    Memory,
    ModelOption,
    OutputFormat,
    Processes,
)


def score(
    events: Events,
    model: ModelOption,
    leads: Leads = None,
    at: At = None,
    known_at: KnownAt = None,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
    out: Annotated[
        str | None, typer.Option(help="Write the scores here (.ndjson, .csv, .parquet) and print none.")
    ] = None,
    html: Annotated[str | None, typer.Option(help="Write the report for people here.")] = None,
    ledger: Annotated[str | None, typer.Option(help="Write every line of every lead here.")] = None,
    states: Annotated[str | None, typer.Option(help="Write the states from which live folding goes on here.")] = None,
    rejects: Annotated[
        str | None, typer.Option(help="Write the rejected rows with their reasons here (NDJSON).")
    ] = None,
    top: Annotated[int | None, typer.Option(min=1, help="Only so many leads, the best ones.")] = None,
    visitors: Annotated[bool, typer.Option("--visitors", help="Score devices of whom no more is known, too.")] = False,
    rates: Annotated[
        bool, typer.Option("--rates", help="Print each band's conversion rate from this history.")
    ] = False,
    won: Annotated[str | None, typer.Option(help="The leads' column that says who converted.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first rejected row.")] = False,
    lang: Annotated[Language, typer.Option(help="The report's language.")] = Language.EN,
    map_: Map = None,
    encoding: Encoding = "utf-8",
    processes: Processes = 0,
    memory: Memory = "900MB",
    on: Master = None,
) -> None:
    """Score a history: who is ripe, how ripe, and where to send them."""
    from couveuse.cli import scoring
    from couveuse.cli.asking import Asked

    asked = Asked(events, model, leads, at, known_at, map_, encoding, visitors, processes, memory, on)
    wanted = scoring.Wanted(
        format=format_.value, out=out, html=html, ledger=ledger, states=states, rejects=rejects, top=top,
        rates=rates, won=won, strict=strict, language=lang.value,
    )  # fmt: skip
    scoring.score(asked, wanted)


def explain(
    events: Events,
    model: ModelOption,
    lead: Annotated[str, typer.Option(help="The lead: an e-mail, a user id, or a device.")],
    leads: Leads = None,
    at: At = None,
    known_at: KnownAt = None,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
    lang: Annotated[Language, typer.Option(help="The language of labels.")] = Language.EN,
    map_: Map = None,
    encoding: Encoding = "utf-8",
    memory: Memory = "900MB",
) -> None:
    """Explain a score: the ledger, line by line, and its sum."""
    from couveuse.cli import explaining
    from couveuse.cli.asking import Asked

    asked = Asked(events, model, leads, at, known_at, map_, encoding, True, 1, memory, None)
    explaining.explain(asked, lead, format_.value, lang.value)


def bench(
    events: Events,
    model: ModelOption,
    leads: Leads = None,
    runs: Annotated[int, typer.Option(min=1, help="How many times; medians are printed.")] = 3,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
    map_: Map = None,
    encoding: Encoding = "utf-8",
    processes: Processes = 0,
    memory: Memory = "900MB",
) -> None:
    """Measure how quickly this machine scores a history, and where the time goes."""
    from couveuse.cli import benching
    from couveuse.cli.asking import Asked

    asked = Asked(events, model, leads, None, None, map_, encoding, False, processes, memory, None)
    benching.bench(asked, runs, format_.value)
