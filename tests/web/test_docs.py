"""The documentation as pages: every page is made, every link between pages leads somewhere, nothing else is served."""

import re

import pytest

from couveuse.store.accounts.models import Role
from couveuse.web.areas.docs import library
from tests.report.parsed import parsed
from tests.web.people import a_person, charlie, signed_in

pytestmark = pytest.mark.usefixtures("town")
NAMES = [each.name for each in library.contents("en")]


def test_it_works() -> None:
    client = signed_in(charlie())
    tree = parsed(client.get("/docs").text)
    links = [each.attributes["href"] for each in tree.all("a")]
    assert {f"/docs/{name}" for name in NAMES} <= set(links)
    assert (
        "What a score is" in client.get("/docs/concepts/score").text
        or "score" in client.get("/docs/concepts/score").text
    )


def test_every_page_is_made_and_its_links_lead_somewhere() -> None:
    client = signed_in(charlie())
    known = {f"/docs/{name}" for name in NAMES} | {"/docs"}
    for name in NAMES:
        answer = client.get(f"/docs/{name}")
        assert answer.status_code == 200, name
        for link in re.findall(r'href="(/docs[^"#]*)', answer.text):
            path = link.removesuffix("/")
            if path.endswith(".json"):
                assert client.get(path).json(), (name, link)
                continue
            assert path in known or not path.startswith(tuple(f"/docs/{each}/" for each in library.SECTIONS)), (
                name,
                link,
            )


def test_no_other_file_can_be_read() -> None:
    client = signed_in(charlie())
    for name in ("../README", "reference/../../pyproject.toml", "images/../glossary.md", "decisions/../../README"):
        assert client.get(f"/docs/{name}").status_code == 404, name


def test_words_are_found() -> None:
    client = signed_in(charlie())
    assert "/docs/concepts/consent" in client.get("/docs?q=consent").text
    assert "No page holds these words" in client.get("/docs?q=xyzzyplugh").text


def test_what_is_in_the_readers_language_comes_first_and_says_what_it_is_in() -> None:
    guides = [each for each in library.contents("fr") if each.section == "howto"]
    languages = [each.language for each in guides]
    assert languages == sorted(languages, key=lambda each: each != "fr")
    assert {"fr", "en"} == set(languages)
    assert {each.language for each in library.contents("en")} == {"en"}
    client = signed_in(a_person("Amélie", Role.READER, language="fr"))
    assert 'lang="fr"' in client.get("/docs/howto/desk").text.partition('class="prose"')[2][:20]
    assert 'lang="en"' in client.get("/docs/reference/api").text.partition('class="prose"')[2][:20]


def test_decisions_stand_in_the_order_of_their_numbers() -> None:
    numbers = [each.title.partition(".")[0] for each in library.contents("en") if each.section == "decisions"]
    assert numbers[:-1] == [f"{n:04}" for n in range(1, len(numbers))]
    assert numbers[-1] == "Decisions"


def test_what_is_found_is_told_without_the_marks_of_its_source():
    found = library.search("backup", "en")
    assert found
    for each in found:
        assert not re.search(r"[`*#|]|\]\(", each.around), each.around
