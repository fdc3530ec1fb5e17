"""Every sentence of these pages is in both languages, and every one is used."""

import re
import tomllib
from pathlib import Path

import pytest

import couveuse.web
from couveuse.language.words import LANGUAGES, NARROW, NO_BREAK, spaced

FOLDER = Path(couveuse.web.__file__).parent
TABLE = tomllib.loads((FOLDER / "words.toml").read_text("utf-8"))
KEYS = {f"{section}.{name}": texts for section, names in TABLE.items() for name, texts in names.items()}


@pytest.mark.parametrize("key", KEYS)
def test_every_text_is_in_both_languages_with_the_same_values(key):
    texts = KEYS[key]
    assert sorted(texts) == sorted(LANGUAGES)
    assert len({tuple(sorted(re.findall(r"{(\w+)}", text))) for text in texts.values()}) == 1


@pytest.mark.parametrize("key", KEYS)
def test_french_is_written_with_its_own_spaces_and_apostrophes(key):
    text = KEYS[key]["fr"]
    assert NARROW not in text
    assert NO_BREAK not in text
    assert re.findall(r" [;:?%»]|« |\w'\w|\"|!|\.\.\.", spaced(text)) == []


def test_no_text_is_kept_that_nothing_asks_for():
    sources = "\n".join(path.read_text("utf-8") for path in (FOLDER / "pages").glob("*.py"))
    unused = [key for key in KEYS if f'"{key}"' not in sources and not _is_named(key, sources)]
    assert unused == []


def _is_named(key: str, sources: str) -> bool:
    section, name = key.split(".")
    calls = re.findall(r"notice\(.*", sources)
    return any(f'"{section}"' in call and (name == "title" or f'"{name}"' in call) for call in calls)
