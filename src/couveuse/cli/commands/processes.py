"""What runs: all of it on this machine, or its parts; and for trying out."""

from enum import StrEnum
from typing import Annotated

import typer

from couveuse.cli.commands.choices import Language, ModelOption


class Part(StrEnum):
    """What a process serves."""

    INTAKE = "intake"
    PAGES = "pages"
    ALL = "all"


def up() -> None:
    """Run everything on this machine: PostgreSQL (unless one is given), front door, pages, engines, deliverers."""
    from couveuse.cli import supervising

    supervising.up()


def web(
    serve: Annotated[Part, typer.Option(help="Take events, show pages, or both.")] = Part.ALL,
) -> None:
    """Run the front door and the pages, for a machine of their own."""
    from couveuse.cli import serving

    serving.web(serve.value)


def engine() -> None:
    """Run one engine: several may run at once, on several machines."""
    from couveuse.cli import serving

    serving.engine()


def deliver() -> None:
    """Run one deliverer, with its workshop: tasks are made of hand-overs, what goes out is sent, long work is done."""
    from couveuse.cli import serving

    serving.deliver()


def demo(
    events: Annotated[str, typer.Argument(metavar="EVENTS", help="A history as NDJSON; its last days are replayed.")],
    leads: Annotated[str | None, typer.Option("--leads", "-l", help="What the CRM knew of the leads.")] = None,
    model: ModelOption = "bareme-b2b",
    team: Annotated[str | None, typer.Option(help="Who gets the leads: a team's document.")] = None,
    seconds: Annotated[float, typer.Option("--for", min=1, help="How long the replay lasts, in seconds.")] = 60.0,
    lang: Annotated[Language, typer.Option(help="The language of labels and pages.")] = Language.EN,
    stay: Annotated[
        bool | None, typer.Option("--stay/--no-stay", help="Go on afterwards; if not said, on a terminal only.")
    ] = None,
) -> None:
    """Show the whole product on a company's history: everything runs, visitors come, leads ripen."""
    from couveuse.cli import demo as showing

    showing.show(events, leads, model, team, seconds, lang.value, stay)


def inbox(
    folder: Annotated[str, typer.Option(help="Where the mails are kept.")] = "couveuse-inbox",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Its port on this machine.")] = 1025,
) -> None:
    """Keep mails instead of sending them, for trying out: a mail server on this machine, read on the page /inbox."""
    from couveuse.cli import inboxes

    inboxes.inbox(folder, port)
