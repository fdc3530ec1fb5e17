"""`couveuse link LEAD`: an address that opens one lead's page, and says until when."""

import time
from collections.abc import Callable, Iterator

import pytest

from couveuse.cli import run
from couveuse.engine.links import Links
from tests.engine.town import DAY, Town, accepted

Said = Callable[..., tuple[int, str, str]]
SECRET = "a secret of forty letters or a few more, in all"
URL = "https://couveuse.example.com"


@pytest.fixture
def town(database: str) -> Iterator[Town]:
    """Ada, known by an e-mail, a user id and a device; and someone whose user id is a number."""
    with Town(database) as found:
        found.take(
            accepted("Page Viewed", email="ada@example.com", user_id="u-1", anonymous_id="device"),
            accepted("Page Viewed", user_id="99"),
            accepted("Page Viewed", anonymous_id="a visitor"),
        )
        yield found


@pytest.fixture
def link(town: Town, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    """The exit code, the address and what was said beside it."""
    monkeypatch.setenv("COUVEUSE_DATABASE_URL", town.url)
    monkeypatch.setenv("COUVEUSE_SECRET_KEY", SECRET)
    monkeypatch.setenv("COUVEUSE_PUBLIC_URL", URL)

    def said(*words: str) -> tuple[int, str, str]:
        code = run(("link", *words))
        shown = capsys.readouterr()
        return code, shown.out.strip(), shown.err

    return said


def test_it_works(link: Said, town: Town) -> None:
    before = time.time_ns() // 1000
    code, address, said = link("ada@example.com")
    assert (code, address.startswith(f"{URL}/l/")) == (0, True)
    signed = Links(SECRET).read(address.removeprefix(f"{URL}/l/"))
    assert signed is not None
    assert (signed.lead_id, signed.language) == (town.lead("ada@example.com"), None)
    assert before - 1_000_000 < signed.expires_at - 30 * DAY <= time.time_ns() // 1000  # to the second
    assert "Whoever has this link may read" in said


@pytest.mark.parametrize("name", ["u-1", " ADA@example.com", "99"])
def test_a_lead_is_named_by_any_of_its_keys(link: Said, town: Town, name: str) -> None:
    signed = Links(SECRET).read(link(name, "--days", "3", "--lang", "fr")[1].removeprefix(f"{URL}/l/"))
    assert signed is not None
    assert (signed.lead_id, signed.language) == (town.lead(name.strip().lower()), "fr")


def test_a_lead_is_named_by_its_number(link: Said, town: Town) -> None:
    lead = town.lead("ada@example.com")
    signed = Links(SECRET).read(link(str(lead))[1].removeprefix(f"{URL}/l/"))
    assert signed is not None
    assert signed.lead_id == lead


def test_a_number_that_is_two_leads_is_refused(link: Said, town: Town) -> None:
    number = str(town.lead("ada@example.com"))
    town.take(accepted("Page Viewed", user_id=number))
    code, _, said = link(number)
    assert (code, "by its e-mail" in said) == (2, True)


@pytest.mark.parametrize("name", ["nobody@example.com", "4711", "a visitor", "", "\x00", "9" * 30])
def test_who_is_no_lead_has_no_link(link: Said, name: str) -> None:
    code, address, said = link(name)
    assert (code, address, said.count("\n")) == (2, "", 1)
    assert "no such lead" in said


def test_how_many_days_is_checked(link: Said) -> None:
    assert link("ada@example.com", "--days", "0")[0] == 2
