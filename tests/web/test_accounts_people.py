"""One's own account, and those of others: who changes what, and whom it signs out."""

import re
from datetime import timedelta
from typing import Any

import pytest
from psycopg import Connection

from couveuse.store.accounts import people
from couveuse.store.accounts.models import Role
from tests.web.people import a_person, alice, charlie, nobody, signed_in
from tests.web.test_accounts import NEW, connection, done, enter, is_in, text_of, town_of_people

__all__ = ["connection", "town_of_people"]  # every test is in a town


# ---- One's own account ---------------------------------------------------------------------------------------------


def test_one_changes_what_one_says_of_oneself_and_nothing_else(connection: Connection[Any]) -> None:
    user = charlie()
    client = signed_in(user)
    given = {"name": "Charlie Roy", "language": "fr", "timezone": "Europe/Brussels", "theme": "dark"}
    assert (
        client.post("/settings/me", {**given, "role": "owner", "email": "x@example.com", "member": "x"}).status_code
        == 303
    )
    user.refresh_from_db()
    assert (user.name, user.language, user.timezone, user.theme) == tuple(given.values())
    assert (user.role, user.email, user.member) == ("reader", "charlie@example.com", None)
    page = text_of(client.get("/settings/me"))
    assert 'data-theme="dark"' in page
    assert "Mon compte" in page
    for wrong in ({"timezone": "Mars"}, {"language": "es"}, {"theme": "pink"}, {"name": ""}):
        assert client.post("/settings/me", {**given, **wrong}).status_code == 422


def test_one_ends_a_session_of_ones_own_and_of_nobody_else(connection: Connection[Any]) -> None:
    alice()
    charlie()
    here, there, other = nobody(), nobody(), nobody()
    for client, email in ((here, "alice"), (there, "alice"), (other, "charlie")):
        enter(client, f"{email}@example.com")
    numbers = connection.execute("select id from usersessions_usersession order by id").fetchall()
    assert here.post(f"/settings/me/sessions/{numbers[2][0]}/end").status_code == 404
    assert is_in(other)
    assert here.post(f"/settings/me/sessions/{numbers[1][0]}/end").status_code == 303
    assert (is_in(here), is_in(there)) == (True, False)
    enter(there, "alice@example.com")
    assert here.post("/settings/me/sessions/end-others").status_code == 303
    assert (is_in(here), is_in(there), is_in(other)) == (True, False, True)
    mine = connection.execute("select id from usersessions_usersession where user_id = 1").fetchall()
    assert len(mine) == 1
    assert here.post(f"/settings/me/sessions/{mine[0][0]}/end").status_code == 303
    assert not is_in(here)


# ---- Users ---------------------------------------------------------------------------------------------------------


def test_an_owner_changes_what_others_may_do(connection: Connection[Any]) -> None:
    client, bob = signed_in(alice()), a_person("Bob", Role.READER)
    theirs = signed_in(bob)
    place = f"/settings/users/{bob.pk}"
    assert "bob@example.com" in text_of(client.get(place))
    assert client.post(f"{place}/change", {"role": "sales", "member": ""}).status_code == 303
    bob.refresh_from_db()
    assert bob.role == "sales"
    assert client.post(f"{place}/deactivate").status_code == 303
    assert not is_in(theirs)
    assert "deactivated" in text_of(client.get(place))
    assert client.post(f"{place}/activate").status_code == 303
    assert client.post(f"{place}/end-sessions").status_code == 303
    assert client.post(f"{place}/forget-factors").status_code == 303
    assert client.post(f"{place}/promote").status_code == 404
    assert client.get("/settings/users/999").status_code == 404
    wanted = ["role changed", "user deactivated", "user activated", "sessions ended", "second factors forgotten"]
    assert [line.removeprefix("alice@example.com: ") for line in done(connection)][-5:] == wanted


def test_the_last_owner_stays(connection: Connection[Any]) -> None:
    user = alice()
    client = signed_in(user)
    place = f"/settings/users/{user.pk}"
    for word, given in (("change", {"role": "reader"}), ("deactivate", {})):
        answer = client.post(f"{place}/{word}", given)
        assert answer.status_code == 422
        assert "last owner" in text_of(answer)
    assert is_in(client)


def test_an_owner_hands_on_a_link_where_no_mail_leaves(connection: Connection[Any]) -> None:
    client, bob = signed_in(alice()), a_person("Bob", Role.READER)
    page = text_of(client.post(f"/settings/users/{bob.pk}/link"))
    link = re.search(r"/account/password/reset/[\w.:-]+/", page)
    assert link is not None
    assert nobody().post(link[0], {"password": NEW}).status_code == 303
    assert enter(nobody(), "bob@example.com", NEW).status_code == 302
    assert "alice@example.com: password link made" in done(connection)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER], ids=str)
def test_nobody_but_an_owner_touches_accounts(role: Role) -> None:
    other = alice()
    client = signed_in(a_person("Eve", role))
    assert client.get("/settings/users").status_code == 403
    for word in ("change", "deactivate", "link", "forget-factors"):
        assert client.post(f"/settings/users/{other.pk}/{word}", {"role": "reader"}).status_code == 403
    assert client.post("/settings/users/invite", {"email": "x@example.com", "role": "owner"}).status_code == 403


def test_a_session_lasts_two_weeks_and_no_longer(connection: Connection[Any]) -> None:
    alice()
    client = nobody()
    enter(client, "alice@example.com")
    assert timedelta(seconds=client.session.get_expiry_age()) == timedelta(days=14)
    connection.execute("update django_session set expire_date = now() - interval '1 second'")
    assert not is_in(client)


def test_what_somebody_is_called_runs_nowhere(connection: Connection[Any]) -> None:
    owner, bob = alice(), a_person("Bob", Role.READER)
    evil = "<script>alert(1)</script>'\"><img src=x onerror=alert(1)>"
    people.set_own(
        connection, bob.pk, name=evil, language="en", timezone="Europe/Paris", theme="auto", by="bob@example.com", now=1
    )
    bob.refresh_from_db()
    for client in (signed_in(owner), signed_in(bob)):
        for place in ("/settings/users", f"/settings/users/{bob.pk}", "/settings/me"):
            page = text_of(client.get(place))
            assert "<script>alert" not in page
            assert "<img src=x" not in page


def test_pages_of_accounts_ask_few_questions(connection: Connection[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    import psycopg

    asked: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(self: Any, query: Any, *given: Any, **named: Any) -> Any:
        asked.append(str(query))
        return execute(self, query, *given, **named)

    owner = alice()
    for number in range(30):
        a_person(f"Person{number}", Role.READER)
    client = nobody()
    enter(client, "alice@example.com")
    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    for place in ("/settings/users", f"/settings/users/{owner.pk}", "/settings/me", "/account/password/change/"):
        asked.clear()
        assert client.get(place).status_code == 200
        questions = [
            each for each in asked if not each.lstrip("b'SQL(").lower().startswith(("begin", "commit", "set "))
        ]
        assert len(questions) <= 12, (place, questions)
