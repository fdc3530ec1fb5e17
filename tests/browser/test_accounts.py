"""Getting in, in a real browser: the first visitor, an invitation, a password forgotten, a passkey, no script."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE, Opening, followed, sign_in
from tests.browser.house import PASSWORD, House
from tests.processes import until

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
NEW = "aigrette-garzette-1846"


def fill(page: Page, **given: str) -> None:
    """A form filled in."""
    for name, text in given.items():
        page.locator(f"[name={name}]").fill(text)


def send(page: Page) -> None:
    """Its button."""
    followed(page.locator("main form[method=post] .primary").first)


def welcome_of(house: House) -> str:
    """Where the first visitor begins, as the log of the start has it."""
    until(lambda: "/welcome/" in house.up.said)
    found = re.search(r"(/welcome/\S+)", house.up.said)
    assert found is not None
    return found[1]


def mailed(house: House, to: str, path: str) -> str:
    """The address of a page of ours in the last mail to somebody."""
    found: list[str] = []

    def came() -> bool:
        texts = [mail.get_body(("plain",)).get_content() for mail in house.mails.mails if to in str(mail["To"])]
        found[:] = [each for text in texts for each in re.findall(rf"({path}\S+)", text.replace("=\n", ""))]
        return bool(found)

    until(came)
    return found[-1]


def test_the_first_visitor_invites_another_who_forgets_the_password(empty: House, opening: Opening) -> None:
    owner = opening(empty, language="fr")
    owner.goto(welcome_of(empty))
    expect(owner.locator("h1")).to_have_text("Bienvenue")
    fill(owner, name="Alice Martin", email="alice@example.com", password=NEW)
    send(owner)
    owner.wait_for_url("**/start**")
    owner.goto("/settings/users")
    fill(owner, email="bob@example.com", name="Bob")
    owner.locator("[name=role]").select_option("sales")
    owner.locator("#invite [name=language]").select_option("en")
    followed(owner.locator("#invite .primary"))
    expect(owner.locator(".toast")).to_contain_text("bob@example.com")
    bob = opening(empty)
    bob.goto(mailed(empty, "bob@example.com", "/join/"))
    expect(bob.locator("h1")).to_have_text("Open your account")
    fill(bob, password=PASSWORD)
    send(bob)
    bob.wait_for_url(lambda address: "/join/" not in address)
    bob.goto("/settings/me")
    bob.locator("details.menu summary").click()
    followed(bob.locator("form[action='/account/logout/'] button"))
    bob.goto("/account/password/reset/")
    fill(bob, email="bob@example.com")
    send(bob)
    expect(bob.locator("h1")).to_have_text("Look at your e-mail")
    bob.goto(mailed(empty, "bob@example.com", "/account/password/reset/"))
    fill(bob, password=NEW)
    send(bob)
    bob.wait_for_url("**/account/login/")
    fill(bob, login="bob@example.com", password=NEW)
    send(bob)
    bob.wait_for_url(lambda address: "/account/login" not in address)


def test_one_signs_in_with_a_passkey_alone(furnished: House, chromium: Browser) -> None:
    context = chromium.new_context(base_url=furnished.url.replace("127.0.0.1", "localhost"), locale="en-GB")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    keys = context.new_cdp_session(page)
    keys.send("WebAuthn.enable")
    keys.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }})  # fmt: skip
    sign_in(page, "reader")
    page.goto("/settings/me")
    followed(page.get_by_role("link", name="Add a passkey"))
    fill(page, password=PASSWORD)
    send(page)
    fill(page, name="My laptop")
    page.locator("[data-begins]").click()
    page.wait_for_url("**/account/mfa/recovery-codes/")
    assert page.locator(".codes li").count() == 10
    page.goto("/settings/me")
    expect(page.locator("#factors")).to_contain_text("My laptop")
    page.locator("details.menu summary").click()
    followed(page.locator("form[action='/account/logout/'] button"))
    page.goto("/account/login/?next=/settings/me")
    page.locator("[data-passkey=login] [data-begins]").click()
    page.wait_for_url("**/settings/me")
    followed(page.get_by_role("link", name="Remove"))
    page.wait_for_url(lambda address: "/settings/me" not in address)
    context.close()


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_on_the_way_in_is_whole(furnished: House, opening: Opening, language: str, width: int) -> None:
    faults: list[tuple[str, object]] = []

    def look(page: Page, address: str) -> None:
        page.goto(f"{address}?lang={language}")
        found = Axe().run(page, options=RULES).response["violations"]
        faults.extend((address, each["id"]) for each in found if each["impact"] in ("serious", "critical"))
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            faults.append((address, "wider than the window"))
        assert page.locator("h1").count() == 1, address

    stranger = opening(furnished, language=language, width=width)
    for address in ("/account/login/", "/account/password/reset/", "/join/none", "/welcome/none", "/account/inactive/"):
        look(stranger, address)
    somebody = opening(furnished, "marketing", language=language, width=width)
    somebody.goto("/account/mfa/totp/activate/")
    look(somebody, "/account/reauthenticate/")
    fill(somebody, password=PASSWORD)
    send(somebody)
    for address in ("/account/mfa/totp/activate/", "/account/mfa/passkeys/add/", "/account/password/change/",
                    "/settings/me", "/account/logout/"):  # fmt: skip
        look(somebody, address)
    assert faults == []


def test_one_gets_in_without_script(furnished: House, opening: Opening) -> None:
    page = opening(furnished, "marketing", script=False)
    page.goto("/settings/me")
    fill(page, name="Marketing")
    send(page)
    expect(page.locator(".toast")).to_have_text("Saved.")
