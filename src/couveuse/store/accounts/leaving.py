"""What is left behind: an e-mail for another one, or the account as a whole."""

from typing import Any

from psycopg import Connection

from couveuse.store import audit
from couveuse.store.accounts import people
from couveuse.store.accounts.people import Person, taken
from couveuse.store.statements import statement

_SET_EMAIL, _FORGET_EMAILS = statement("people", "set_email"), statement("people", "forget_emails")
_FORGET_ELSEWHERE, _FORGET_VIEWS = statement("people", "forget_elsewhere"), statement("people", "forget_views")
_FORGET_FACTORS, _FORGET_ATTEMPTS = statement("people", "forget_factors"), statement("people", "forget_attempts")
_DELETE = statement("people", "delete")


def change_email(
    connection: Connection[Any], id: int, email: str, *, by: str, now: int, but_session: str = ""
) -> Person | None:
    """Another e-mail to sign in by: the one of before opens nothing any more, and all sessions end but one.

    Links that went to it are of no use either. Returns who it was, None where nothing changes; raises Refused.
    """
    email = people.checked_email(email)
    with people.changing(connection):
        person = people.find(connection, id)
        if person.email == email:
            return None
        if connection.execute(_SET_EMAIL, {"id": id, "email": email}).fetchone() is None:
            raise taken(email)
        connection.execute(_FORGET_EMAILS, {"id": id})
        people.end_all(connection, id, but_session)
        audit.record(connection, by=by, did="e-mail changed", about={"user": id}, now=now)
    return person


def delete(connection: Connection[Any], id: int, *, by: str, now: int) -> Person:
    """Somebody has no account any more, and is signed out; returns who it was. Raises Refused for the last owner.

    What they did stays, under their e-mail: the audit, the history of leads, tasks. So does the member of the team's
    document that they were. What was theirs alone goes: password, second factors, sessions, views, attempts to sign in.
    """
    with people.changing(connection):
        person = people.find(connection, id)
        people.keep_an_owner(connection, person)
        people.end_all(connection, id)
        for forget in (_FORGET_FACTORS, _FORGET_EMAILS, _FORGET_ELSEWHERE, _FORGET_VIEWS, _DELETE):
            connection.execute(forget, {"id": id})
        connection.execute(_FORGET_ATTEMPTS, {"email": person.email})
        audit.record(connection, by=by, did="user deleted", about={"user": id, "role": person.role}, now=now)
    return person
