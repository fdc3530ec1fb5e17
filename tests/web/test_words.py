"""Every sentence of the application is in both languages, every one is used, and all that are asked for are there."""

import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

import couveuse.web
from couveuse.language.words import LANGUAGES, NARROW, NO_BREAK, spaced
from couveuse.web.languages import PACKAGES, words

FOLDER = Path(couveuse.web.__file__).parent
# Names that are the same in every language.
NAMES = ("couveuse", "slack")
OURS = [package for package in PACKAGES if package.startswith("couveuse.web")]


def table_of(package):
    sections = tomllib.loads(files(package).joinpath("words.toml").read_text("utf-8"))
    return {f"{section}.{name}": texts for section, names in sections.items() for name, texts in names.items()}


TABLES = {package: table_of(package) for package in (*PACKAGES, "couveuse.language")}
KEYS = [(package, key) for package in OURS for key in TABLES[package]]
PYTHON = "\n".join(path.read_text("utf-8") for path in sorted(FOLDER.rglob("*.py")))
TEMPLATES = "\n".join(path.read_text("utf-8") for path in sorted((FOLDER / "templates").rglob("*.*")))
SOURCES = PYTHON + TEMPLATES
# Keys that are put together: what stands before the part that is looked up (`say("x_y." ~ name)`, f"x_y.{name}").
STEMS = set(re.findall(r'["\']([a-z_]+\.[a-z_]*)["\'] ?~', SOURCES)) | set(
    re.findall(r'f"([a-z_]+\.[a-z_]*)\{', SOURCES)
)
# Sections that are named by themselves: `known("section", id)`, notice("section", ...).
SECTIONS = set(re.findall(r'["\']([a-z_]+)["\']', SOURCES)) | set(re.findall(r'["\'{]([a-z_]+)\.["\']?[{}]', SOURCES))


def texts(entry):
    return entry if isinstance(entry, list) else [entry]


@pytest.mark.parametrize(("package", "key"), KEYS)
def test_every_text_is_in_both_languages_with_the_same_values(package, key):
    entry = TABLES[package][key]
    assert sorted(entry) == sorted(LANGUAGES)
    assert len(texts(entry["fr"])) == len(texts(entry["en"]))
    assert len({tuple(sorted(set(re.findall(r"{(\w+)", texts(each)[-1])))) for each in entry.values()}) == 1


@pytest.mark.parametrize(("package", "key"), KEYS)
def test_french_is_written_with_its_own_spaces_and_apostrophes(package, key):
    for text in texts(TABLES[package][key]["fr"]):
        assert NARROW not in text
        assert NO_BREAK not in text
        assert re.findall(r" [;?%»]|« |[^\W\d]'\w|\"|!|\.\.\.", spaced(text)) == []


@pytest.mark.parametrize(("package", "key"), KEYS)
def test_no_text_is_kept_that_nothing_asks_for(package, key):
    section, _, _ = key.partition(".")
    asked = f'"{key}"' in SOURCES or f"'{key}'" in SOURCES
    assert asked or section in SECTIONS or any(key.startswith(stem) for stem in STEMS)


def test_every_text_that_is_asked_for_is_there():
    known = {key for table in TABLES.values() for key in table}
    asked = set(re.findall(r'(?:say|count)\(\s*"([a-z_]+\.[a-z0-9_]+)"(?! ?~)', SOURCES))
    assert sorted(asked - known) == []


def test_no_text_stands_in_two_tables():
    names = list(TABLES)
    twice = [
        (key, one, other)
        for place, one in enumerate(names)
        for other in names[place + 1 :]
        for key in TABLES[one].keys() & TABLES[other].keys()
    ]
    assert twice == []


def test_the_application_speaks_each_language():
    assert words("fr").say("frame.today") == "Aujourd’hui"
    assert words("en").say("frame.today") == "Today"


def test_no_sentence_stands_in_a_template():
    """What a person reads comes from the tables; what is left of a template is markup."""
    for path in sorted((FOLDER / "templates").rglob("*.html")):
        bare = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", path.read_text("utf-8"), flags=re.DOTALL)
        bare = re.sub(r"<(svg|code|kbd|pre)\b.*?</\1>|<[^>]*>|[\w-]+=\"[^\"]*\"|[?&]\w+=", " ", bare, flags=re.DOTALL)
        found = [word for word in re.findall(r"[A-Za-zÀ-ÿ]{3,}", bare) if word.lower() not in NAMES]
        assert found == [], path.name
