"""Views of the list of leads: deleting one asks first, with a script and without one."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opening, followed
from tests.browser.house import House


@pytest.mark.parametrize(("script", "width"), [(True, 1440), (False, 390)], ids=["with script", "without script"])
def test_a_view_is_deleted_once_that_was_asked(furnished: House, opening: Opening, script: bool, width: int) -> None:
    page = opening(furnished, "marketing", script=script, width=width)
    page.goto("/leads?temperature=hot")
    page.locator("details.keep > summary").click()
    page.locator("details.keep input[name=name]").fill("Hot ones")
    followed(page.locator("details.keep button"))
    page.goto("/leads/views")
    row = page.locator("tbody tr", has_text="Hot ones")
    sure = row.locator("details.sure")
    expect(sure.locator("form")).to_be_hidden()
    sure.locator("summary").click()
    expect(sure.locator("p")).to_have_text("Delete the view “Hot ones”? The leads that it shows do not change.")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    sure.locator("summary").click()
    expect(sure.locator("form")).to_be_hidden()
    page.reload()
    expect(row).to_have_count(1)
    sure.locator("summary").click()
    followed(sure.locator("button"))
    expect(page.locator(".toast")).to_have_text("The view is deleted.")
    expect(row).to_have_count(0)
