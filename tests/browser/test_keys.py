"""The keyboard alone: the list of leads, menus, the palette, a form that came back."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Opening, followed
from tests.browser.house import House


def test_the_list_is_walked_by_keys_alone(furnished: House, opening: Opening) -> None:
    page = opening(furnished, "owner")
    page.goto("/leads")
    rows, panel = page.locator("a.opens"), page.locator("#panel h2")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel).to_have_text(rows.nth(1).inner_text())
    page.keyboard.press("ArrowDown")
    expect(panel).to_have_text(rows.nth(2).inner_text())
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(rows.nth(2)).to_be_focused()
    page.locator("#f-q").focus()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(0)).to_be_focused()
    heights = page.locator(".lead-table tbody tr:not(.more)").evaluate_all("all => all.map(each => each.offsetHeight)")
    assert set(heights) == {40}


def test_a_menu_closes_by_escape_and_by_a_click_beside_it(furnished: House, opening: Opening) -> None:
    page = opening(furnished, "owner")
    page.goto("/leads")
    menu = page.locator("details.lead-menu").first
    for leave in (lambda: page.keyboard.press("Escape"), lambda: page.locator("h1").click()):
        menu.locator("summary").click()
        expect(menu.locator("form")).to_be_visible()
        leave()
        expect(menu.locator("form")).to_be_hidden()


def test_enter_in_the_palette_goes_to_the_first_that_was_found(furnished: House, opening: Opening) -> None:
    page = opening(furnished, "owner")
    page.goto("/today")
    page.keyboard.press("Control+k")
    page.keyboard.type("barème points")
    expect(page.locator("#found [data-found='barème points']")).to_be_attached()
    page.keyboard.press("Control+a")
    page.keyboard.type("scoring")
    expect(page.locator("#found [data-found=scoring]")).to_be_visible()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/scoring$"))


def test_a_form_that_came_back_goes_on_at_what_is_wrong(furnished: House, opening: Opening) -> None:
    page = opening(furnished, "owner")
    page.goto("/leads")
    page.goto(f"{page.locator('a.opens').first.get_attribute('href')}/points")
    page.locator("#f-points").fill("many")
    page.locator("#f-reason").fill("met at a fair")
    followed(page.locator("main button.primary"))
    expect(page.locator("#f-points")).to_be_focused()
    expect(page.locator("#f-points-about")).to_contain_text("Write a number")
