"""`couveuse user ...`: accounts made and mended where no page can, as where nobody can sign in any more.

A password is asked for, or read from the standard input: an argument could be read by others.
"""

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from getpass import getpass
from typing import Any

import typer
from psycopg import Connection

from couveuse import configuration
from couveuse.cli import FINDING, note
from couveuse.cli.confirming import is_wanted, may_ask
from couveuse.cli.databases import database
from couveuse.core.times import iso, microseconds
from couveuse.engine import account_mail
from couveuse.engine.clocks import now_us
from couveuse.engine.welcoming import welcome_link
from couveuse.errors import BadInput
from couveuse.store import migrating
from couveuse.store.accounts import leaving, passwords, people
from couveuse.store.accounts.people import NewPerson, Person, Session
from couveuse.store.connections import connect

BY = "command line"
COLUMNS = ("email", "name", "role", "member", "standing", "second factor", "sessions", "joined", "signed in")


@contextmanager
def _accounts() -> Iterator[Connection[Any]]:
    with database() as url, connect(url, "command", autocommit=True) as connection:
        if connection.execute("select to_regclass('users') is null").fetchone() == (True,):
            raise BadInput("the database has no accounts yet, it is an older version's: run couveuse upgrade")
        migrating.setup(url)
        yield connection


def create(new: NewPerson, *, from_stdin: bool) -> None:
    """Make an account."""
    email, name = people.checked_email(new.email), people.checked_name(new.name)
    password = _password(from_stdin=from_stdin)
    with _accounts() as connection:
        digest = passwords.digest_of(password, email=email, name=name)
        made = NewPerson(email, name, new.role, digest, new.member, new.language, new.timezone)
        people.add(connection, made, by=BY, now=now_us())
    note(f"{email} may sign in now, as {new.role}.")


def welcome() -> None:
    """Print where the first visitor makes the owner's account."""
    settings = configuration.read()
    with _accounts() as connection:
        link = welcome_link(connection, settings)
    if link is None:
        note("There is an account already: its owner invites others, and couveuse user create makes some here.")
        raise typer.Exit(FINDING)
    note("Whoever opens this link makes the owner's account; it is of no use from then on.")
    print(link)


def set_password(email: str, *, from_stdin: bool) -> None:
    """Give somebody another password; they are signed out everywhere."""
    with _accounts() as connection:
        person = people.find_by_email(connection, email)
        password = _password(from_stdin=from_stdin)
        digest = passwords.digest_of(password, email=person.email, name=person.name)
        people.set_password(connection, person.id, digest, by=BY, now=now_us())
    note(f"{person.email} has another password, and is signed out everywhere.")
    if person.has_second_factor:
        note(f"The second factor is still asked for; where it is lost: couveuse user forget-factors {person.email}")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline(passwords.MOST + 2).rstrip("\r\n")
    if not may_ask():
        raise BadInput("nobody is here to be asked for the password: give it on the standard input, --password-stdin")
    first = getpass("Password (it is not shown): ")
    if getpass("The same again: ") != first:
        raise BadInput("these are two different passwords: begin again")
    return first


def change_role(email: str, role: str) -> None:
    """Let somebody do what a role may."""
    with _accounts() as connection:
        person = people.find_by_email(connection, email)
        people.change_role(connection, person.id, role, by=BY, now=now_us())
    note(f"{person.email} is {role} now.")


def link_member(email: str, member: str | None) -> None:
    """Say which member of the team's document somebody is."""
    with _accounts() as connection:
        person = people.find_by_email(connection, email)
        people.link_member(connection, person.id, member, by=BY, now=now_us())
    note(f"{person.email} is {member} of the team now." if member else f"{person.email} is nobody of the team now.")


def deactivate(email: str) -> None:
    """Let somebody sign in no more."""
    with _accounts() as connection:
        person = people.find_by_email(connection, email)
        people.deactivate(connection, person.id, by=BY, now=now_us())
    note(f"{person.email} can sign in no more, and is signed out everywhere. Undone by: couveuse user activate")


def change_email(email: str, new: str) -> None:
    """Give somebody another e-mail; the one of before is told where mail leaves."""
    settings = configuration.read()
    with _accounts() as connection:
        person = people.find_by_email(connection, email)
        account_mail.change_email(connection, settings, person.id, new, by=BY, now=now_us())
        changed = people.find(connection, person.id)
    note(f"{person.email} signs in as {changed.email} now, and is signed out everywhere.")


def delete(email: str, *, is_sure: bool) -> None:
    """Delete an account for good."""
    with _accounts() as connection:
        person = people.find_by_email(connection, email)
        if not is_sure and not is_wanted(f"Delete the account of {person.email} ({person.role}) for good?"):
            raise BadInput("nothing was deleted: say yes, or give --yes; to keep them out: couveuse user deactivate")
        leaving.delete(connection, person.id, by=BY, now=now_us())
    note(f"The account of {person.email} is deleted; what they did stays.")


def activate(email: str) -> None:
    """Let somebody sign in again."""
    with _accounts() as connection:
        person = people.find_by_email(connection, email)
        people.activate(connection, person.id, by=BY, now=now_us())
    note(f"{person.email} may sign in again.")


def forget_factors(email: str) -> None:
    """Forget the second factors of somebody who has lost theirs."""
    with _accounts() as connection:
        person = people.find_by_email(connection, email)
        people.forget_factors(connection, person.id, by=BY, now=now_us())
    note(f"{person.email} signs in by password alone now, and is signed out everywhere.")


def sessions(email: str, *, end: bool, form: str) -> None:
    """List the browsers in which somebody is signed in, or end them all."""
    with _accounts() as connection:
        person = people.find_by_email(connection, email)
        if end:
            people.end_sessions(connection, person.id, by=BY, now=now_us())
            note(f"{person.email} is signed out everywhere.")
            return
        found = people.load_sessions(connection, person.id)
    keys = ("address", "browser", "begun", "used last")
    _print(form, f"Sessions of {person.email}", keys, [_told_session(each) for each in found])
    if not found:
        note(f"{person.email} is signed in nowhere.")


def list_people(form: str) -> None:
    """Print everybody: what they may do, and when they were last here."""
    with _accounts() as connection:
        found = people.load_people(connection)
    _print(form, "Users", COLUMNS, [_told(person) for person in found])
    if not found:
        note("There is no account yet; the first one is made by the link of: couveuse welcome")


def _told(person: Person) -> dict[str, object]:
    return {
        "email": person.email,
        "name": person.name,
        "role": person.role,
        "member": person.member,
        "standing": "active" if person.is_active else "deactivated",
        "second factor": person.has_second_factor,
        "sessions": person.sessions,
        "joined": _instant(person.joined_at),
        "signed in": _instant(person.last_login),
    }


def _told_session(session: Session) -> dict[str, object]:
    begun, seen = _instant(session.begun_at), _instant(session.seen_at)
    return {"address": session.address, "browser": session.browser, "begun": begun, "used last": seen}


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else iso(microseconds(moment.replace(microsecond=0)))


def _print(form: str, title: str, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    if form == "json":
        for row in rows:
            named = {name.replace(" ", "_"): value for name, value in row.items()}
            sys.stdout.write(json.dumps(named, ensure_ascii=False) + "\n")
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow([column.replace(" ", "_") for column in columns])
        writer.writerows([_cell(row[column]) for column in columns] for row in rows)
    else:
        from couveuse.cli.tables import print_rows

        print_rows(title, columns, [[_cell(row[column]) for column in columns] for row in rows])


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
