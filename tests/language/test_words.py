"""Every table of words: both languages, the same values, each language's own marks."""

import re
import string
import tomllib
from importlib.resources import files

import pytest

from couveuse.errors import BadInput
from couveuse.language.words import LANGUAGES, NARROW, NO_BREAK, SHARED, Words, spaced

PACKAGES = (SHARED, "couveuse.channels")


def table_of(package):
    sections = tomllib.loads(files(package).joinpath("words.toml").read_text("utf-8"))
    return {f"{section}.{name}": texts for section, names in sections.items() for name, texts in names.items()}


TABLES = {package: table_of(package) for package in PACKAGES}
KEYS = [(package, key) for package in PACKAGES for key in TABLES[package]]


def texts(entry):
    return entry if isinstance(entry, list) else [entry]


def test_it_works():
    words = Words("fr", "couveuse.channels")
    assert words.say("temperature.hot") == "chaud"
    assert words.count("duration.days", 2, n=2) == "2 jours"


@pytest.mark.parametrize(("package", "key"), KEYS)
def test_every_text_is_in_both_languages_with_the_same_forms_and_the_same_values(package, key):
    entry = TABLES[package][key]
    assert sorted(entry) == sorted(LANGUAGES)
    assert len(texts(entry["fr"])) == len(texts(entry["en"]))
    fullest = [texts(each)[-1] for each in entry.values()]
    values = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in fullest]
    assert values[0] == values[1]
    assert all(text.strip() == text and text for each in entry.values() for text in texts(each))


@pytest.mark.parametrize(("package", "key"), KEYS)
def test_each_language_has_its_own_spaces_and_marks(package, key):
    for text in texts(TABLES[package][key]["fr"]):
        assert NARROW not in text
        assert NO_BREAK not in text
        assert re.findall(r" [;:!?%»]|« |\w'\w|\"|!|\.\.\.", spaced(text)) == []
    for text in texts(TABLES[package][key]["en"]):
        assert re.findall(r"\w'\w|\"|!|\.\.\.| [;:?]", text) == []


def test_a_language_that_is_not_spoken_is_refused():
    with pytest.raises(BadInput, match="fr or en"):
        Words("es", SHARED)
