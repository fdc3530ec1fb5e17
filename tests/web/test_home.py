"""What stands at /: what this is and where to go on, in both languages; it says nothing of anybody."""

import pytest

from tests.engine.town import Town, accepted
from tests.report.parsed import parsed
from tests.web.asking import Asker


@pytest.mark.parametrize(("language", "said"), [("fr", "Couveuse est en marche"), ("en", "Couveuse is running")])
def test_it_works(street: Town, language, said):
    tree = parsed(Asker().get("/", headers={"Accept-Language": language}).text)
    assert (tree.one("h1").text, tree.one("html").attributes["lang"]) == (said, language)
    ways = [each.text for each in tree.one("dl", class_="ways").all("code")]
    assert ways == ["couveuse key create", "couveuse token create", "couveuse link LEAD", "/api/v1/openapi.json",
                    "couveuse doctor"]  # fmt: skip


def test_the_commands_that_it_names_exist():
    from couveuse.cli.reference import reference

    page = reference()
    assert all(f"## `couveuse {command}`" in page for command in ("key create", "token create", "link", "doctor"))


def test_it_says_nothing_of_anybody(street: Town):
    street.take(accepted("Page Viewed", email="ada@example.com"))
    text = Asker().get("/").text
    assert "example.com" not in text
    assert "town" not in text


def test_it_needs_no_database(street: Town, monkeypatch):
    from couveuse.web import database

    monkeypatch.setattr(database, "_connection", lambda: pytest.fail("it asked the database"))
    assert Asker().get("/").status == 200
    assert Asker().get("/api/v1/openapi.json").status == 200
