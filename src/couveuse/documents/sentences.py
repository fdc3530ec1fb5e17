"""What is said of a document: sentences by their keys and values, made in a language only where somebody reads them.

The table beside this module (`sentences.toml`) holds each in French and in English; where nothing else is asked for
(the command, the API, files) they are in English.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from couveuse.errors import BadInput, BadModel
from couveuse.language.words import LANGUAGES, NARROW, spaced

TABLE = "sentences.toml"


@cache
def _table(language: str) -> Mapping[str, str]:
    """The texts of a language by key (`section.name`); raises BadInput for one that is not spoken here."""
    if language not in LANGUAGES:
        raise BadInput(f"errors are told in fr or en, not in {language!r}; write one of them")
    sections = tomllib.loads(files("couveuse.documents").joinpath(TABLE).read_text("utf-8"))
    return {
        f"{section}.{name}": spaced(texts[language]) if language == "fr" else texts[language]
        for section, names in sections.items()
        for name, texts in names.items()
    }


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as readers write it, its thousands apart."""

    number: int

    def text(self, language: str) -> str:
        """In a language.

        >>> Amount(20000).text("en")
        '20,000'
        """
        text = f"{self.number:,}"
        return text.replace(",", NARROW) if language == "fr" else text


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the table with its values, among which other sentences may be; as text it is in English."""

    key: str
    values: tuple[tuple[str, "str | int | Amount | Sentence"], ...] = ()

    def text(self, language: str) -> str:
        """In a language.

        >>> said("caps.no_rule", value=quoted("visit")).text("en")
        'no rule has the id "visit"'
        """
        told = {
            name: value.text(language) if isinstance(value, (Sentence, Amount)) else value
            for name, value in self.values
        }
        return _table(language)[self.key].format(**told)

    def __str__(self) -> str:
        return self.text("en")


def said(key: str, /, **values: str | int | Amount | Sentence) -> Sentence:
    """The sentence of a key with its values."""
    return Sentence(key, tuple(values.items()))


def write(code: str) -> Sentence:
    """The cure that is to write this."""
    return said("cure.write", code=code)


def one_of(wrong: object, words: Iterable[str]) -> Sentence:
    """The cure for a word outside a closed set: the nearest word first, if one is near."""
    known = list(words)
    near = get_close_matches(str(wrong)[:80].casefold(), known, n=1)
    if len(known) == 1:
        return write(known[0])
    listed = ", ".join(known)
    return said("cure.near", near=near[0], words=listed) if near else said("cure.one_of", words=listed)


def quoted(value: object) -> str | Sentence:
    """A value of a document as an error shows it, never longer than a line.

    >>> str(quoted(True)), str(quoted("a" * 99))[:8], str(quoted([1]))
    ('true', '"aaaaaaa', 'a list')
    """
    if isinstance(value, bool):
        return code_of(value)
    if isinstance(value, str):
        return said("value.text", text=_in_a_line(value))
    if isinstance(value, (list, tuple)):
        return said("value.list")
    if value is None:
        return said("value.nothing")
    return said("value.mapping") if isinstance(value, dict) else str(value)


def code_of(value: object) -> str:
    """A single value as a document writes it, for a cure that may be copied.

    >>> code_of("fr"), code_of(False), code_of(5)
    ('"fr"', 'false', '5')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{_in_a_line(value)}"' if isinstance(value, str) else str(value)


def _in_a_line(value: str) -> str:
    text = value if len(value) <= 60 else value[:57] + "..."
    return "".join(c if c.isprintable() else " " for c in text)


class CannotChange(BadModel):
    """A document's text is written in a way in which this cannot be changed."""

    def __init__(self, why: Sentence) -> None:
        self.why = why
        super().__init__(str(why))
