"""A lead turns hot by what it does; people are told, call it, sell to it, or send it back: all of it on screen."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opening, followed, pressed
from tests.browser.house import POMPES, House, house
from tests.processes import until

# One of each team, so that nobody else's turn it ever is; a second caller takes what is left.
TEAM = """
couveuse: 1
team: of-a-test
hours: {timezone: Europe/Paris, week: {mon-sun: ["00:00-24:00"]}}
members:
  - {id: alice, name: Alice Martin, email: alice.martin@example.com, language: en}
  - {id: bob, name: Bob Lefèvre, email: bob.lefevre@example.com, language: en,
     absences: [{from: 2020-01-01, until: 2099-12-31, because: away}]}
  - {id: frank, name: Frank Olivier, email: frank.olivier@example.com, language: en}
teams:
  - {id: telemarketing, members: [alice, bob], assignment: round_robin, alert: [member], sla: {within: 8h}}
  - {id: sales, members: [frank], assignment: round_robin, alert: [member], sla: {within: 4h}}
"""


@pytest.fixture(scope="module")
def working(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A product with a model, a team with mail, and people; no leads yet."""
    with house(tmp_path_factory.mktemp("working")) as made:
        made.run("rescore", str(POMPES / "bareme.yaml"), "--yes")
        (made.folder / "team.yaml").write_text(TEAM, encoding="utf-8")
        made.run("team", "apply", "team.yaml")
        made.person("owner")
        made.person("telemarketing", member="alice")
        made.person("sales", member="frank")
        yield made


@pytest.fixture(scope="module")
def key(working: House) -> str:
    found = re.search(r"cvs_[\w-]{20,}", working.run("key", "create", "--source", "site"))
    assert found is not None
    return found[0]


def _sent(at: House, key: str, who: str, event: str, **properties: object) -> None:
    """Something that a lead did, told to the front door as a site's server would."""
    traits = {"email": f"{who}@example.org", "first_name": who.capitalize(), "last_name": "Durand",
              "company": "Eaux de Lune", "phone": "+33 1 99 00 22 33", "country": "FR"}  # fmt: skip
    messages = [
        {"type": "identify", "userId": who, "traits": traits},
        {"type": "track", "userId": who, "event": event, "properties": properties},
    ]
    answer = httpx.post(f"{at.url}/v1/batch", auth=(key, ""), json={"batch": messages})
    assert answer.json() == {"success": True}


def _mail_of(at: House, who: str) -> str:
    """The alert about somebody, once the mail server has it."""
    until(lambda: any(who in str(mail["Subject"]) or who in _text(mail) for mail in at.mails.mails))
    return next(_text(mail) for mail in at.mails.mails if who in str(mail["Subject"]) or who in _text(mail))


def _text(mail: object) -> str:
    part = mail.get_body(("plain",))  # type: ignore[attr-defined]
    return "" if part is None else str(part.get_content())


def _task_of(page: Page, who: str) -> None:
    """Open the task of somebody: it may not be the first of the queue."""
    page.goto("/desk/queue")
    followed(page.locator("main a", has_text=who).first)
    expect(page.locator(".desk h1")).to_contain_text(who)


def test_a_lead_turns_hot_is_called_sent_back_and_another_won(working: House, key: str, opening: Opening) -> None:
    for who in ("lucie", "marc"):
        _sent(working, key, who, "Callback Requested")
        assert "Durand" in _mail_of(working, who.capitalize())
    caller = opening(working, "telemarketing")
    for who in ("Lucie", "Marc"):
        _task_of(caller, who)
        expect(caller.locator("a.number[href^='tel:']")).to_be_visible()
        caller.locator("#desk-note").fill(f"{who} has a project for spring")
        pressed(caller, "1")  # a project was detected
    # The moment to take it back passes; then it is recorded, and sales has a task.
    seller = opening(working, "sales")
    for who in ("Lucie", "Marc"):
        _until_there(seller, who)
    _task_of(seller, "Lucie")
    assert "project for spring" in seller.locator("main").inner_text()
    _say(seller, "rejected", {"reason": None})
    _task_of(seller, "Marc")
    _say(seller, "accepted", {})
    _of_mine(seller, "Marc")
    _say(seller, "won", {"amount": "5400"})
    owner = opening(working, "owner")
    _lead(owner, "Marc")
    _until_said(owner, "Opportunity won")
    _lead(owner, "Lucie")
    _until_said(owner, "Lead rejected")


def _lead(page: Page, who: str) -> None:
    """The page of a lead that is searched for: in the list its name opens the panel first."""
    page.goto(f"/leads?q={who.lower()}")
    address = page.locator("main table a[href^='/leads/']").filter(has_text=who).first.get_attribute("href")
    assert address is not None
    page.goto(address)


def _until_there(page: Page, who: str) -> None:
    def is_there() -> bool:
        page.goto("/desk/queue")
        return page.locator("main a", has_text=who).count() > 0

    until(is_there)


def _of_mine(page: Page, who: str) -> None:
    """Open what was accepted."""

    def is_there() -> bool:
        page.goto("/desk/queue?which=accepted")
        return page.locator("main a", has_text=who).count() > 0

    until(is_there)
    followed(page.locator("main a", has_text=who).first)


def _until_said(page: Page, words: str) -> None:
    def is_said() -> bool:
        page.reload()
        return words.lower() in page.locator("main").inner_text().lower()

    until(is_said)


def _say(page: Page, outcome: str, given: dict[str, str | None]) -> None:
    """Say what came of the task that is open: at once where nothing is to be added, else in its form."""
    at_once = page.locator(f"button[name=outcome][value={outcome}]")
    if at_once.count():
        followed(at_once)
    else:
        form = page.locator(f"details.key-form:has(input[name=outcome][value={outcome}])")
        form.locator("summary").click()
        chips = form.locator(".chip")
        if chips.count():
            followed(chips.first)
        else:
            for name, value in given.items():
                form.locator(f"[name={name}]").fill(value or "")
            followed(form.locator("button.primary"))


def test_what_was_said_is_taken_back_within_ten_seconds(working: House, key: str, opening: Opening) -> None:
    _sent(working, key, "nadia", "Callback Requested")
    _mail_of(working, "Nadia")
    caller = opening(working, "telemarketing")
    _task_of(caller, "Nadia")
    _say(caller, "no_budget", {})
    followed(caller.locator("[data-undo]").first)
    expect(caller.locator(".desk h1")).to_contain_text("Nadia")
    expect(caller.locator("button[name=outcome]").first).to_be_visible()


def test_two_callers_do_not_call_the_same_lead(working: House, key: str, opening: Opening) -> None:
    working.run("user", "create", "--email", "second@example.com", "--name", "Second", "--role", "telemarketing",
                "--member", "bob", "--lang", "en", "--password-stdin", given="correct horse battery\n")  # fmt: skip
    _sent(working, key, "paul", "Callback Requested")
    _mail_of(working, "Paul")
    first, second = opening(working, "telemarketing"), opening(working, "second")
    _task_of(first, "Paul")
    second.goto(first.url)
    assert second.locator("button[name=outcome]").count() == 0
    assert "Alice" in second.locator("main").inner_text()


def test_everything_is_done_without_script(working: House, key: str, opening: Opening) -> None:
    _sent(working, key, "rosa", "Callback Requested")
    _mail_of(working, "Rosa")
    caller = opening(working, "telemarketing", language="fr", script=False)
    _task_of(caller, "Rosa")
    followed(caller.locator("button[name=outcome][value=no_answer]"))
    assert caller.locator("h1").count() == 1
