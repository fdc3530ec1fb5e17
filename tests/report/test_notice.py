"""A page that says one thing says it in its language, and nothing from outside is more than text."""

import pytest

from couveuse.report import render_notice
from couveuse.report.values import Notice
from tests.report.parsed import parsed
from tests.report.test_page import HOSTILE, LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_works(language):
    tree = parsed(render_notice(Notice(language, "No such page", ("It is not here.",), (("couveuse link", "a link"),))))
    assert tree.one("html").attributes["lang"] == language
    assert tree.one("h1").text == tree.one("title").text == "No such page"
    assert tree.one("section").one("p").text == "It is not here."
    assert (tree.one("dt").text, tree.one("dd").text) == ("couveuse link", "a link")


@pytest.mark.parametrize("text", HOSTILE)
def test_what_comes_from_outside_stays_text(text):
    kind = parsed(render_notice(Notice("en", "x", ("x",), (("x", "x"),))))
    tree = parsed(render_notice(Notice("en", text, (text,), ((text, text),))))
    assert [each.tag for each in tree.all()] == [each.tag for each in kind.all()]
    assert [sorted(each.attributes) for each in tree.all()] == [sorted(each.attributes) for each in kind.all()]
