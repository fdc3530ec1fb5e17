"""`make screenshots`: the pictures of the documentation, of the running product with the example company's history."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import CHROMIUM, MISSING, PATIENCE, sign_in
from tests.browser.house import House, house

LEADS = 2000
WIDTH, HEIGHT = 1280, 800


def _best_lead(page: Page) -> str:
    """The address of the best lead's page."""
    page.goto("/leads")
    return str(page.locator("main table a[href^='/leads/']").first.get_attribute("href"))


def _take(made: House, folder: Path, who: str, language: str, pages: dict[str, str]) -> None:
    assert CHROMIUM is not None, MISSING
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(
            base_url=made.url, viewport={"width": WIDTH, "height": HEIGHT},
            locale={"en": "en-GB", "fr": "fr-FR"}[language], reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        sign_in(page, who)
        for name, address in pages.items():
            page.goto(f"{address or _best_lead(page)}?lang={language}")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=str(folder / f"{name}-{language}.png"))
            print(folder / f"{name}-{language}.png")
        browser.close()


def main() -> None:
    """Take them all."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, house(Path(place)) as made:
        made.furnish(LEADS)
        for language in ("en", "fr"):
            _take(made, folder, "owner", language, {
                "today": "/today", "leads": "/leads", "lead": "", "scoring": "/scoring", "settings": "/settings",
            })  # fmt: skip
            _take(made, folder, "telemarketing", language, {"desk": "/desk"})


if __name__ == "__main__":
    main()
