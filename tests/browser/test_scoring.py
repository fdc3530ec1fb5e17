"""A model is edited, its diff read, published, and the one before restored; two leads are merged and parted."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opening, followed
from tests.browser.house import House
from tests.processes import until


@pytest.fixture
def page(furnished: House, opening: Opening) -> Page:
    return opening(furnished, "marketing")


def _ready(page: Page) -> None:
    """Until the states of a draft are made: its page tells by itself."""
    expect(page.locator("#publishing")).to_be_visible(timeout=120_000)


def _published(page: Page) -> None:
    page.locator("#f-sure").check()
    followed(page.locator("button[form=publishing]"))
    expect(page.locator("p.notice.good")).to_be_visible(timeout=60_000)


def _points_of(page: Page, rule: str) -> str:
    page.goto("/scoring")
    return page.locator(f"tr:has(a[href$='/scoring/lines/{rule}'])").first.inner_text()


def test_a_model_is_edited_compared_published_and_restored(page: Page) -> None:
    page.goto("/scoring/edit")
    text = page.locator("#f-document").input_value()
    rule = re.search(r"id: ([\w-]+)", text)
    assert rule is not None
    page.locator("#f-document").fill(text.replace("event:", "evnet:", 1))
    followed(page.locator("button[value=check]"))
    expect(page.locator(".findings")).to_contain_text("evnet")
    dearer = text.replace("points: 5, stage: evaluation", "points: 25, stage: evaluation", 1)
    assert dearer != text
    page.locator("#f-document").fill(dearer)
    followed(page.locator("button[value=compare]"))
    page.wait_for_url("**/scoring/drafts/*")
    _ready(page)
    assert page.locator(".moves .up .movers tbody tr").count() > 0
    assert "25" in page.locator(".changed").inner_text()
    _published(page)
    page.goto("/scoring")
    assert "25" in page.locator("main").inner_text()
    before = page.locator("main a[href*='/scoring/versions/']")
    addresses = [before.nth(place).get_attribute("href") for place in range(before.count())]
    oldest = min((each for each in addresses if each), key=lambda each: int(each.rpartition("/")[2]))
    page.goto(oldest)
    followed(page.locator("form[action$='/restore'] button"))
    page.wait_for_url("**/scoring/drafts/*")
    _ready(page)
    _published(page)


def test_two_leads_are_merged_and_parted(furnished: House, opening: Opening) -> None:
    page = opening(furnished, "owner")
    page.goto("/leads")
    rows = page.locator("main table a[href^='/leads/']").filter(has_text=re.compile(r"\w"))
    addresses = [rows.nth(place).get_attribute("href") for place in range(6)]
    one, other = list(dict.fromkeys(each for each in addresses if each and re.fullmatch(r"/leads/\d+", each)))[:2]
    page.goto(other)
    name = page.locator("h1").inner_text()
    page.goto(f"{one}/merge?with={other.rpartition('/')[2]}")
    keep = page.locator(f"form:has(input[name=into][value='{one.rpartition('/')[2]}']) button")
    followed(keep)
    page.wait_for_url(f"**{one}**")
    page.goto(other)
    until(lambda: page.url.endswith(one))  # the lead that was absorbed leads to the one that it is now
    followed(page.locator("form[action*='/merges/'][action$='/undo'] button").first)

    def is_back() -> bool:
        page.goto(other)
        return page.url.endswith(other) and page.locator("h1").inner_text() == name

    until(is_back)
