"""From `couveuse up` to the first scored lead: in a browser, by somebody who has read nothing."""

import re
import time
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opening, followed
from tests.browser.house import PASSWORD, House
from tests.processes import until

LINK = re.compile(r"https?://\S+/welcome/[\w-]+(?=\n)")


def _welcomed(page: Page, house: House) -> None:
    """The one link that the start prints, and the account that is made there."""
    until(lambda: LINK.search(house.up.said))
    link = LINK.search(house.up.said)
    assert link is not None
    page.goto(link[0])
    page.locator("#f-name").fill("Odile Owner")
    page.locator("#f-email").fill("odile@example.com")
    page.locator("#f-password").fill(PASSWORD)
    page.locator("#f-language").select_option("en")
    followed(page.locator("main form button.primary"))
    page.wait_for_url("**/start**")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_file_becomes_scored_leads(empty: House, opening: Opening, tmp_path: Path, script: bool) -> None:
    began = time.monotonic()
    page = opening(empty, script=script)
    _welcomed(page, empty)
    page.goto("/start/model")
    followed(page.locator("button[name=preset][value=bareme-b2b]"))
    sample = tmp_path / "sample.csv"
    sample.write_bytes(page.request.get("/start/sample.csv").body())
    page.goto("/imports/new")
    page.locator("input[type=file]").set_input_files(sample)
    followed(page.locator("main form button.primary"))
    page.wait_for_url("**/imports/files/*")
    page.locator("input[name=basis][value=legitimate_interest], input[name=basis][value=legitimate-interest]").check()
    page.locator("#f-consent_source").fill("the sample file")
    page.locator("#f-since").fill("2026-01-15")
    page.locator("form.mapping button[value=foresee]").click()
    import_now = page.locator(".foreseen button[value=import]")
    _wait(page, import_now, script)
    import_now.click()
    _wait(page, page.locator("a[href^='/leads?import='].primary"), script)
    page.goto("/leads")
    best = page.locator("main table a[href^='/leads/']").filter(has_text=re.compile(r"\w")).first
    address = best.get_attribute("href")
    assert address is not None
    page.goto(address)
    expect(page.locator(".receipt tfoot .total")).to_be_visible()
    print(f"scored leads after {time.monotonic() - began:.0f} s")
    page.goto("/start")
    assert page.locator("main").inner_text().count("done") >= 3


def _wait(page: Page, for_it: object, script: bool) -> None:
    """Until work is done that another process does: the page tells of it by itself, or is loaded again."""
    deadline = time.monotonic() + 180
    while not for_it.count():  # type: ignore[attr-defined]
        assert time.monotonic() < deadline, page.locator("main").inner_text()
        page.wait_for_timeout(500)  # what is waited for is another process's; without script nothing tells of it
        if not script:
            page.reload()


def test_an_event_is_seen_to_arrive(empty: House, opening: Opening) -> None:
    page = opening(empty)
    _welcomed(page, empty)
    page.goto("/start/model")
    followed(page.locator("button[name=preset][value=bareme-b2b]"))
    page.goto("/start/send")
    page.locator("input[name=source]").fill("site")
    followed(page.locator("main form button.primary"))
    key = page.locator("#key").inner_text().strip()
    email = re.search(r"first-event-\d+@example\.com", page.content())
    assert email is not None
    answer = httpx.post(
        f"{empty.url}/v1/track", auth=(key, ""),
        json={"userId": "u-1", "event": "Quote Requested", "context": {"traits": {"email": email[0]}}},
    )  # fmt: skip
    assert answer.json() == {"success": True}
    expect(page.locator("main a[href^='/leads/']")).to_be_visible()
    followed(page.locator("main a[href^='/leads/']"))
    expect(page.locator(".receipt tfoot .total")).to_contain_text("20.0")


def test_the_link_makes_one_account(empty: House, opening: Opening) -> None:
    page = opening(empty)
    _welcomed(page, empty)
    link = LINK.search(empty.up.said)
    assert link is not None
    other = opening(empty)
    answer = other.goto(link[0])
    assert answer is not None
    assert other.locator("#f-password").count() == 0 or "login" in other.url
