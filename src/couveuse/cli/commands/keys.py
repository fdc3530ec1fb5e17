"""Write keys, and what was sent and could not be taken."""

from enum import StrEnum
from typing import Annotated

import typer

from couveuse.cli.commands.choices import OutputFormat

app = typer.Typer(help="Make, list and revoke write keys: who may send facts.", no_args_is_help=True)


class Kind(StrEnum):
    """Where a write key may be seen."""

    SERVER = "server"
    PUBLIC = "public"


@app.command("create")
def key_create(
    source: Annotated[str, typer.Option(help="The name of what sends: site, crm ... Facts are known by it.")],
    kind: Annotated[
        Kind, typer.Option(help="server: on our servers only; public: in pages, where anybody may read it.")
    ] = Kind.SERVER,
    origin: Annotated[
        list[str] | None, typer.Option(help="A site that may use a public key: https://www.example.com.")
    ] = None,
    rate: Annotated[
        int | None, typer.Option(min=1, max=1_000_000, help="So many events a second at most, in each web process.")
    ] = None,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """Make a write key, shown this once, with what to paste into the clients that you use."""
    from couveuse.cli import keys
    from couveuse.store.write_keys import KeyKind

    keys.create(KeyKind(kind.value), source, origin or (), rate, format_.value)


@app.command("list")
def key_list(
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List the write keys by how they begin."""
    from couveuse.cli import keys

    keys.list_keys(format_.value)


@app.command("revoke")
def key_revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Its id, as couveuse key list shows it, or how it begins.")],
) -> None:
    """Revoke a write key: within seconds it lets nobody in."""
    from couveuse.cli import keys

    keys.revoke(key)


def rejects(
    top: Annotated[int, typer.Option(min=1, help="Only so many, the latest ones.")] = 20,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List what was sent and could not be taken, each with its reason and its cure."""
    from couveuse.cli import keys

    keys.list_rejects(top, format_.value)
