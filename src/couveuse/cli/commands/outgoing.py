"""What goes out, where to, and the secrets of channels."""

from enum import StrEnum
from typing import Annotated

import typer

from couveuse.cli.commands.choices import Language, OutputFormat

app = typer.Typer(help="See, stop and send on what goes out: mail, Slack, webhooks.", no_args_is_help=True)
endpoint_app = typer.Typer(help="Where webhooks go.", no_args_is_help=True)
app.add_typer(endpoint_app, name="endpoint")
secret_app = typer.Typer(help="Secrets of channels, sealed in the database.", no_args_is_help=True)
app.add_typer(secret_app, name="secret")


class Channel(StrEnum):
    """By what a message goes out."""

    EMAIL = "email"
    SLACK = "slack"
    WEBHOOK = "webhook"


class Trouble(StrEnum):
    """What may be sent on by hand."""

    DEAD = "dead"
    PARKED = "parked"


@app.command("status")
def outgoing_status() -> None:
    """Say how what goes out stands; exit code 1 where something wants looking after."""
    from couveuse.cli import outgoing

    outgoing.status()


@app.command("stop")
def outgoing_stop(because: Annotated[str, typer.Option(help="Why, for whoever finds it so.")] = "") -> None:
    """The red button: nothing goes out any more, by any channel, until couveuse outgoing go."""
    from couveuse.cli import outgoing

    outgoing.stop(because)


@app.command("go")
def outgoing_go() -> None:
    """Let everything go out again: ends a stop, and a rehearsal."""
    from couveuse.cli import outgoing

    outgoing.go()


@app.command("rehearse")
def outgoing_rehearse(because: Annotated[str, typer.Option(help="Why, for whoever finds it so.")] = "") -> None:
    """Let only the team get anything, each message marked; ended by couveuse outgoing go."""
    from couveuse.cli import outgoing

    outgoing.rehearse(because)


@app.command("list")
def outgoing_list(
    standing: Annotated[
        list[str] | None, typer.Option(help="Only these: waiting, flying, done, parked, dead, withdrawn.")
    ] = None,
    channel: Annotated[Channel | None, typer.Option(help="Only this channel.")] = None,
    before: Annotated[int | None, typer.Option(min=1, max=2**63 - 1, help="Only below this number.")] = None,
    top: Annotated[int, typer.Option(min=1, max=10_000, help="Only so many, the newest ones.")] = 50,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List what was to go out, the newest first."""
    from couveuse.cli import outgoing

    outgoing.list_intents(standing or (), None if channel is None else channel.value, before, top, format_.value)


@app.command("show")
def outgoing_show(
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=1, max=2**63 - 2, help="Its number in the list.")],
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """Show one of them, with its attempts."""
    from couveuse.cli import outgoing

    outgoing.show(number, format_.value)


@app.command("replay")
def outgoing_replay(
    numbers: Annotated[list[int] | None, typer.Argument(metavar="NUMBER", min=1, help="Numbers in the list.")] = None,
    all_: Annotated[Trouble | None, typer.Option("--all", help="All that are dead, or all that are parked.")] = None,
) -> None:
    """Send on what was given up, or parked because nobody knows whether it arrived."""
    from couveuse.cli import outgoing

    outgoing.replay(numbers or (), None if all_ is None else all_.value)


@app.command("try")
def outgoing_try(
    channel: Annotated[Channel, typer.Argument(metavar="CHANNEL", help="email, slack or webhook.")],
    to: Annotated[
        str, typer.Argument(metavar="TO", help="A member or an address; a secret's name; an endpoint's name.")
    ],
    lang: Annotated[Language, typer.Option(help="The message's language.")] = Language.EN,
) -> None:
    """Send a trial message now, and say what came of it; exit code 1 where it did not arrive."""
    from couveuse.cli import outgoing

    outgoing.try_channel(channel.value, to, lang.value)


@endpoint_app.command("add")
def endpoint_add(
    id_: Annotated[str, typer.Argument(metavar="NAME", help="What it is called: crm.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="Where it is: https://crm.example.com/hook.")],
    event: Annotated[
        list[str] | None,
        typer.Option(help="Only these: lead.handed_over, handover.withdrawn, task.created; all if not said."),
    ] = None,
) -> None:
    """Add an endpoint, and print its secret, once."""
    from couveuse.cli import outgoing

    outgoing.add_endpoint(id_, url, event or ())


@endpoint_app.command("list")
def endpoint_list(
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List the endpoints, and how each stands."""
    from couveuse.cli import outgoing

    outgoing.list_endpoints(format_.value)


@endpoint_app.command("disable")
def endpoint_disable(
    id_: Annotated[str, typer.Argument(metavar="NAME", help="Its name in the list.")],
    because: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Send nothing to an endpoint any more."""
    from couveuse.cli import outgoing

    outgoing.disable_endpoint(id_, because)


@endpoint_app.command("enable")
def endpoint_enable(id_: Annotated[str, typer.Argument(metavar="NAME", help="Its name in the list.")]) -> None:
    """Send to an endpoint again what is planned from now on."""
    from couveuse.cli import outgoing

    outgoing.enable_endpoint(id_)


@endpoint_app.command("rotate")
def endpoint_rotate(id_: Annotated[str, typer.Argument(metavar="NAME", help="Its name in the list.")]) -> None:
    """Make a new secret for an endpoint and print it, once; the one before goes on to be valid."""
    from couveuse.cli import outgoing

    outgoing.rotate_endpoint(id_)


@secret_app.command("set")
def secret_set(
    name: Annotated[str, typer.Argument(metavar="NAME", help="By what the team's document calls it.")],
) -> None:
    """Keep the address of a Slack channel, asked for or read from the standard input, sealed."""
    from couveuse.cli import outgoing

    outgoing.set_secret(name)


@secret_app.command("list")
def secret_list(
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List the names of the secrets that are kept."""
    from couveuse.cli import outgoing

    outgoing.list_secrets(format_.value)


@secret_app.command("remove")
def secret_remove(name: Annotated[str, typer.Argument(metavar="NAME", help="Its name in the list.")]) -> None:
    """Forget a secret."""
    from couveuse.cli import outgoing

    outgoing.remove_secret(name)
