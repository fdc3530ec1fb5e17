"""Scoring models: checked, compared, published."""

from typing import Annotated

import typer

from couveuse.cli.commands.choices import At, Encoding, Language, Leads, Map, Memory, OutputFormat, Processes

app = typer.Typer(help="Check, compare and list scoring models.", no_args_is_help=True)


@app.command("check")
def model_check(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A scoring model's file, or a preset's name.")],
) -> None:
    """Check a scoring model: every error with its line and cure; exit code 1 if there is one."""
    from couveuse.cli import models

    models.check(model)


@app.command("diff")
def model_diff(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="The model of today.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The model that would replace it.")],
    on: Annotated[list[str], typer.Option("--on", help="The events to compare on.")],
    leads: Leads = None,
    at: At = None,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
    examples: Annotated[int, typer.Option(min=0, help="How many leads to name for each change.")] = 5,
    map_: Map = None,
    encoding: Encoding = "utf-8",
    processes: Processes = 0,
    memory: Memory = "900MB",
) -> None:
    """Compare two models on a history: who changes band, in both directions, and which hand-overs would be made."""
    from couveuse.cli import models
    from couveuse.cli.asking import Asked

    asked = Asked(on, before, leads, at, None, map_, encoding, False, processes, memory, None)
    models.diff(asked, after, format_.value, examples)


@app.command("presets")
def model_presets(
    show: Annotated[str | None, typer.Option(help="Print this preset's document, to start from.")] = None,
    lang: Annotated[Language, typer.Option(help="The language of descriptions.")] = Language.EN,
) -> None:
    """List the models that come with Couveuse."""
    from couveuse.cli import models

    models.list_presets(show, lang.value)


@app.command("schema")
def model_schema() -> None:
    """Print the JSON Schema of scoring models."""
    from couveuse.cli import models

    models.schema()


def rescore(
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="A scoring model's file, or a preset's name.")
    ] = None,
    diff_only: Annotated[
        bool, typer.Option("--diff-only", help="Show what it would change, and publish nothing.")
    ] = False,
    hand_over: Annotated[
        int, typer.Option(min=0, help="Of those whom it makes ripe hand over so many a day, the best first.")
    ] = 0,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Publish without asking.")] = False,
    given_up: Annotated[bool, typer.Option("--give-up", help="Forget a publication that was left half made.")] = False,
    despite_archive: Annotated[
        bool, typer.Option("--despite-archive", help="Even if it reads what archived months lack: there it is absent.")
    ] = False,
    examples: Annotated[int, typer.Option(min=0, help="How many leads to name for each change.")] = 5,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
    processes: Processes = 0,
) -> None:
    """Publish a scoring model over all that was recorded: first who changes band and who would be handed over."""
    from couveuse.cli import rescoring

    if given_up:
        rescoring.forget()
        return
    if model is None:
        raise typer.BadParameter("name a model: a file, or one of couveuse model presets")
    rescoring.rescore(
        rescoring.Asked(model, diff_only, hand_over, yes, format_.value, examples, processes, despite_archive)
    )
