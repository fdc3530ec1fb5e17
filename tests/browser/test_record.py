"""One lead in a browser: merged with another and parted again, held and lifted, with script and without."""

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opening, followed
from tests.browser.house import House
from tests.browser.test_desk import RULES
from tests.processes import until


def lead_of(page: Page, place: int) -> int:
    """A lead of the list."""
    page.goto("/leads")
    addresses = [each.get_attribute("href") or "" for each in page.locator("main a[href^='/leads/']").all()]
    numbers = list(dict.fromkeys(re.findall(r"/leads/(\d+)(?=[?#]|$)", "\n".join(addresses), re.MULTILINE)))
    return int(numbers[place])


def said(page: Page, button: str) -> None:
    """A button of the page, by its name."""
    followed(page.locator("main").get_by_role("button", name=button, exact=True).first)


def seen(page: Page, address: str, there: Callable[[], bool]) -> None:
    """A page, once it shows something: what is said is folded a moment later."""

    def is_there() -> bool:
        page.goto(address)
        return there()

    until(is_there)


@pytest.mark.parametrize("script", [True, False])
def test_a_lead_is_worked_by_hand(furnished: House, opening: Opening, script: bool) -> None:
    page = opening(furnished, "owner", script=script)
    first, note = (0 if script else 2), f"Call after the fair {script}"
    one, other = lead_of(page, first), lead_of(page, first + 1)
    page.goto(f"/leads/{one}/merge?with={other}")
    said(page, "Merge, keeping this one")
    expect(page).to_have_url(re.compile(rf"/leads/{one}$"))
    expect(page.locator("#identities")).to_contain_text("Merged with")
    page.goto(f"/leads/{other}")
    expect(page).to_have_url(re.compile(rf"/leads/{one}$"))
    said(page, "Undo")
    page.goto(f"/leads/{one}?show=hands&lang=fr")
    expect(page.locator(".timeline").first).to_contain_text("défaite")
    page.goto(f"/leads/{other}")
    expect(page).to_have_url(re.compile(rf"/leads/{other}$"))
    page.goto(f"/leads/{one}/hold")
    said(page, "Put on hold")
    expect(page.locator(".notice.hold")).to_contain_text("On hold until it is lifted.")
    said(page, "End the hold")
    expect(page.locator(".notice.hold")).to_have_count(0)
    page.locator("#f-text").fill(note)
    said(page, "Note")
    seen(page, f"/leads/{one}?show=notes", lambda: page.locator(".written", has_text=note).count() == 1)


@pytest.mark.parametrize("width", [1440, 390])
def test_a_lead_is_whole(furnished: House, opening: Opening, width: int) -> None:
    page = opening(furnished, "owner", width=width)
    number = lead_of(page, 5)
    for address in ("", "/receipt", "/merge", "/edit", "/points", "/hold", "/link", "/erase", "?at=2026-01-01"):
        page.goto(f"/leads/{number}{address}")
        found = Axe().run(page, options={**RULES, "resultTypes": ["violations"]}).response["violations"]
        assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), address


def test_the_timeline_goes_on_in_place(furnished: House, opening: Opening) -> None:
    page = opening(furnished, "owner")
    more = page.locator(".record-middle .more a")
    for place in range(4, 20):
        page.goto(f"/leads/{lead_of(page, place)}")
        if more.count():
            break
    before = page.locator(".timeline li").count()
    more.click()
    expect(page.locator(".timeline li").nth(before)).to_be_visible()
    expect(page.locator("h1")).to_have_count(1)
