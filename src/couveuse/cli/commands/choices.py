"""What several commands let one choose."""

from enum import StrEnum
from typing import Annotated

import typer


class OutputFormat(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class Language(StrEnum):
    """The languages that people are spoken to in."""

    FR = "fr"
    EN = "en"


Events = Annotated[
    list[str],
    typer.Argument(
        metavar="EVENTS",
        help="Files, folders or globs: CSV, NDJSON, Parquet, XLSX; .gz, .zst. Or: instance, all that is recorded here.",
    ),
]
Leads = Annotated[
    list[str] | None, typer.Option("--leads", "-l", help="Files of leads: an identity, the rest are traits.")
]
ModelOption = Annotated[str, typer.Option("--model", "-m", help="A scoring model's file, or a preset's name.")]
At = Annotated[str | None, typer.Option(help="As of this instant (ISO 8601); now if not said.")]
KnownAt = Annotated[str | None, typer.Option(help="Only what was known by this instant: later verdicts do not count.")]
Map = Annotated[list[str] | None, typer.Option("--map", help="Rename a column: --map email=courriel.")]
Encoding = Annotated[str, typer.Option(help="How text files are encoded.")]
Processes = Annotated[int, typer.Option(min=0, help="How many processes fold; 0 is one a core.")]
Memory = Annotated[str, typer.Option(help="How much memory sorting may use before it spills to disk.")]
Master = Annotated[str | None, typer.Option("--on", help="Run on Spark: local[2], spark://host:7077 ...")]
