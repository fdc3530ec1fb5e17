"""Second factors: added, asked for, lost; their secrets are sealed, and guessing codes locks as guessing passwords."""

import base64
import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.test import Client

from tests.engine.town import Town
from tests.web.people import PASSWORD, alice, nobody
from tests.web.test_accounts import done, enter, is_in, text_of, town_of_people

__all__ = ["town_of_people"]  # every test is in a town

ACTIVATE = "/account/mfa/totp/activate/"


def sure(client: Client, place: str) -> Any:
    """The page that asks for the password once more before it answers."""
    asked = client.get(place)
    assert asked.status_code == 302
    back = asked.headers["Location"]
    assert back.startswith("/account/reauthenticate/")
    assert "once more" in text_of(client.get(back))
    assert client.post(back, {"password": "not this one", "next": place}).status_code == 200
    assert client.post(back, {"password": PASSWORD, "next": place}).headers["Location"] == place
    return client.get(place)


def code_of(secret: str, later: int = 0) -> str:
    """What an app shows for a secret; the code of before is not taken twice."""
    counter = next(iter(yield_hotp_counters_from_time())) + later
    return str(format_hotp_value(hotp_value(secret, counter)))


def with_an_app(client: Client) -> tuple[str, list[str]]:
    """An app is added; its secret, and the recovery codes."""
    page = text_of(sure(client, ACTIVATE))
    found = re.search(r"<code>([A-Z2-7]{16,})</code>", page)
    assert found is not None
    assert "data:image/svg+xml;base64," in page
    assert client.post(ACTIVATE, {"code": "000000"}).status_code == 200
    answer = client.post(ACTIVATE, {"code": code_of(found[1])})
    assert answer.headers["Location"] == "/account/mfa/recovery-codes/"
    codes = re.findall(r"<li><code>(\w+)</code>", text_of(client.get("/account/mfa/recovery-codes/")))
    cache.clear()  # a code is taken once; the app that is asked next has the same one still
    return found[1], codes


@pytest.fixture
def her() -> Client:
    """Alice's browser."""
    alice()
    client = nobody()
    enter(client, "alice@example.com")
    return client


def test_an_app_is_added_asked_for_and_removed(her: Client, town: Town) -> None:
    secret, codes = with_an_app(her)
    assert len(codes) == 10
    assert "10 codes are left" in text_of(her.get("/settings/me"))
    other = nobody()
    answer = enter(other, "alice@example.com")
    assert answer.headers["Location"] == "/account/mfa/authenticate/"
    assert not is_in(other)
    assert "Second step" in text_of(other.get("/account/mfa/authenticate/"))
    assert other.post("/account/mfa/authenticate/", {"code": code_of(secret)}).headers["Location"] == "/"
    assert is_in(other)
    assert her.post("/account/mfa/totp/deactivate/").status_code == 302
    assert not Authenticator.objects.exists()
    once_more = nobody()
    assert enter(once_more, "alice@example.com").headers["Location"] == "/"
    said = done(town.connection)
    assert [line for line in said if "factor" in line] == [
        *["alice@example.com: second factor added"] * 2, *["alice@example.com: second factor removed"] * 2,
    ]  # fmt: skip


def test_after_the_second_step_one_goes_where_one_wanted_to(her: Client) -> None:
    secret, _ = with_an_app(her)
    other = nobody()
    enter(other, "alice@example.com", next="/leads?band=hot")
    answer = other.post("/account/mfa/authenticate/", {"code": code_of(secret)})
    assert answer.headers["Location"] == "/leads?band=hot"


def test_a_code_lets_in_once_whichever_process_is_asked(her: Client) -> None:
    secret, _ = with_an_app(her)
    code = code_of(secret)
    found = []
    for _ in range(2):
        other = nobody()
        enter(other, "alice@example.com")
        other.post("/account/mfa/authenticate/", {"code": code})
        found.append(is_in(other))
        cache.clear()  # another process has its own
    assert found == [True, False]


def test_a_recovery_code_lets_in_once(her: Client) -> None:
    _, codes = with_an_app(her)
    for number, expected in ((0, True), (0, False), (1, True)):
        other = nobody()
        enter(other, "alice@example.com")
        other.post("/account/mfa/authenticate/", {"code": codes[number]})
        assert is_in(other) is expected
    assert "8 codes are left" in text_of(her.get("/settings/me"))


def test_new_recovery_codes_take_the_place_of_the_old_ones(her: Client) -> None:
    _, codes = with_an_app(her)
    page = text_of(her.get("/account/mfa/recovery-codes/new/"))
    assert "10 codes are left; they will work no more" in page
    assert her.post("/account/mfa/recovery-codes/new/").status_code == 302
    assert codes[0] not in text_of(her.get("/account/mfa/recovery-codes/"))
    other = nobody()
    enter(other, "alice@example.com")
    other.post("/account/mfa/authenticate/", {"code": codes[0]})
    assert not is_in(other)


def test_wrong_codes_lock_the_account_as_wrong_passwords_do(her: Client) -> None:
    secret, _ = with_an_app(her)
    other = nobody()
    enter(other, "alice@example.com")
    found = [other.post("/account/mfa/authenticate/", {"code": f"{n:06}"}).status_code for n in range(9)]
    assert found[-1] == 429
    assert other.post("/account/mfa/authenticate/", {"code": code_of(secret)}).status_code == 429
    assert not is_in(other)
    fresh = nobody()
    assert enter(fresh, "alice@example.com").status_code == 429


def test_the_second_step_is_nobodys_who_has_not_given_a_password() -> None:
    client = nobody()
    assert client.get("/account/mfa/authenticate/").headers["Location"] == "/account/login/"


def test_no_secret_of_an_app_stands_in_the_database(her: Client, town: Town) -> None:
    secret, codes = with_an_app(her)
    kept = str(town.rows("select data from mfa_authenticator"))
    assert secret not in kept
    assert not any(code in kept for code in codes)
    sealed = town.rows("select data ->> 'secret' from mfa_authenticator where type = 'totp'")[0][0]
    assert secret.encode() not in base64.b64decode(sealed)


def test_without_a_name_there_are_no_passkeys_and_the_page_says_why(her: Client) -> None:
    by_number = Client(headers={"Host": "127.0.0.1:8000"})
    by_number.cookies = her.cookies
    assert "http://localhost" in text_of(by_number.get("/settings/me"))
    assert "http://localhost" in text_of(her.get("/settings/me"))  # by name, but not encrypted
    local = Client(headers={"Host": "localhost:8000"})
    local.cookies = her.cookies
    assert "/account/mfa/passkeys/add/" in text_of(local.get("/settings/me"))


def test_the_page_of_a_passkey_says_what_a_browser_needs(her: Client) -> None:
    page = text_of(sure(her, "/account/mfa/passkeys/add/"))
    assert 'data-passkey="add"' in page
    assert "&quot;" not in page[page.index("data-options") : page.index("</form>")].split(">")[0]
    assert "passkeys.js" in page
    answer = her.post("/account/mfa/passkeys/add/", {"name": "", "credential": "{}"})
    assert answer.status_code == 200
    assert not Authenticator.objects.exists()
    asked = nobody().get("/account/mfa/passkeys/login/", headers={"Accept": "application/json"})
    assert asked.json()["request_options"]["publicKey"]["rpId"] == "testserver"


def test_who_has_lost_the_second_factor_is_helped_by_an_owner_or_a_command(her: Client, town: Town) -> None:
    from couveuse.store.accounts import people

    with_an_app(her)
    people.forget_factors(town.connection, 1, by="command line", now=1)
    assert not is_in(her)
    other = nobody()
    assert enter(other, "alice@example.com").headers["Location"] == "/"


def test_with_another_secret_key_factors_open_nothing_and_the_page_says_what_to_do(
    her: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from couveuse.store.sealed import Box
    from couveuse.web.areas.accounts import adapters

    secret, _ = with_an_app(her)
    monkeypatch.setattr(adapters, "_box", lambda: Box("another key of another instance, as long as it has to be"))
    other = nobody()
    enter(other, "alice@example.com")
    answer = other.post("/account/mfa/authenticate/", {"code": code_of(secret)})
    assert answer.status_code == 200
    assert "Ask an owner to forget it" in text_of(answer)
    assert not is_in(other)
    assert "0 codes are left" in text_of(her.get("/settings/me"))
    answer = her.get("/account/mfa/recovery-codes/")
    assert answer.headers["Location"] == "/settings/me"
    assert "Ask an owner" in text_of(her.get("/settings/me"))
