"""Tokens of the API."""

from typing import Annotated

import typer

from couveuse.cli.commands.choices import OutputFormat

app = typer.Typer(help="Make, list and revoke tokens of the API.", no_args_is_help=True)


@app.command("create")
def token_create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The program that will use it.")],
    scope: Annotated[list[str], typer.Option("--scope", help="What it may do: leads:read, leads:write, facts:read.")],
    days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="For how many days; for ever if not said.")
    ] = None,
) -> None:
    """Make a token of the API and print it, once."""
    from couveuse.cli import tokens

    tokens.create(name, scope, days)


@app.command("list")
def token_list(
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List the tokens of the API: what each may do, and when it was last used."""
    from couveuse.cli import tokens

    tokens.list_tokens(format_.value)


@app.command("revoke")
def token_revoke(
    number: Annotated[
        int, typer.Argument(metavar="NUMBER", min=1, max=2**63 - 1, help="The token's number in the list.")
    ],
) -> None:
    """Let a token in no more, from this moment on."""
    from couveuse.cli import tokens

    tokens.revoke(number)
