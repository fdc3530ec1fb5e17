"""The table of words in which a model is told (`words.toml`), and numbers and durations as readers write them."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from couveuse.core.model import DAY_US
from couveuse.errors import BadInput
from couveuse.language.formats import MINUS
from couveuse.language.words import LANGUAGES, NARROW, NO_BREAK, spaced

_LENGTHS_US = {"days": DAY_US, "hours": DAY_US // 24, "minutes": DAY_US // 1440}


@cache
def _table(language: str) -> Mapping[str, tuple[str, str]]:
    """Each text of a language by section and key, for one and for several."""
    if language not in LANGUAGES:
        raise BadInput(f"a model is told in fr or en, not in {language!r}; write one of them")
    sections = tomllib.loads(files("couveuse.documents").joinpath("words.toml").read_text(encoding="utf-8"))
    return {
        f"{section}.{key}": _pair(texts[language], language)
        for section, keys in sections.items()
        for key, texts in keys.items()
    }


def _pair(text: str | list[str], language: str) -> tuple[str, str]:
    one, several = (text, text) if isinstance(text, str) else text
    return (spaced(one), spaced(several)) if language == "fr" else (one, several)


class Vocabulary:
    """The words of one language; BadInput for a language that the table does not hold."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts = _table(language)

    def say(self, key: str, **values: str) -> str:
        """The text of a key with its values put in."""
        return self._texts[key][1].format(**values)

    def count(self, key: str, number: float, **values: str) -> str:
        """The text of a key for a number, which it calls n: in French under 2 is one, in English 1 alone."""
        is_one = abs(number) < 2 if self.language == "fr" else abs(number) == 1
        return self._texts[key][0 if is_one else 1].format(n=self.number(number), **values)

    def known(self, section: str, key: str) -> str | None:
        """The text of a key that may not be in the table."""
        found = self._texts.get(f"{section}.{key}")
        return found[1] if found else None

    def quoted(self, text: str) -> str:
        """Somebody else's words within the quotes of the language."""
        return self.say("join.quoted", text=text)

    def number(self, number: float) -> str:
        """A number with all its decimals, as people of the language write it.

        >>> Vocabulary("fr").number(-2.5), Vocabulary("en").number(12000.0)
        ('−2,5', '12,000')
        """
        whole = number == int(number) and abs(number) < 1e15
        text = f"{int(abs(number)):,}" if whole else f"{abs(number):,}"
        if self.language == "fr":
            text = text.replace(",", NARROW).replace(".", ",")
        return MINUS + text if number < 0 else text

    def share(self, rate: float) -> str:
        """A rate in per cent, with the decimals that it has.

        >>> Vocabulary("en").share(0.05).replace(NARROW, "_")
        '5_%'
        """
        return f"{self.number(round(rate * 100, 6))}{NARROW}%"

    def duration(self, length_us: int) -> str:
        """A length of time in the largest of days, hours and minutes that holds it whole."""
        unit = next((unit for unit, length in _LENGTHS_US.items() if length_us % length == 0), "minutes")
        text = self.count(f"duration.{unit}", length_us / _LENGTHS_US[unit])
        return text.replace(" ", NO_BREAK)

    def listed(self, texts: Iterable[str], word: str = "and") -> str:
        """Texts in a row, the last after "and" or "or"."""
        *first, last = texts
        return f"{', '.join(first)}{self.say(f'join.{word}')}{last}" if first else last
