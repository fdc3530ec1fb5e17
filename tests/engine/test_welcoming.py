"""Links to an account: each for one purpose, once, for a while; mails about them are composed when they leave."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from psycopg import Connection

from couveuse.core.notices import NoticeKind
from couveuse.core.times import DAY_US
from couveuse.engine import account_mail, welcoming
from couveuse.engine.alerting import Gone, compose
from couveuse.store import connections
from couveuse.store.accounts import invitations, people
from couveuse.store.accounts.invitations import NewInvitation
from couveuse.store.accounts.people import NewPerson, Refused
from couveuse.store.intents import Intent
from tests.engine.town import NOW, configuration

SETTINGS = configuration(secret_key="of a test, and long enough for one", public_url="https://couveuse.example.com")
OTHERS = configuration(secret_key="of another instance, as long as that", public_url="https://couveuse.example.com")


@dataclass(frozen=True)
class House:
    """A database of people, and what one does there."""

    url: str
    connection: Connection[Any]

    def add(self, email: str, role: str = "reader", **changes: Any) -> int:
        new = NewPerson(email, email.partition("@")[0].title(), role, "pbkdf2$x", **changes)
        return people.add(self.connection, new, by="a test", now=NOW)

    def invite(self, email: str, role: str = "reader", now: int = NOW, **changes: Any) -> tuple[int, str]:
        number = welcoming.invite(
            self.connection, SETTINGS, NewInvitation(email, role, **changes), by="alice@example.com", now=now
        )
        return number, welcoming.invitation_link(SETTINGS, number).rpartition("/")[2]

    def use(self, token: str, now: int = NOW) -> int:
        return invitations.use(
            self.connection, token, name="Bob", password="pbkdf2$y", language="fr", timezone="Europe/Paris", now=now
        )

    def audit(self) -> list[tuple[Any, ...]]:
        return self.connection.execute("select by, did from audit order by id").fetchall()


@pytest.fixture
def house(database: str) -> Iterator[House]:
    with connections.connect(database, "test", autocommit=True) as connection:
        yield House(database, connection)


def at_once(house: House, *deeds: Any) -> list[object]:
    """What each deed came to, all begun in the same moment, each on a connection of its own."""
    barrier, found = threading.Barrier(len(deeds)), []

    def do(deed: Any) -> None:
        with connections.connect(house.url, "test", autocommit=True) as connection:
            barrier.wait()
            try:
                found.append(deed(House(house.url, connection)))
            except Refused as refused:
                found.append(refused.reason)

    threads = [threading.Thread(target=do, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


# ---- The first visitor ---------------------------------------------------------------------------------------------


def test_the_first_visitors_link_is_the_same_until_there_is_an_account(house: House) -> None:
    link = welcoming.welcome_link(house.connection, SETTINGS)
    assert link is not None
    assert link == welcoming.welcome_link(house.connection, SETTINGS)
    token = link.removeprefix("https://couveuse.example.com/welcome/")
    assert welcoming.is_welcome(SETTINGS, token)
    assert not welcoming.is_welcome(OTHERS, token)
    assert not welcoming.is_welcome(SETTINGS, token[:-1])
    assert not welcoming.is_welcome(SETTINGS, "first")
    house.add("alice@example.com", "owner")
    assert welcoming.welcome_link(house.connection, SETTINGS) is None


def test_of_two_first_visitors_one_becomes_the_owner(house: House) -> None:
    def first(email: str) -> Any:
        new = NewPerson(email, "Alice", "owner", "pbkdf2$x")
        return lambda here: people.add_first_owner(here.connection, new, now=NOW)

    found = at_once(house, *(first(f"alice{number}@example.com") for number in range(4)))
    assert sorted(map(str, found)) == ["1", "not_first", "not_first", "not_first"]
    assert len(people.load_people(house.connection)) == 1


# ---- Owners --------------------------------------------------------------------------------------------------------


def test_two_owners_who_remove_each_other_at_once_leave_one(house: House) -> None:
    one, other = house.add("alice@example.com", "owner"), house.add("bob@example.com", "owner")
    found = at_once(
        house,
        lambda here: people.deactivate(here.connection, one, by="bob", now=NOW),
        lambda here: people.change_role(here.connection, other, "reader", by="alice", now=NOW),
    )
    assert sorted(map(str, found)) == ["None", "last_owner"]
    assert [each.role for each in people.load_people(house.connection) if each.is_active and each.role == "owner"]


# ---- Invitations ---------------------------------------------------------------------------------------------------


def test_an_invitation_makes_one_account_and_only_its_digest_is_kept(house: House) -> None:
    number, token = house.invite("Bob@Example.com", "sales")
    kept = str(house.connection.execute("select * from invitations").fetchall())
    assert token not in kept
    made = house.use(token)
    bob = people.find(house.connection, made)
    assert (bob.email, bob.role, bob.is_active) == ("bob@example.com", "sales", True)
    with pytest.raises(Refused) as refused:
        house.use(token)
    assert refused.value.reason == "invitation_over"
    assert house.audit() == [
        ("alice@example.com", "user invited"),
        ("bob@example.com", "user added"),
        ("bob@example.com", "invitation used"),
    ]
    assert invitations.load_open(house.connection) == []
    assert number == 1


def test_used_by_two_at_once_it_makes_one_account(house: House) -> None:
    _, token = house.invite("bob@example.com")
    found = at_once(house, *(lambda here: here.use(token) for _ in range(4)))
    assert sorted(map(str, found)) == ["1", *["invitation_over"] * 3]


def test_it_is_over_after_seven_days_or_when_revoked_or_replaced(house: House) -> None:
    number, token = house.invite("bob@example.com")
    assert invitations.usable(house.connection, token, NOW + 7 * DAY_US - 1) is not None
    assert invitations.usable(house.connection, token, NOW + 7 * DAY_US) is None
    with pytest.raises(Refused):
        house.use(token, NOW + 7 * DAY_US)
    assert invitations.revoke(house.connection, number, by="alice@example.com", now=NOW)
    assert not invitations.revoke(house.connection, number, by="alice@example.com", now=NOW)
    with pytest.raises(Refused):
        house.use(token)
    _, second = house.invite("bob@example.com")
    _, third = house.invite("bob@example.com")
    assert invitations.usable(house.connection, second, NOW) is None
    assert house.use(third)


def test_nobody_is_invited_who_has_an_account_or_to_be_what_there_is_not(house: House) -> None:
    house.add("bob@example.com")
    for given, reason in [
        (("bob@example.com", "sales"), "email_taken"),
        (("carol", "sales"), "email"),
        (("carol@example.com", "king"), "role"),
    ]:
        with pytest.raises(Refused) as refused:
            house.invite(*given)
        assert refused.value.reason == reason
    with pytest.raises(Refused) as refused:
        house.invite("carol@example.com", member="nobody")
    assert refused.value.reason == "no_such_member"


def test_an_invitation_that_cannot_be_used_still_stands(house: House) -> None:
    _, token = house.invite("bob@example.com")
    house.add("bob@example.com")
    with pytest.raises(Refused) as refused:
        house.use(token)
    assert refused.value.reason == "email_taken"
    assert len(invitations.load_open(house.connection)) == 1


# ---- Passwords -----------------------------------------------------------------------------------------------------


def reset_token(house: House, id: int, now: int = NOW) -> str:
    person = welcoming.forgetful(house.connection, id)
    assert person is not None
    return welcoming.reset_link(SETTINGS, person, now).removeprefix(
        "https://couveuse.example.com/account/password/reset/"
    )[:-1]


def test_a_reset_link_holds_for_two_hours_and_until_the_password_changes_or_somebody_signs_in(house: House) -> None:
    bob = house.add("bob@example.com")
    token = reset_token(house, bob)

    def who(now: int = NOW, settings: Any = SETTINGS, token: str = token) -> Any:
        return welcoming.who_resets(house.connection, settings, token, now)

    assert who().id == bob
    assert who(NOW + welcoming.RESET_US) is None
    assert who(settings=OTHERS) is None
    assert who(token=f"{token}x") is None
    people.set_password(house.connection, bob, "pbkdf2$new", by="bob@example.com", now=NOW)
    assert who() is None
    later = reset_token(house, bob)
    house.connection.execute("update users set last_login = now() where id = %s", [bob])
    assert who(token=later) is None


def test_who_may_not_sign_in_by_password_resets_none(house: House) -> None:
    house.add("alice@example.com", "owner")
    bob, carol = house.add("bob@example.com"), house.add("carol@example.com")
    token = reset_token(house, bob)
    people.deactivate(house.connection, bob, by="alice@example.com", now=NOW)
    assert welcoming.who_resets(house.connection, SETTINGS, token, NOW) is None
    house.connection.execute("update users set password = '!none' where id = %s", [carol])
    assert welcoming.forgetful(house.connection, carol) is None


# ---- Mails ---------------------------------------------------------------------------------------------------------


def the_intent(house: House) -> Intent:
    row = house.connection.execute(
        "select id, key, channel, audience, kind, target, about, due_at from intents"
    ).fetchone()
    assert row is not None
    *first, due_at = row
    return Intent(*first, None, due_at, 0, 0, 0, 0)


def test_an_invitations_link_stands_in_the_mail_alone(house: House) -> None:
    house.add("alice@example.com", "owner")
    number, token = house.invite("bob@example.com", "marketing", language="fr")
    account_mail.plan_invitation(house.connection, number, "bob@example.com", NOW)
    intent = the_intent(house)
    assert token not in str(intent)
    notice = compose(house.connection, intent, SETTINGS, NOW)
    assert not isinstance(notice, Gone)
    assert (notice.kind, notice.language, notice.member, notice.treatment) == (
        NoticeKind.INVITATION, "fr", "Alice", "marketing",
    )  # fmt: skip
    assert notice.url == f"https://couveuse.example.com/join/{token}"
    invitations.revoke(house.connection, number, by="alice@example.com", now=NOW)
    assert isinstance(compose(house.connection, intent, SETTINGS, NOW), Gone)


def test_however_often_a_reset_is_asked_for_one_mail_leaves_in_five_minutes(house: House) -> None:
    bob = house.add("bob@example.com", language="en")
    for seconds in (0, 1, 100):
        account_mail.plan_reset(house.connection, bob, "bob@example.com", NOW + seconds * 1_000_000)
    notice = compose(house.connection, the_intent(house), SETTINGS, NOW)
    assert not isinstance(notice, Gone)
    assert welcoming.who_resets(house.connection, SETTINGS, notice.url.split("/")[-2], NOW)
    assert house.connection.execute("select count(*) from intents").fetchone() == (1,)
