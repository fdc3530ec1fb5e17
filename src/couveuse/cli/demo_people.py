"""People of a demonstration: one account for each role, those who call being who they are on the team."""

from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from couveuse.store.accounts import passwords, people
from couveuse.store.accounts.people import NewPerson, Person
from couveuse.store.rosters import load_roster

BY: Final = "the demo"
# How they are called who are nobody of the team.
_NAMES: Final = {
    "owner": "Odile Perrin",
    "marketing": "Marc Dubois",
    "telemarketing": "Tania Girard",
    "sales": "Simon Faure",
    "reader": "Rachid Benali",
}


@dataclass(frozen=True, slots=True)
class Made:
    """An account of the demonstration, and its password."""

    email: str
    role: str
    name: str
    password: str


def make_people(connection: Connection[Any], *, language: str, now: int) -> list[Made]:
    """Make an account for each role, all with one password made by chance; who is there already gets that password.

    Telemarketing and sales are the first member of the team of that name, where there is one.
    """
    roster = load_roster(connection)
    password = passwords.chosen()
    known = {person.email: person for person in people.load_people(connection)}
    taken = {person.member for person in known.values()}
    found = []
    for role, called in _NAMES.items():
        email = f"{role}@example.com"
        team = roster.teams.get(role)
        member = next((each for each in (team.members if team else ()) if each not in taken), None)
        name = roster.members[member].name if member else called
        digest = passwords.digest_of(password, email=email, name=name)
        there: Person | None = known.get(email)
        if there is None:
            new = NewPerson(email, name, role, digest, member, language)
            people.add(connection, new, by=BY, now=now)
        else:
            people.set_password(connection, there.id, digest, by=BY, now=now)
        found.append(Made(email, role, there.name if there else name, password))
    return found
