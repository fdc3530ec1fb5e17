"""Every page in a browser: nothing serious for a screen reader, nothing cut off, both languages, with no script too."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import get_resolver
from playwright.sync_api import Page

from couveuse.web.asking import Guard
from tests.browser.conftest import Opening
from tests.browser.house import House
from tests.web.test_walk import patterns

_RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
# What an owner sees: every address that names nothing, and of those that name something one that is there.
NAMED = (
    "/settings/team/members/alice", "/settings/team/members/alice/hours", "/settings/team/teams/sales",
    "/settings/team/teams/sales/hours", "/settings/team/teams/sales/territories",
    "/settings/team/teams/sales/territories/france", "/settings/team/versions/1", "/scoring/versions/1",
    "/docs/howto/desk", "/docs/reference/api", "/docs/glossary",
)  # fmt: skip
# Addresses that answer with a file or a part of a page, or that need a secret of their own.
NO_PAGES = ("assets", "api", "l/", "inbox", "account/", "welcome", "join", "docs/images", "find/")


def addresses() -> list[str]:
    """All pages that can be asked for without naming anything, and some of those that name something."""
    found = list(NAMED)
    for place, view in patterns(get_resolver().url_patterns):
        guard = getattr(view, "guard", None)
        if (
            isinstance(guard, Guard)
            and "GET" in guard.methods
            and "<" not in place
            and place
            and not place.startswith(NO_PAGES)
        ):
            found.append(f"/{place}")
    return sorted(set(found))


def _look(page: Page, address: str) -> str | None:
    """What the page is of: None where it is a part of one, or a file."""
    answer = page.request.get(address)
    assert answer.status < 400, (address, answer.status)
    kind = answer.headers.get("content-type", "")
    if not kind.startswith("text/html") or "<main" not in answer.text():
        return None
    page.goto(address)
    return kind


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_is_whole(furnished: House, opening: Opening, language: str, width: int) -> None:
    page = opening(furnished, "owner", language=language, width=width)
    faults = []
    for address in addresses():
        if _look(page, f"{address}?lang={language}") is None:
            continue
        found = Axe().run(page, options={**_RULES, "resultTypes": ["violations"]}).response["violations"]
        faults += [
            (address, each["id"], each["impact"], each["nodes"][0]["html"][:160])
            for each in found
            if each["impact"] in ("serious", "critical")
        ]
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if beyond > 0:
            faults.append((address, "wider than the window", beyond, ""))
        assert page.locator("h1").count() == 1, address
        assert page.locator("html").get_attribute("lang") == language, address
    assert faults == []


def test_every_page_is_there_without_script(furnished: House, opening: Opening) -> None:
    page = opening(furnished, "owner", script=False)
    for address in addresses():
        if _look(page, address) is not None:
            assert page.locator("main").inner_text().strip(), address


def test_the_first_visit_is_light(furnished: House, opening: Opening) -> None:
    """All that comes over the wire for the first page: under 150 KB."""
    page = opening(furnished, "owner")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.clearBrowserCache")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda said: sizes.append(said["encodedDataLength"]))
    page.goto("/today")
    page.wait_for_load_state("networkidle")
    assert 0 < sum(sizes) < 150_000
