"""Signing in by OpenID Connect: whoever has an account here, by an e-mail verified there; nobody else, unless set."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.test import Client, override_settings

from couveuse import configuration
from couveuse.configuration import BadConfiguration
from couveuse.store.accounts.models import User
from couveuse.store.settings import elsewhere
from tests.engine.town import Town
from tests.web.oidc_provider import CLIENT, SECRET, Provider, providing
from tests.web.people import PASSWORD, alice, nobody
from tests.web.test_accounts import done, enter, is_in, text_of, town_of_people
from tests.web.test_accounts_factors import with_an_app

__all__ = ["town_of_people"]  # every test is in a town

BEGIN = "/account/oidc/company/login/"
ALICE = {"sub": "a-1", "email": "Alice@example.com", "email_verified": True, "name": "Alice Martin"}


def set_up(monkeypatch: pytest.MonkeyPatch, provider: Provider, role: str = "") -> Any:
    """The instance's settings name the provider."""
    given = {"URL": provider.url, "CLIENT_ID": CLIENT, "CLIENT_SECRET": SECRET, "NAME": "Valrive", "ROLE": role}
    for name, value in given.items():
        monkeypatch.setenv(f"COUVEUSE_OIDC_{name}", value)
    return override_settings(SOCIALACCOUNT_PROVIDERS=elsewhere(configuration.read()), OIDC_ROLE=role)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    with providing() as found, set_up(monkeypatch, found):
        found.claims = dict(ALICE)
        yield found


def come(client: Client, begin: str = BEGIN) -> Any:
    """Go there and come back; what is answered in the end."""
    away = client.get(begin)
    assert away.status_code == 302, text_of(away)
    back = httpx.get(away.headers["Location"]).headers["Location"]
    return client.get(back.removeprefix("http://testserver"))


def test_it_works(provider: Provider, town: Town) -> None:
    alice()
    client = nobody()
    assert f'href="{BEGIN}?next=' in text_of(client.get("/account/login/?next=/leads"))
    assert "Continue with Valrive" in text_of(client.get("/account/login/"))
    answer = come(client, f"{BEGIN}?next=/leads")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/leads")
    assert is_in(client)
    assert User.objects.get().check_password(PASSWORD)  # and one may sign in by password as before
    assert done(town.connection) == ["alice@example.com: signed in"]
    provider.claims["email"] = "changed@example.com"
    again = nobody()
    come(again)
    assert is_in(again)  # known by the provider's number from now on
    assert "/token" in provider.asked


@pytest.mark.parametrize(
    "claims",
    [{"email": "bob@example.com"}, {"email_verified": False}, {"email_verified": None}, {"email": None}],
)
def test_whoever_has_no_account_or_no_verified_email_is_not_let_in(provider: Provider, claims: dict[str, Any]) -> None:
    alice()
    provider.claims = {name: value for name, value in {**ALICE, **claims}.items() if value is not None}
    client = nobody()
    answer = come(client)
    assert answer.status_code == 200
    assert "no account of that name" in text_of(answer)
    assert not is_in(client)
    assert User.objects.count() == 1


def test_where_a_role_is_set_an_account_is_made_with_it(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    alice()
    with set_up(monkeypatch, provider, role="reader"):
        provider.claims = {"sub": "b-2", "email": "bob@example.com", "email_verified": True, "name": "Bob Lefèvre"}
        client = nobody()
        assert come(client).headers["Location"] == "/"
        assert is_in(client)
        user = User.objects.get(email="bob@example.com")
        assert (user.name, user.role, user.has_usable_password()) == ("Bob Lefèvre", "reader", False)
        page = text_of(client.get("/settings/me"))
        assert "company’s sign-in" in page or "company’s service" in page
        assert client.post("/account/password/change/", {"current": "", "password": "x" * 20}).status_code == 404
        assert client.get("/account/mfa/totp/activate/").status_code == 200
        provider.claims = {"sub": "e-3", "email": "eve@example.com", "email_verified": False}
        stranger = nobody()
        come(stranger)
        assert not is_in(stranger)
        provider.claims = {"sub": "e-4", "email": "alice@example.com", "email_verified": False}
        come(stranger)
        assert not is_in(stranger)
        assert User.objects.count() == 2


def test_whoever_was_deactivated_is_not_let_in(provider: Provider) -> None:
    user = alice()
    user.is_active = False
    user.save()
    client = nobody()
    assert come(client).headers["Location"] == "/account/inactive/"
    assert not is_in(client)


def test_the_second_factor_of_here_is_asked_for(provider: Provider) -> None:
    alice()
    her = nobody()
    enter(her, "alice@example.com")
    with_an_app(her)
    client = nobody()
    assert come(client).headers["Location"] == "/account/mfa/authenticate/"
    assert not is_in(client)


def test_one_does_not_come_back_to_another_site(provider: Provider) -> None:
    alice()
    assert come(nobody(), f"{BEGIN}?next=https://evil.example/").headers["Location"] == "/"


def test_a_state_that_was_not_given_here_is_refused(provider: Provider) -> None:
    alice()
    away = nobody().get(BEGIN)
    back = httpx.get(away.headers["Location"]).headers["Location"].removeprefix("http://testserver")
    stranger = nobody()
    assert "did not work" in text_of(stranger.get(back))
    assert not is_in(stranger)


def test_who_turns_back_there_is_told_so(provider: Provider) -> None:
    provider.is_denying = True
    client = nobody()
    answer = come(client)
    assert answer.headers["Location"] == "/account/elsewhere/cancelled/"
    assert "called off" in text_of(client.get(answer.headers["Location"]))


def test_a_provider_that_is_down_is_told(provider: Provider) -> None:
    provider.is_down = True
    client = nobody()
    answer = client.get(BEGIN)
    assert answer.headers["Location"] == "/account/elsewhere/error/"
    assert "did not work" in text_of(client.get(answer.headers["Location"]))
    provider.is_down = False
    away = client.get(BEGIN)
    back = httpx.get(away.headers["Location"]).headers["Location"].removeprefix("http://testserver")
    provider.is_down = True
    assert client.get(back).headers["Location"] == "/account/elsewhere/error/"


def test_without_a_provider_there_is_no_way_there() -> None:
    client = nobody()
    assert "company/login" not in text_of(client.get("/account/login/"))
    assert client.get(BEGIN).status_code == 404


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"URL": "https://login.example.com"}, "COUVEUSE_OIDC_CLIENT_ID and COUVEUSE_OIDC_CLIENT_SECRET"),
        ({"CLIENT_SECRET": "x"}, "COUVEUSE_OIDC_URL"),
        ({"URL": "http://login.example.com", "CLIENT_ID": "x", "CLIENT_SECRET": "x"}, "https://login"),
        ({"URL": "https://l.example.com", "CLIENT_ID": "x", "CLIENT_SECRET": "x", "ROLE": "owner"}, "write one of"),
    ],
)
def test_settings_that_will_not_do_are_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        configuration.read({f"COUVEUSE_OIDC_{name}": value for name, value in given.items()})
    assert said in str(refused.value)
