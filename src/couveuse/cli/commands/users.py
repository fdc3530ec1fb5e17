"""Accounts."""

from enum import StrEnum
from typing import Annotated

import typer

from couveuse.cli.commands.choices import Language, OutputFormat

app = typer.Typer(help="Make and mend accounts: who may sign in, as what.", no_args_is_help=True)


class UserRole(StrEnum):
    """What somebody who signs in may do."""

    OWNER = "owner"
    MARKETING = "marketing"
    TELEMARKETING = "telemarketing"
    SALES = "sales"
    READER = "reader"


Somebody = Annotated[str, typer.Argument(metavar="EMAIL", help="Whose account: the e-mail that they sign in with.")]


FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the standard input; else it is asked for.")
]


@app.command("create")
def user_create(
    email: Annotated[str, typer.Option(help="The e-mail that they sign in with.")],
    name: Annotated[str, typer.Option(help="How they are called.")],
    role: Annotated[UserRole, typer.Option(help="What they may do.")],
    member: Annotated[str | None, typer.Option(help="Who they are on the team: an id of couveuse team show.")] = None,
    lang: Annotated[Language, typer.Option(help="The language that pages speak to them.")] = Language.FR,
    timezone: Annotated[str, typer.Option(help="The time zone in which they are shown times.")] = "Europe/Paris",
    password_stdin: FromStdin = False,
) -> None:
    """Make an account for somebody; the password is asked for, or read from the standard input."""
    from couveuse.cli import users
    from couveuse.store.accounts.people import NewPerson

    new = NewPerson(email, name, role.value, "", member, lang.value, timezone)
    users.create(new, from_stdin=password_stdin)


@app.command("list")
def user_list(
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List who has an account: what each may do, and when they were last here."""
    from couveuse.cli import users

    users.list_people(format_.value)


@app.command("password")
def user_password(email: Somebody, password_stdin: FromStdin = False) -> None:
    """Give somebody another password; they are signed out everywhere."""
    from couveuse.cli import users

    users.set_password(email, from_stdin=password_stdin)


@app.command("role")
def user_role(
    email: Somebody,
    role: Annotated[UserRole, typer.Argument(metavar="ROLE", help="What they may do from now on.")],
) -> None:
    """Change what somebody may do; the last owner stays one."""
    from couveuse.cli import users

    users.change_role(email, role.value)


@app.command("member")
def user_member(
    email: Somebody,
    member: Annotated[
        str | None, typer.Argument(metavar="MEMBER", help="An id of couveuse team show; nobody if not said.")
    ] = None,
) -> None:
    """Say who somebody is on the team: tasks and teams are theirs by it."""
    from couveuse.cli import users

    users.link_member(email, member)


@app.command("email")
def user_email(
    email: Somebody, new: Annotated[str, typer.Argument(metavar="NEW", help="The e-mail to sign in by from now on.")]
) -> None:
    """Give somebody another e-mail to sign in by; they are signed out everywhere."""
    from couveuse.cli import users

    users.change_email(email, new)


@app.command("delete")
def user_delete(
    email: Somebody,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete an account for good; what they did stays, under their e-mail. To keep them out, deactivate it."""
    from couveuse.cli import users

    users.delete(email, is_sure=yes)


@app.command("deactivate")
def user_deactivate(email: Somebody) -> None:
    """Let somebody sign in no more, from this moment on; what they did stays."""
    from couveuse.cli import users

    users.deactivate(email)


@app.command("activate")
def user_activate(email: Somebody) -> None:
    """Let somebody sign in again who could no more."""
    from couveuse.cli import users

    users.activate(email)


@app.command("forget-factors")
def user_forget_factors(email: Somebody) -> None:
    """Forget authenticator, passkeys and recovery codes of somebody who has lost theirs."""
    from couveuse.cli import users

    users.forget_factors(email)


@app.command("sessions")
def user_sessions(
    email: Somebody,
    end: Annotated[bool, typer.Option("--end", help="Sign them out everywhere instead.")] = False,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List where somebody is signed in."""
    from couveuse.cli import users

    users.sessions(email, end=end, form=format_.value)


def welcome() -> None:
    """Print the link by which the first visitor makes the owner's account; exit code 1 once there is an account."""
    from couveuse.cli import users

    users.welcome()
