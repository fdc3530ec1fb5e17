"""The command line: its commands put together, in the order in which help names them."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final

import typer

from couveuse.cli.commands import (
    archives,
    histories,
    instance,
    keys,
    leads,
    models,
    outgoing,
    processes,
    team,
    tokens,
    users,
)

app = typer.Typer(
    name="couveuse",
    help="Lead scoring for B2B companies: every point explained.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

GROUPS: Final[Sequence[tuple[str, typer.Typer]]] = (
    ("model", models.app), ("team", team.app), ("key", keys.app), ("token", tokens.app), ("user", users.app),
    ("archive", archives.app), ("outgoing", outgoing.app),
)  # fmt: skip
COMMANDS: Final[Sequence[tuple[str, Callable[..., Any]]]] = (
    ("score", histories.score), ("explain", histories.explain), ("bench", histories.bench),
    ("link", leads.link), ("import", leads.import_), ("outcomes", leads.outcomes), ("rejects", keys.rejects),
    ("rescore", models.rescore), ("demo", processes.demo), ("inbox", processes.inbox), ("up", processes.up),
    ("welcome", users.welcome), ("web", processes.web), ("engine", processes.engine), ("deliver", processes.deliver),
    ("migrate", instance.migrate), ("upgrade", instance.upgrade), ("backup", instance.backup),
    ("backups", instance.backups), ("restore", instance.restore), ("erase", leads.erase), ("doctor", instance.doctor),
)  # fmt: skip

for _name, _group in GROUPS:
    app.add_typer(_group, name=_name)
for _name, _command in COMMANDS:
    app.command(_name)(_command)


@app.callback(invoke_without_command=True)
def couveuse(
    version: Annotated[bool, typer.Option("--version", help="Say the version and stop.", is_eager=True)] = False,
) -> None:
    """Lead scoring for B2B companies: every point explained."""
    if version:
        from couveuse import __version__, core

        typer.echo(f"couveuse {__version__}{' (compiled core)' if core.is_compiled() else ''}")
        raise typer.Exit
