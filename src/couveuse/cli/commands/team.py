"""The team's document, and who is away."""

from typing import Annotated

import typer

from couveuse.cli.commands.choices import OutputFormat

app = typer.Typer(help="Check and apply the team's document; who is there, and who is away.", no_args_is_help=True)


@app.command("check")
def team_check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The team's document.")],
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="A scoring model, whose teams and treatments must be there.")
    ] = None,
) -> None:
    """Check a team's document: every error with its line and cure; exit code 1 if there is one."""
    from couveuse.cli import team

    team.check(file, model)


@app.command("apply")
def team_apply(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The team's document.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and write nothing.")] = False,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """Let a team's document count from now on, and say what it changes."""
    from couveuse.cli import team

    team.apply(file, dry_run, format_.value)


@app.command("show")
def team_show(
    document: Annotated[bool, typer.Option("--document", help="Print the document that counts instead.")] = False,
    version: Annotated[
        int | None, typer.Option(min=1, max=2**63 - 1, help="Print the document of this version of the history.")
    ] = None,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """Show the teams, their members, and who is or will be away."""
    from couveuse.cli import team

    if document or version is not None:
        team.show_document(version)
        return
    team.show(format_.value)


@app.command("history")
def team_history(
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List the documents that were applied, the newest first."""
    from couveuse.cli import team

    team.history(format_.value)


@app.command("absent")
def team_absent(
    member: Annotated[str, typer.Argument(metavar="MEMBER", help="The member's id.")],
    first: Annotated[str | None, typer.Option("--from", help="The first day away; today if not said.")] = None,
    last: Annotated[str | None, typer.Option("--until", help="The last day away; that one day if not said.")] = None,
    because: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Write down that a member is away: new tasks pass them over."""
    from couveuse.cli import team

    team.absent(member, first, last, because)


@app.command("back")
def team_back(
    member: Annotated[str, typer.Argument(metavar="MEMBER", help="The member's id.")],
    on: Annotated[str | None, typer.Option("--on", help="The first day there again; today if not said.")] = None,
) -> None:
    """End the absence of a member."""
    from couveuse.cli import team

    team.back(member, on)


@app.command("schema")
def team_schema() -> None:
    """Print the JSON Schema of the team's document."""
    from couveuse.cli import team

    team.schema()
