"""A real browser (the system's Chromium, driven by playwright) and the product that it looks at."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.browser.house import PASSWORD, House, house
from tests.conftest import in_ci

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
MISSING = "no Chromium: install it (Debian: apt-get install chromium), then run this again"
# A page of which nothing is heard for so long is broken (milliseconds).
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser; outside CI a machine without one skips these tests, and says so.

    Its loop ends with the module: while it runs, Django takes this thread for one that must not wait for a database.
    """
    if CHROMIUM is None:
        if in_ci():
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's sandbox does not run as root
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A product with a history of 300 leads, a team, and one person for each role; tests that change it say what."""
    with house(tmp_path_factory.mktemp("furnished")) as made:
        made.furnish(300)
        yield made


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[House]:
    """A product that was started a moment ago."""
    with house(tmp_path) as made:
        yield made


Opening = Callable[..., Page]


@pytest.fixture
def opening(chromium: Browser) -> Iterator[Opening]:
    """Opens a browser's window of its own; what its console complains of fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(at: House, who: str = "", *, language: str = "en", width: int = 1440, script: bool = True) -> Page:
        context = chromium.new_context(
            base_url=at.url, locale={"en": "en-GB", "fr": "fr-FR"}[language], java_script_enabled=script,
            viewport={"width": width, "height": 900}, reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None
        )
        if who:
            sign_in(page, who)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def followed(button: Locator) -> None:
    """Press what leads on, and wait until it has led there: whoever goes elsewhere before loses what was sent."""
    with button.page.expect_navigation():
        button.click()


def pressed(page: Page, key: str) -> None:
    """A key that leads on, pressed outside of any field."""
    page.evaluate("document.activeElement.blur()")
    with page.expect_navigation():
        page.keyboard.press(key)


def sign_in(page: Page, who: str) -> None:
    """As a person does: address, password, the button."""
    page.goto("/account/login/")
    page.locator("input[name=login]").fill(f"{who}@example.com")
    page.locator("input[name=password]").fill(PASSWORD)
    followed(page.locator("main form[method=post] button[type=submit]").first)
    page.wait_for_url(lambda address: "/account/login" not in address)
