"""Signing in: the first visitor, invitations, passwords, sessions, and what strangers try."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from psycopg import Connection

from couveuse.engine import welcoming
from couveuse.store import connections
from couveuse.store.accounts import people
from couveuse.store.accounts.invitations import NewInvitation
from couveuse.store.accounts.models import Role, User
from tests.engine.town import Town
from tests.web.people import PASSWORD, a_person, alice, charlie, nobody, signed_in

NEW = "aigrette-garzette-1846"
LOGIN = "/account/login/"
ENTRANCES = (
    LOGIN, "/account/password/reset/", "/join/none", "/account/inactive/", "/welcome/none",
    "/account/elsewhere/error/", "/account/elsewhere/cancelled/", "/account/password/reset/none/",
)  # fmt: skip


@pytest.fixture(autouse=True)
def town_of_people(town: Town, monkeypatch: pytest.MonkeyPatch) -> Town:
    """Every test is in a town, where passwords are hashed quickly."""
    monkeypatch.setenv("COUVEUSE_SECRET_KEY", "of a test, and long enough for one")
    monkeypatch.setattr("django.contrib.auth.hashers.PBKDF2PasswordHasher.iterations", 1_000)
    return town


@pytest.fixture
def connection(town: Town) -> Iterator[Connection[Any]]:
    with connections.connect(town.url, "test", autocommit=True) as found:
        yield found


def settings(**more: str) -> Any:
    from couveuse import configuration

    return configuration.read()


def enter(client: Client, email: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post(LOGIN, {"login": email, "password": password, **more})


def is_in(client: Client) -> bool:
    return client.get("/settings/me").status_code == 200


def done(connection: Connection[Any]) -> list[str]:
    """What the audit says was done, the oldest first."""
    return [f"{by}: {did}" for by, did in connection.execute("select by, did from audit order by id").fetchall()]


def text_of(answer: Any) -> str:
    return answer.content.decode()


# ---- Signing in ----------------------------------------------------------------------------------------------------


def test_it_works(connection: Connection[Any]) -> None:
    alice()
    client = nobody()
    page = client.get(LOGIN)
    assert page.status_code == 200
    assert 'autocomplete="current-password"' in text_of(page)
    answer = enter(client, "ALICE@example.com")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert is_in(client)
    answer = client.post("/account/logout/")
    assert answer.status_code == 302
    assert not is_in(client)
    assert done(connection) == ["alice@example.com: signed in", "alice@example.com: signed out"]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_of_those_who_have_not_signed_in_speak_both_languages(language: str) -> None:
    client = Client(headers={"Accept-Language": language})
    for place in ENTRANCES:
        answer = client.get(place)
        assert answer.status_code in (200, 401, 410), place
        assert f'<html lang="{language}"' in text_of(answer)
        assert "<script>" not in text_of(answer)
        assert " style=" not in text_of(answer)
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"].startswith(("no-store", "max-age=0"))


@pytest.mark.parametrize(("language", "said"), [("fr", "incorrects"), ("en", "not correct")])
def test_a_wrong_password_and_a_wrong_email_are_answered_alike(language: str, said: str) -> None:
    alice()
    answers = []
    for email in ("alice@example.com", "nobody@example.com"):
        client = Client(headers={"Accept-Language": language})
        answer = enter(client, email, "not this one")
        assert answer.status_code == 200
        assert said in text_of(answer)
        text = text_of(answer).replace(email, "")
        answers.append(re.sub(r'(value="|: ")[A-Za-z0-9]{64}"', "", text))
    assert answers[0] == answers[1]


def test_a_password_is_hashed_for_whoever_is_unknown_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time that an answer takes does not tell whether there is an account."""
    from django.contrib.auth.hashers import PBKDF2PasswordHasher

    hashed: list[str] = []
    encode = PBKDF2PasswordHasher.encode

    def counted(self: Any, password: str, salt: str, iterations: int | None = None) -> str:
        hashed.append(password)
        return str(encode(self, password, salt, iterations))

    alice()
    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", counted)
    for email in ("alice@example.com", "nobody@example.com"):
        hashed.clear()
        enter(nobody(), email, "not this one")
        assert len(hashed) == 1, email


def test_whoever_was_deactivated_does_not_get_in(connection: Connection[Any]) -> None:
    alice()
    bob = a_person("Bob", Role.READER)
    client = signed_in(bob)
    assert is_in(client)
    people.deactivate(connection, bob.pk, by="alice@example.com", now=1)
    assert not is_in(client)
    fresh = nobody()
    enter(fresh, "bob@example.com")
    assert not is_in(fresh)


@pytest.mark.parametrize(
    ("wanted", "location"),
    [
        ("/leads?band=hot", "/leads?band=hot"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("https:evil.example", "/"),
        ("http://testserver.evil.example/", "/"),
    ],
)
def test_after_signing_in_one_goes_to_a_page_of_ours_and_nowhere_else(wanted: str, location: str) -> None:
    alice()
    client = nobody()
    answer = enter(client, "alice@example.com", next=wanted)
    assert (answer.status_code, answer.headers["Location"]) == (302, location)
    assert enter(client, "alice@example.com", next=wanted).headers["Location"] == location


def test_the_key_of_a_session_is_another_one_after_signing_in() -> None:
    alice()
    client = nobody()
    client.get("/account/password/reset/")
    session = client.session
    session["planted"] = "by a stranger"
    session.save()
    client.cookies["couveuse_session"] = planted = session.session_key
    enter(client, "alice@example.com")
    assert client.cookies["couveuse_session"].value != planted
    stranger = nobody()
    stranger.cookies["couveuse_session"] = planted
    assert not is_in(stranger)


def test_cookies_are_for_no_script_and_for_our_site_alone() -> None:
    alice()
    client = nobody()
    client.get(LOGIN)
    enter(client, "alice@example.com")
    for name in ("couveuse_session", "couveuse_csrf"):
        cookie = client.cookies[name]
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax"), name


def test_forms_of_other_sites_are_refused() -> None:
    user = alice()
    client = Client(enforce_csrf_checks=True)
    assert enter(client, "alice@example.com").status_code == 403
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    for place in ("/settings/me", "/settings/me/sessions/end-others", "/settings/users/invite", "/account/logout/",
                  "/account/password/change/", f"/settings/users/{user.pk}/deactivate"):  # fmt: skip
        assert client.post(place).status_code == 403, place
    assert is_in(client)


# ---- Brute force ---------------------------------------------------------------------------------------------------


def test_after_eight_wrong_passwords_one_has_to_wait(connection: Connection[Any]) -> None:
    alice()
    for number in range(8):
        answer = enter(Client(headers={"User-Agent": f"browser {number}"}), "Alice@example.com", "not this one")
        assert answer.status_code == (200 if number < 7 else 429)
    answer = enter(nobody(), "alice@example.com")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "900"
    assert "Too many attempts" in text_of(answer)
    assert enter(Client(REMOTE_ADDR="192.0.2.7"), "alice@example.com").status_code == 302
    assert "alice@example.com: sign-in locked" in done(connection)


def test_the_wait_ends(connection: Connection[Any]) -> None:
    alice()
    for _ in range(8):
        enter(nobody(), "alice@example.com", "not this one")
    connection.execute("update axes_accessattempt set attempt_time = attempt_time - interval '16 minutes'")
    assert enter(nobody(), "alice@example.com").status_code == 302


def test_what_was_tried_is_kept_without_passwords(connection: Connection[Any]) -> None:
    alice()
    enter(nobody(), "alice@example.com", "not this one")
    kept = str(connection.execute("select * from axes_accessattempt").fetchall())
    assert "alice@example.com" in kept
    assert "not this one" not in kept


def test_an_address_that_tries_many_accounts_has_to_wait() -> None:
    alice()
    answers = [enter(nobody(), f"somebody{number}@example.com", "x").status_code for number in range(41)]
    assert answers == [200] * 40 + [429]
    assert enter(nobody(), "alice@example.com").status_code == 429
    assert enter(Client(REMOTE_ADDR="192.0.2.7"), "alice@example.com").status_code == 302


def test_an_account_that_is_tried_from_many_addresses_has_to_wait() -> None:
    alice()
    tried = [
        enter(Client(REMOTE_ADDR=f"192.0.2.{number}"), "alice@example.com", "x").status_code for number in range(41)
    ]
    assert tried == [200] * 40 + [429]


# ---- The first visitor ---------------------------------------------------------------------------------------------


def welcome(connection: Connection[Any]) -> str:
    link = welcoming.welcome_link(connection, settings())
    assert link is not None
    return link.removeprefix(settings().url)


ACCOUNT = {"name": "Alice Martin", "email": "alice@example.com", "password": NEW, "language": "fr"}


def test_the_first_visitor_becomes_the_owner_and_goes_on(connection: Connection[Any]) -> None:
    client = nobody()
    place = welcome(connection)
    assert "Welcome" in text_of(client.get(place))
    answer = client.post(place, ACCOUNT)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/start")
    assert is_in(client)
    user = User.objects.get()
    assert (user.email, user.role, user.language, user.check_password(NEW)) == (
        "alice@example.com",
        "owner",
        "fr",
        True,
    )
    again = nobody()
    assert again.get(place).status_code == 410
    assert again.post(place, {**ACCOUNT, "email": "eve@example.com"}).status_code == 410
    assert User.objects.count() == 1
    assert [line.split(": ")[1] for line in done(connection)] == ["user added", "signed in"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"email": "alice"}, "no e-mail address"),
        ({"name": " "}, "1 to 200"),
        ({"password": "short"}, "too short"),
        ({"password": "alice@example.com"}, "too similar"),
        ({"language": "es"}, "not spoken"),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_nothing_is_made(
    connection: Connection[Any], wrong: dict[str, str], said: str
) -> None:
    answer = nobody().post(welcome(connection), {**ACCOUNT, **wrong})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert NEW not in text_of(answer)
    assert User.objects.count() == 0


def test_a_link_that_was_not_made_here_welcomes_nobody() -> None:
    client = nobody()
    assert client.get("/welcome/first.x").status_code == 410
    assert client.post("/welcome/x", ACCOUNT).status_code == 410
    assert User.objects.count() == 0


# ---- Invitations ---------------------------------------------------------------------------------------------------


def invited(connection: Connection[Any], **more: Any) -> str:
    new = NewInvitation("bob@example.com", "sales", **more)
    number = welcoming.invite(connection, settings(), new, by="alice@example.com", now=now())
    return welcoming.invitation_link(settings(), number).removeprefix(settings().url)


def now() -> int:
    import time

    return time.time_ns() // 1000


def test_whoever_is_invited_makes_the_account_that_was_meant(connection: Connection[Any]) -> None:
    place = invited(connection)
    client = nobody()
    assert "bob@example.com" in text_of(client.get(place))
    given = {
        "name": "Bob",
        "password": NEW,
        "language": "en",
        "role": "owner",
        "email": "eve@example.com",
        "member": "x",
    }
    answer = client.post(place, given)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    user = User.objects.get()
    assert (user.email, user.role, user.member) == ("bob@example.com", "sales", None)
    assert nobody().get(place).status_code == 410
    assert nobody().post(place, given).status_code == 410


def test_an_owner_invites_lists_and_takes_back(connection: Connection[Any]) -> None:
    client = signed_in(alice())
    answer = client.post("/settings/users/invite", {"email": "Bob@example.com", "role": "sales", "language": "fr"})
    assert answer.status_code == 303
    page = text_of(client.get("/settings/users"))
    link = re.search(r"/join/[\w.-]+", page)
    assert link is not None
    assert nobody().get(link[0]).status_code == 200
    number = connection.execute("select id from invitations").fetchone()
    assert number is not None
    assert client.post(f"/settings/users/invitations/{number[0]}/revoke").status_code == 303
    assert nobody().get(link[0]).status_code == 410
    assert client.post(f"/settings/users/invitations/{number[0]}/revoke").status_code == 404
    assert connection.execute("select count(*) from intents").fetchone() == (0,)


def test_where_mail_leaves_the_invitation_goes_by_mail(
    connection: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUVEUSE_MAIL_URL", "smtp://127.0.0.1:9")
    client = signed_in(alice())
    client.post("/settings/users/invite", {"email": "bob@example.com", "role": "sales", "language": "fr"})
    kind, target = connection.execute("select kind, target from intents").fetchone() or ("", {})
    assert (kind, target) == ("invitation", {"address": "bob@example.com"})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"email": "bob"}, "no e-mail"), ({"role": "king"}, "no such role"), ({"member": "x"}, "on the team"),
     ({"email": "alice@example.com"}, "already")],
)  # fmt: skip
def test_an_invitation_that_cannot_be_is_refused_beside_its_field(wrong: dict[str, str], said: str) -> None:
    client = signed_in(alice())
    given = {"email": "bob@example.com", "role": "sales", "language": "fr", "member": "", **wrong}
    answer = client.post("/settings/users/invite", given)
    assert answer.status_code == 422
    assert said in text_of(answer)


# ---- Passwords -----------------------------------------------------------------------------------------------------


def test_a_reset_is_answered_alike_whether_there_is_an_account(
    connection: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUVEUSE_MAIL_URL", "smtp://127.0.0.1:9")
    alice()
    answers = []
    for email in ("alice@example.com", "nobody@example.com"):
        answer = nobody().post("/account/password/reset/", {"email": email})
        assert answer.status_code == 200
        answers.append(re.sub(r'(value="|: ")[A-Za-z0-9]{64}"', "", text_of(answer)))
    assert answers[0] == answers[1]
    assert connection.execute("select target ->> 'address' from intents").fetchall() == [("alice@example.com",)]


def test_nobody_asks_for_many_links(connection: Connection[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUVEUSE_MAIL_URL", "smtp://127.0.0.1:9")
    alice()
    found = [nobody().post("/account/password/reset/", {"email": "alice@example.com"}).status_code for _ in range(9)]
    assert found[-1] == 429
    assert enter(nobody(), "alice@example.com").status_code == 302


def test_without_mail_the_page_says_what_to_do(connection: Connection[Any]) -> None:
    alice()
    assert "couveuse user password" in text_of(nobody().get("/account/password/reset/"))
    nobody().post("/account/password/reset/", {"email": "alice@example.com"})
    assert connection.execute("select count(*) from intents").fetchone() == (0,)


def test_the_link_sets_another_password_once_and_ends_all_sessions(connection: Connection[Any]) -> None:
    user = alice()
    before = signed_in(user)
    person = welcoming.forgetful(connection, user.pk)
    assert person is not None
    place = welcoming.reset_link(settings(), person, now()).removeprefix(settings().url)
    client = nobody()
    assert "alice@example.com" in text_of(client.get(place))
    assert client.post(place, {"password": "short"}).status_code == 422
    answer = client.post(place, {"password": NEW})
    assert (answer.status_code, answer.headers["Location"]) == (303, LOGIN)
    assert client.get(place).status_code == 410
    assert not is_in(before)
    assert enter(nobody(), "alice@example.com").status_code == 200
    assert enter(nobody(), "alice@example.com", NEW).status_code == 302


def test_a_new_password_asks_for_the_old_one_and_ends_the_other_sessions(connection: Connection[Any]) -> None:
    user = alice()
    here, there = nobody(), nobody()
    enter(here, "alice@example.com")
    enter(there, "alice@example.com")
    place = "/account/password/change/"
    answer = here.post(place, {"current": "not this one", "password": NEW})
    assert answer.status_code == 422
    assert here.post(place, {"current": PASSWORD, "password": "short"}).status_code == 422
    key = here.session.session_key
    answer = here.post(place, {"current": PASSWORD, "password": NEW})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings/me")
    assert (is_in(here), is_in(there)) == (True, False)
    assert here.session.session_key != key
    assert text_of(here.get("/settings/me")).count("right here") == 1
    assert "alice@example.com: password set" in done(connection)
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_guessing_the_old_password_locks_too() -> None:
    alice()
    client = nobody()
    enter(client, "alice@example.com")
    found = [client.post("/account/password/change/", {"current": "x", "password": NEW}).status_code for _ in range(9)]
    assert found == [422] * 7 + [429] * 2


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


def test_behind_a_proxy_attempts_are_counted_by_what_it_says_last() -> None:
    from django.test import RequestFactory, override_settings

    from couveuse.web.areas.accounts.locking import address_of

    asked = RequestFactory(headers={"X-Forwarded-For": "203.0.113.9, 192.0.2.7"}).get("/")
    assert address_of(asked) == "127.0.0.1"  # whoever asks without a proxy may say what they like
    with override_settings(SESSION_COOKIE_SECURE=True):
        assert address_of(asked) == "192.0.2.7"
        assert address_of(RequestFactory(headers={"X-Forwarded-For": "nonsense"}).get("/")) == "127.0.0.1"
        assert address_of(RequestFactory().get("/")) == "127.0.0.1"


@pytest.mark.parametrize(
    ("url", "expected"), [("https://couveuse.example.com", True), ("http://127.0.0.1:8000", False)]
)
def test_where_the_address_is_https_cookies_go_by_no_other_way(url: str, expected: bool) -> None:
    import os
    import subprocess
    import sys

    says = "from couveuse.store import settings as s; print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE)"
    environment = {**os.environ, "COUVEUSE_PUBLIC_URL": url, "COUVEUSE_SECRET_KEY": "s" * 40}
    done = subprocess.run([sys.executable, "-c", says], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(expected)] * 2


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
