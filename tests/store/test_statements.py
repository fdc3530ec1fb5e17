"""Named SQL: what is asked for by name is there, and what several statements ask alike is written once."""

from importlib.resources import files

import pytest

from couveuse.store import statements
from couveuse.store.statements import NoSuchStatement, statement

NOUNS = sorted(
    each.name.removesuffix(".sql")
    for each in files("couveuse.store").joinpath("sql").iterdir()
    if each.name.endswith(".sql")
)


def text(noun: str, name: str) -> str:
    return statement(noun, name)._obj


@pytest.mark.parametrize("noun", NOUNS)
def test_all_that_statements_include_is_there_and_is_put_in(noun: str) -> None:
    for name in statements._of(noun):
        assert "{include" not in text(noun, name)


def test_a_part_is_put_in_without_its_comments() -> None:
    part = statements._written("families", "ways")
    assert part.startswith("-- Where the facts")
    shown = text("cards", "survivor")
    assert part.split("\n", 1)[1] in shown
    assert "Where the facts" not in shown


@pytest.mark.parametrize(("noun", "name"), [("cards", "nothing"), ("nothing", "cards")])
def test_a_name_that_is_not_there_fails(noun: str, name: str) -> None:
    with pytest.raises(NoSuchStatement, match="nothing"):
        statement(noun, name)


def test_so_does_one_that_is_included(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"one": "select {include families.nobody}"}
    found = statements._of
    monkeypatch.setattr(statements, "_of", lambda noun: asked if noun == "asked" else found(noun))
    with pytest.raises(NoSuchStatement, match=r"families\.sql has no statement nobody"):
        statement("asked", "one")


def test_the_way_from_a_lead_to_what_holds_its_facts_is_written_in_one_place() -> None:
    told = {noun for noun in NOUNS for written in statements._of(noun).values() if "coalesce(l.joined_id" in written}
    back = {noun for noun in NOUNS for written in statements._of(noun).values() if "l.joined_id = w.id" in written}
    assert told == back == {"families"}
