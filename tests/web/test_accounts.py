"""Signing in: the first visitor, invitations, passwords, sessions, and what strangers try."""

import re
from collections.abc import Iterator
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
from tests.web.people import PASSWORD, a_person, alice, nobody, signed_in

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


# ---- Behind a proxy ------------------------------------------------------------------------------------------------


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
