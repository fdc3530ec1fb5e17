"""`make screenshots`: the pictures of the documentation, of the demonstration as anybody may start it (`make demo`)."""

import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import CHROMIUM, MISSING, PATIENCE
from tests.browser.house import POMPES
from tests.faults.product import COUVEUSE
from tests.processes import ENVIRONMENT, free_port

WIDTH, HEIGHT = 1280, 800
# How long the demonstration may take to have shown everything, and the night's count to be made (seconds).
SHOWN, COUNTED = 400.0, 240.0
LOCALES = {"en": "en-GB", "fr": "fr-FR"}
LEAD = "main table a[href^='/leads/']"
PAGES = {
    "today": "/today",
    "leads": "/leads?temperature=hot",
    "lead": "",
    "scoring": "/scoring",
    "settings": "/settings/team",
}


@contextmanager
def demonstration(folder: Path) -> Iterator[tuple[str, str]]:
    """The demonstration, once it has shown everything: its address, and the password of its accounts."""
    made = folder / "made"
    subprocess.run([sys.executable, str(POMPES / "generate.py"), "--out", str(made)], env=ENVIRONMENT, check=True)
    words = [
        *COUVEUSE, "demo", str(made / "events.ndjson"), "--leads", str(made / "leads.csv"), "--model",
        str(POMPES / "bareme.yaml"), "--team", str(POMPES / "equipe.yaml"), "--lang", "fr", "--for", "20", "--stay",
    ]  # fmt: skip
    bare = {name: value for name, value in ENVIRONMENT.items() if not name.startswith("COUVEUSE_")}
    environment = bare | {"COUVEUSE_DATA": str(folder / "data"), "COUVEUSE_PORT": str(free_port())}
    with (folder / "said").open("w+", encoding="utf-8") as said:
        running = subprocess.Popen([sys.executable, *words], env=environment, cwd=folder, stdout=said, stderr=said)
        try:
            text = _until_said(folder / "said", "backup  ", SHOWN)
            address, password = (
                re.search(r"front door at (http://\S+?)\.?\n", text),
                re.search(r"owner@example\.com\s+(\S+)", text),
            )
            assert address, text
            assert password, text
            yield address[1], password[1]
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(120)


def _until_said(place: Path, words: str, seconds: float) -> str:
    deadline = time.monotonic() + seconds
    while words not in (text := place.read_text(encoding="utf-8")):
        assert time.monotonic() < deadline, text
        time.sleep(0.5)
    return text


def _sign_in(page: Page, role: str, password: str) -> None:
    page.goto("/account/login/")
    page.locator("input[name=login]").fill(f"{role}@example.com")
    page.locator("input[name=password]").fill(password)
    page.locator("main form[method=post] button[type=submit]").first.click()
    page.wait_for_url(lambda address: "/account/login" not in address)


def _take(address: str, password: str, folder: Path, role: str, language: str, pages: dict[str, str]) -> None:
    assert CHROMIUM is not None, MISSING
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(
            base_url=address, viewport={"width": WIDTH, "height": HEIGHT}, locale=LOCALES[language],
            reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        _sign_in(page, role, password)
        _until_counted(page, role)
        for name, place in pages.items():
            where = place or _best(page)
            page.goto(f"{where}{'&' if '?' in where else '?'}lang={language}")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=str(folder / f"{name}-{language}.png"))
            print(folder / f"{name}-{language}.png")
        browser.close()


def _best(page: Page) -> str:
    """The best lead's page."""
    page.goto("/leads?temperature=hot")
    return str(page.locator(LEAD).first.get_attribute("href"))


def _until_counted(page: Page, role: str) -> None:
    """Until what the history says of the model was counted: a deliverer does it when nothing else waits."""
    deadline = time.monotonic() + COUNTED
    while role == "owner":
        page.goto("/scoring")
        if page.locator("td.seen a").count():  # the leads that a rule met of late
            return
        assert time.monotonic() < deadline
        page.wait_for_timeout(2000)


def main() -> None:
    """Take them all."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, demonstration(Path(place)) as (address, password):
        for language in ("en", "fr"):
            _take(address, password, folder, "owner", language, PAGES)
            _take(address, password, folder, "telemarketing", language, {"desk": "/desk"})


if __name__ == "__main__":
    main()
