"""The sentences of a package, in French and in English, from one table of its own: its `words.toml`.

A key has a text in each language, or a pair of texts, one for singular and one for plural. The tables are written
with ordinary spaces; French spacing is put in when they are read. What all say alike (temperatures, stages, ages)
stands in the table beside this module, and is in every package's.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from couveuse.errors import BadInput

LANGUAGES = ("fr", "en")
SHARED = "couveuse.language"
NARROW = "\u202f"  # narrow no-break space: before ; ! ? %, inside « », between thousands
NO_BREAK = "\u00a0"

Entry = str | tuple[str, str]


def spaced(text: str) -> str:
    """French spacing: no line may break before a tall mark or inside guillemets.

    >>> spaced("Pourquoi ? « 5 % » : voici").replace(NARROW, "_").replace(NO_BREAK, "~")
    'Pourquoi_? «_5_%_»~: voici'
    """
    text = re.sub(r" (?=[;!?%»])", NARROW, text)
    return re.sub(r" (?=:)", NO_BREAK, re.sub(r"(?<=«) ", NARROW, text))


def _entry(value: object, language: str) -> Entry:
    texts = value if isinstance(value, list) else [value]
    # The percent sign takes a narrow space in both languages, as the International System of Units has it.
    done = [spaced(str(t)) if language == "fr" else str(t).replace(" %", f"{NARROW}%") for t in texts]
    return done[0] if len(done) == 1 else (done[0], done[1])


@cache
def table(language: str, *packages: str) -> Mapping[str, Entry]:
    """The texts of one language by key (`section.name`), those of later packages before those of earlier ones.

    Raises BadInput for a language that is not spoken here.
    """
    if language not in LANGUAGES:
        raise BadInput(f"this is written in fr or en, not in {language!r}: give one of them, as --lang")
    return {
        f"{section}.{name}": _entry(texts[language], language)
        for each in (SHARED, *packages)
        for section, names in tomllib.loads(files(each).joinpath("words.toml").read_text("utf-8")).items()
        for name, texts in names.items()
    }


class Words:
    """The texts of one language, from the tables of packages."""

    def __init__(self, language: str, *packages: str) -> None:
        self.language = language
        self._table = table(language, *packages)

    def say(self, key: str, **values: object) -> str:
        """The text of a key with its values put in; `KeyError` for a key that is not in the table."""
        entry = self._table[key]
        return (entry if isinstance(entry, str) else entry[1]).format(**values)

    def count(self, key: str, number: float, **values: object) -> str:
        """The text for that many: in French all under 2 is singular, in English 1 alone."""
        singular = number < 2 if self.language == "fr" else number == 1
        entry = self._table[key]
        return (entry if isinstance(entry, str) else entry[0 if singular else 1]).format(**values)

    def known(self, group: str, id: str) -> str:
        """The word for an id that the product knows; any other id is its own word."""
        entry = self._table.get(f"{group}.{id}")
        return entry if isinstance(entry, str) else id
