"""The desk as a person works it: by one key each, with an undo, and whatever becomes of the browser meanwhile."""

import json
import re
import urllib.request
from base64 import b64encode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opening, followed, pressed
from tests.browser.house import House
from tests.processes import until

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


@pytest.fixture(scope="module")
def busy(furnished: House) -> House:
    """Five people ask for a quote, whose customer's seller is Frank, and three to be called back."""
    found = re.search(r"cvs_[\w-]{20,}", furnished.run("key", "create", "--source", "desk"))
    assert found is not None
    asking = [("Quote Requested", "frank", f"Buyer {number}") for number in range(5)]
    asking += [("Callback Requested", "", f"Caller {number}") for number in range(3)]
    batch = []
    for event, owner, name in asking:
        email = f"{name.lower().replace(' ', '.')}@desk.example"
        traits = {"email": email, "name": name, "phone": "+33 1 99 00 55 17", "country": "FR", "owner": owner}
        batch.append({"type": "identify", "userId": email, "traits": traits})
        batch.append({"type": "track", "userId": email, "event": event, "properties": {"email": email}})
    request = urllib.request.Request(
        f"{furnished.url}/v1/batch", json.dumps({"batch": batch}).encode(),
        {"Content-Type": "application/json", "Authorization": f"Basic {b64encode(f'{found[0]}:'.encode()).decode()}"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200
    return furnished


def opened(page: Page) -> None:
    """The desk, once there is a task on it."""

    def is_there() -> bool:
        page.goto("/desk")
        return page.locator("article.desk h1").count() == 1

    until(is_there)


def name_of(page: Page) -> str:
    return page.locator("article.desk h1").inner_text()


def key_of(page: Page, outcome: str) -> str:
    found = page.locator(".key", has_text=outcome).first.get_attribute("data-key")
    assert found is not None
    return found


def is_put_off(page: Page, name: str) -> bool:
    page.goto("/desk/queue?which=later")
    return name in page.locator("main").inner_text()


def test_one_key_says_it_and_another_one_takes_it_back(busy: House, opening: Opening) -> None:
    page = opening(busy, "sales")
    opened(page)
    first = name_of(page)
    pressed(page, key_of(page, "No budget"))
    assert name_of(page) != first
    expect(page.locator(".desk-waiting")).to_contain_text(first)
    pressed(page, "u")
    assert name_of(page) == first
    expect(page.locator(".desk-history")).to_contain_text("No budget: undone")


def test_what_was_said_counts_though_the_browser_is_closed_at_once(busy: House, opening: Opening) -> None:
    page = opening(busy, "sales")
    opened(page)
    first = name_of(page)
    pressed(page, key_of(page, "No answer"))
    page.context.close()
    owner = opening(busy, "owner")
    assert not is_put_off(owner, first)
    until(lambda: is_put_off(owner, first))


def test_a_form_opens_in_place_takes_the_note_along_and_closes(busy: House, opening: Opening) -> None:
    page = opening(busy, "sales")
    opened(page)
    page.locator("#desk-note").fill("Ask for Paul")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(key_of(page, "Won"))
    amount = page.locator("#d-won-amount")
    expect(amount).to_be_focused()
    expect(page.locator("#d-won-note")).to_have_value("Ask for Paul")
    page.keyboard.press("Escape")
    expect(amount).to_be_hidden()
    page.locator("[data-keys]").click()  # who dictates, or trembles, may have the keys off
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(key_of(page, "Won"))
    expect(amount).to_be_hidden()


def test_a_task_is_free_again_when_its_page_is_left(busy: House, opening: Opening) -> None:
    page, other = opening(busy, "sales"), opening(busy, "owner")
    opened(page)
    place = str(page.locator(".desk").get_attribute("data-leaves")).removesuffix("/release")
    answer = other.goto(place)
    assert answer is not None
    assert answer.status == 409
    assert "has this task on screen" in other.locator("main").inner_text()
    page.goto("/desk/queue")
    until(lambda: other.request.get(place).status == 200)


@pytest.mark.parametrize("width", [1440, 390])
def test_a_screen_reader_finds_its_way(busy: House, opening: Opening, width: int) -> None:
    page = opening(busy, "sales", width=width)
    opened(page)
    for place in ("Won", "Lost", "Call again"):
        page.locator("summary.key", has_text=place).first.click()
        found = Axe().run(page, options=RULES).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0
    for place in ("/desk/queue?which=all", "/desk/mine"):
        page.goto(place)
        found = Axe().run(page, options=RULES).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


def test_all_of_it_works_without_a_script(busy: House, opening: Opening) -> None:
    page = opening(busy, "telemarketing", script=False, width=390)
    opened(page)
    first = name_of(page)
    page.locator("summary.key", has_text="Call again").click()
    page.locator(".key-form[open] .chip").first.click()
    assert page.locator(".desk-waiting").inner_text().startswith(first)
    followed(page.get_by_role("button", name="Undo"))
    assert name_of(page) == first
