"""Another e-mail, and accounts deleted: who may, what is asked, what ends, and what strangers try."""

import re
from typing import Any

import pytest
from django.test import Client
from psycopg import Connection

from couveuse import configuration
from couveuse.core.times import DAY_US
from couveuse.engine import account_mail, welcoming
from couveuse.engine.alerting import compose
from couveuse.store.accounts import leaving, people
from couveuse.store.accounts.models import Role, User
from couveuse.store.accounts.people import Refused
from couveuse.store.intents import Intent
from tests.engine.town import NOW, Town
from tests.web.asking import Asker, a_token
from tests.web.people import PASSWORD, a_person, alice, charlie, nobody, signed_in
from tests.web.test_accounts import connection, done, enter, is_in, text_of, town_of_people

__all__ = ["connection", "town_of_people"]  # every test is in a town

OWN = "/settings/me/email"
MAIL = "smtp://127.0.0.1:1"


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mail leaves from here."""
    monkeypatch.setenv("COUVEUSE_MAIL_URL", MAIL)


def ask(client: Client, email: str = "new@example.org", password: str = PASSWORD, place: str = OWN, **more: str) -> Any:
    return client.post(place, {"email": email, "current": password, **more})


def mails(connection: Connection[Any]) -> list[tuple[str, str]]:
    """What goes out about accounts: kind and address, the oldest first."""
    return connection.execute("select kind, target ->> 'address' from intents order by id").fetchall()


def link_in(connection: Connection[Any], now: int | None = None) -> str:
    """The address in the last mail."""
    import time

    row = connection.execute(
        "select id, key, channel, audience, kind, target, about, alert_id, due_at, attempts, unknowns, 0, 1 "
        "from intents order by id desc limit 1"
    ).fetchone()
    assert row is not None
    notice = compose(connection, Intent(*row), configuration.read(), now or time.time_ns() // 1000)
    assert notice is not None
    return notice.url.removeprefix(configuration.read().url)


def email_of(user: User) -> str:
    user.refresh_from_db()
    return user.email


# ---- One's own e-mail ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("mail")
def test_it_works(connection: Connection[Any]) -> None:
    user = charlie()
    here, there = nobody(), nobody()
    for client in (here, there):
        enter(client, "charlie@example.com")
    assert "A link goes to the new address" in text_of(here.get(OWN))
    assert ask(here, "New@Example.org").status_code == 303
    assert email_of(user) == "charlie@example.com"  # until it is confirmed
    assert mails(connection) == [("email_new", "new@example.org")]
    link = link_in(connection)
    page = text_of(here.get(link))
    assert "charlie@example.com" in page
    assert email_of(user) == "charlie@example.com"  # looking changes nothing: programs open links too
    assert here.post(link).status_code == 303
    assert email_of(user) == "new@example.org"
    assert (is_in(here), is_in(there)) == (True, False)
    assert mails(connection)[1:] == [("email_changed", "charlie@example.com")]
    assert link_in(connection) == "/"
    assert not is_in_by("charlie@example.com")
    assert is_in_by("new@example.org")
    assert [line.split(": ")[1] for line in done(connection) if "e-mail" in line] == [
        "e-mail asked for",
        "e-mail changed",
    ]


def is_in_by(email: str) -> bool:
    client = nobody()
    enter(client, email)
    return is_in(client)


@pytest.mark.usefixtures("mail")
def test_a_link_serves_once_and_whoever_reads_the_mailbox_need_not_be_signed_in(connection: Connection[Any]) -> None:
    user = charlie()
    ask(signed_in(user))
    link = link_in(connection)
    assert nobody().post(link).headers["Location"] == "/account/login/"
    assert email_of(user) == "new@example.org"
    assert nobody().post(link).status_code == 410
    assert nobody().get(link).status_code == 410


@pytest.mark.usefixtures("mail")
@pytest.mark.parametrize("what", ["password", "sessions", "deactivated", "deleted", "changed"])
def test_a_link_is_stale_once_the_account_has_changed(connection: Connection[Any], what: str) -> None:
    alice()
    user = charlie()
    ask(signed_in(user))
    link, id = link_in(connection), user.pk
    change = {
        "password": lambda: people.set_password(connection, id, "x", by="x", now=NOW),
        "sessions": lambda: people.end_sessions(connection, id, by="x", now=NOW),
        "deactivated": lambda: people.deactivate(connection, id, by="x", now=NOW),
        "deleted": lambda: leaving.delete(connection, id, by="x", now=NOW),
        "changed": lambda: leaving.change_email(connection, id, "other@example.org", by="x", now=NOW),
    }
    change[what]()
    assert nobody().post(link).status_code == 410
    assert not User.objects.filter(email="new@example.org").exists()


@pytest.mark.usefixtures("mail")
def test_a_link_ends_after_a_day_and_one_of_another_purpose_is_none(connection: Connection[Any]) -> None:
    user = charlie()
    settings = configuration.read()
    moving = welcoming.moving(connection, user.pk, "new@example.org")
    assert moving is not None
    old = welcoming.email_link(settings, moving, NOW).removeprefix(settings.url)
    token = old.removeprefix("/account/email/").removesuffix("/")
    assert welcoming.who_moves(connection, settings, token, NOW + DAY_US - 2_000_000) is not None
    assert welcoming.who_moves(connection, settings, token, NOW + DAY_US) is None
    forgetful = welcoming.forgetful(connection, user.pk)
    assert forgetful is not None
    reset = welcoming.reset_link(settings, forgetful, NOW).rsplit("/", 2)[-2]
    for wrong in (reset, token[:-1], "x", "1.2.3", f"{token}x"):
        assert nobody().post(f"/account/email/{wrong}/").status_code == 410
        assert welcoming.who_moves(connection, settings, wrong, NOW) is None
    assert nobody().post(f"/account/password/reset/{token}/", {"password": "aigrette-garzette-1846"}).status_code == 410


@pytest.mark.usefixtures("mail")
def test_without_the_password_nothing_is_asked_for_and_guessing_is_stopped(connection: Connection[Any]) -> None:
    client = signed_in(charlie())
    answers = [ask(client, password="wrong").status_code for _ in range(25)]
    assert answers[0] == 422
    assert answers[-1] == 429
    assert ask(client).status_code == 429  # with the right one, too
    assert mails(connection) == []


@pytest.mark.usefixtures("mail")
def test_somebody_elses_e_mail_is_not_given_whatever_its_case(connection: Connection[Any]) -> None:
    alice()
    client = signed_in(charlie())
    for taken in ("alice@example.com", " Alice@EXAMPLE.com "):
        answer = ask(client, taken)
        assert answer.status_code == 422
        assert "There is an account of this address already" in text_of(answer)
    for wrong in ("", "x", "a@b\r\nBcc: c@example.org", "a" * 250 + "@example.org", "\x00@example.org"):
        assert ask(client, wrong).status_code == 422, wrong
    assert mails(connection) == []


@pytest.mark.usefixtures("mail")
def test_an_e_mail_that_somebody_took_meanwhile_is_not_given(connection: Connection[Any]) -> None:
    user = charlie()
    ask(signed_in(user))
    link = link_in(connection)
    User.objects.create_user("new@example.org", PASSWORD, name="Eve", role=Role.READER)
    answer = nobody().post(link)
    assert answer.status_code == 422
    assert "There is an account of this address already" in text_of(answer)
    assert email_of(user) == "charlie@example.com"


@pytest.mark.usefixtures("mail")
def test_links_to_the_old_mailbox_open_nothing_any_more(connection: Connection[Any]) -> None:
    user = charlie()
    forgetful = welcoming.forgetful(connection, user.pk)
    assert forgetful is not None
    import time

    settings = configuration.read()
    reset = welcoming.reset_link(settings, forgetful, time.time_ns() // 1000).removeprefix(settings.url)
    assert nobody().get(reset).status_code == 200
    leaving.change_email(connection, user.pk, "new@example.org", by="x", now=NOW)
    assert nobody().get(reset).status_code == 410


def test_where_no_mail_leaves_an_owner_changes_their_own_at_once_and_others_ask_one(
    connection: Connection[Any],
) -> None:
    owner, other = alice(), charlie()
    client = signed_in(owner)
    assert ask(client).status_code == 303
    assert email_of(owner) == "new@example.org"
    assert is_in(client)
    theirs = signed_in(other)
    assert "ask an owner" in text_of(theirs.get(OWN))
    assert ask(theirs, "x@example.org").status_code == 404
    assert email_of(other) == "charlie@example.com"
    assert mails(connection) == []


def test_who_signs_in_elsewhere_asks_an_owner(connection: Connection[Any]) -> None:
    user = a_person("Dora", Role.OWNER)
    user.set_unusable_password()
    user.save()
    client = signed_in(user)
    assert "sign in elsewhere" in text_of(client.get(OWN))
    assert ask(client, password="").status_code == 404
    assert email_of(user) == "dora@example.com"


def test_other_fields_of_an_account_are_not_set_by_the_way(connection: Connection[Any]) -> None:
    user = alice()
    charlie()
    ask(signed_in(user), role="reader", id="2", user="2", is_active="0")
    user.refresh_from_db()
    assert (user.email, user.role, user.is_active, user.check_password(PASSWORD)) == (
        "new@example.org",
        "owner",
        True,
        True,
    )
    assert User.objects.get(name="Charlie").email == "charlie@example.com"


# ---- By an owner ---------------------------------------------------------------------------------------------------


def test_an_owner_gives_somebody_another_and_they_are_signed_out(connection: Connection[Any]) -> None:
    client, user = signed_in(alice()), charlie()
    theirs = signed_in(user)
    place = f"/settings/users/{user.pk}/email"
    assert ask(client, place=place, password="wrong").status_code == 422
    assert email_of(user) == "charlie@example.com"
    assert ask(client, place=place).status_code == 303
    assert email_of(user) == "new@example.org"
    assert not is_in(theirs)
    assert is_in(client)
    assert ask(client, place="/settings/users/999/email").status_code == 404


@pytest.mark.usefixtures("mail")
def test_where_mail_leaves_the_new_mailbox_confirms_it(connection: Connection[Any]) -> None:
    client, user = signed_in(alice()), charlie()
    assert ask(client, place=f"/settings/users/{user.pk}/email").status_code == 303
    assert email_of(user) == "charlie@example.com"
    assert nobody().post(link_in(connection)).status_code == 303
    assert email_of(user) == "new@example.org"
    assert mails(connection)[-1] == ("email_changed", "charlie@example.com")


def test_an_owners_own_is_changed_on_their_own_page_alone(connection: Connection[Any]) -> None:
    user = alice()
    answer = ask(signed_in(user), place=f"/settings/users/{user.pk}/email")
    assert answer.headers["Location"] == OWN
    assert email_of(user) == "alice@example.com"


# ---- Deleted -------------------------------------------------------------------------------------------------------


def delete(client: Client, user: User, confirmed: str | None = None) -> Any:
    return client.post(
        f"/settings/users/{user.pk}/delete", {"confirmed": user.email if confirmed is None else confirmed}
    )


def test_an_account_is_deleted_and_what_they_did_stays(connection: Connection[Any], town_of_people: Town) -> None:
    client, user = signed_in(alice()), a_person("Bob", Role.TELEMARKETING, member="bob")
    theirs = nobody()
    enter(theirs, "bob@example.com")
    assert theirs.post("/leads/views", {"name": "mine", "where": "temperature=hot"}).status_code == 303
    said = done(connection)
    assert delete(client, user, "somebody@example.com").status_code == 422
    assert is_in(theirs)
    assert delete(client, user, " Bob@Example.com ").status_code == 303
    assert not is_in(theirs)
    assert not is_in_by("bob@example.com")
    assert done(connection)[: len(said)] == said
    assert done(connection)[-1] == "alice@example.com: user deleted"
    for table in ("lead_views", "usersessions_usersession", "mfa_authenticator", "account_emailaddress"):
        count = connection.execute(f"select count(*) from {table} where user_id = %s", [user.pk]).fetchone()
        assert count == (0,), table
    assert client.get(f"/settings/users/{user.pk}").status_code == 404
    again = people.NewPerson("bob@example.com", "Bob", "reader", "")
    assert people.add(connection, again, by="x", now=NOW) != user.pk  # a number is nobody else's


def test_every_table_that_names_an_account_lets_go_of_it(connection: Connection[Any]) -> None:
    named = connection.execute(
        "select conrelid::regclass::text from pg_constraint where confrelid = 'users'::regclass and contype = 'f'"
    ).fetchall()
    assert {table for (table,) in named} == {
        "mfa_authenticator", "account_emailaddress", "socialaccount_socialaccount", "usersessions_usersession",
    }  # fmt: skip


def test_who_was_known_elsewhere_is_deleted_with_all_of_it(connection: Connection[Any]) -> None:
    from allauth.account.models import EmailAddress, EmailConfirmation
    from allauth.mfa.models import Authenticator
    from allauth.socialaccount.models import SocialAccount

    client, user = signed_in(alice()), charlie()
    SocialAccount.objects.create(user=user, provider="company", uid="7")
    address = EmailAddress.objects.create(user=user, email=user.email, verified=True)
    EmailConfirmation.create(address)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert delete(client, user).status_code == 303
    assert not SocialAccount.objects.exists()
    assert not EmailConfirmation.objects.exists()


def test_the_last_owner_is_not_deleted_even_by_themselves_and_another_may_go(connection: Connection[Any]) -> None:
    user = alice()
    client = signed_in(user)
    answer = delete(client, user)
    assert answer.status_code == 422
    assert "last owner" in text_of(answer)
    assert is_in(client)
    off = a_person("Dora", Role.OWNER)
    people.deactivate(connection, off.pk, by="x", now=NOW)
    assert delete(client, user).status_code == 422  # who may not sign in owns nothing
    people.activate(connection, off.pk, by="x", now=NOW)
    assert delete(client, user).headers["Location"] == "/account/login/"
    assert not is_in(client)
    assert not User.objects.filter(pk=user.pk).exists()


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER], ids=str)
def test_nobody_but_an_owner_deletes_or_gives_an_e_mail(role: Role) -> None:
    other = alice()
    client = signed_in(a_person("Eve", role))
    assert delete(client, other).status_code == 403
    assert ask(client, place=f"/settings/users/{other.pk}/email").status_code == 403
    assert delete(nobody(), other).status_code == 302
    assert email_of(other) == "alice@example.com"


def test_another_site_makes_a_browser_do_none_of_it(connection: Connection[Any]) -> None:
    user, other = alice(), charlie()
    client = Client(enforce_csrf_checks=True)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert ask(client).status_code == 403
    assert ask(client, place=f"/settings/users/{other.pk}/email").status_code == 403
    assert delete(client, other).status_code == 403
    moving = welcoming.moving(connection, other.pk, "new@example.org")
    assert moving is not None
    import time

    settings = configuration.read()
    link = welcoming.email_link(settings, moving, time.time_ns() // 1000).removeprefix(settings.url)
    assert client.post(link).status_code == 403
    assert (email_of(user), email_of(other)) == ("alice@example.com", "charlie@example.com")
    page = text_of(client.get(link))
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token is not None
    assert client.post(link, {"csrfmiddlewaretoken": token[1]}).status_code == 303


def test_a_program_deletes_whom_it_may_and_no_owner(connection: Connection[Any]) -> None:
    owner, user = alice(), charlie()
    api = Asker(a_token(connection))
    assert api.ask("DELETE", f"/api/v1/users/{owner.pk}").status == 409
    assert api.ask("DELETE", f"/api/v1/users/{user.pk}").json == {"id": user.pk}
    assert api.ask("DELETE", f"/api/v1/users/{user.pk}").status == 404
    assert [each["email"] for each in api.get("/api/v1/users").json["users"]] == ["alice@example.com"]


def test_the_rule_of_the_last_owner_holds_below_the_pages(connection: Connection[Any]) -> None:
    user = alice()
    with pytest.raises(Refused, match="last owner"):
        leaving.delete(connection, user.pk, by="x", now=NOW)
    with pytest.raises(Refused, match="no such account"):
        leaving.delete(connection, 999, by="x", now=NOW)
    assert leaving.change_email(connection, user.pk, "ALICE@example.com", by="x", now=NOW) is None
    account_mail.change_email(connection, configuration.read(), user.pk, "b@example.org", by="x", now=NOW)
    assert email_of(user) == "b@example.org"
