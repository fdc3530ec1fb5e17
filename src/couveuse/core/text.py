"""Text as conditions compare it: without case, accents or encoding; and globs over it."""

import re
import unicodedata
from functools import lru_cache


@lru_cache(maxsize=65_536)
def plain(text: str) -> str:
    """A text's letters alone: NFKD, no combining marks, casefold.

    >>> plain("Étudiante EN Master")
    'etudiante en master'
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def glob(pattern: str) -> re.Pattern[str]:
    """A glob over a whole plain text: `*` is any run, `?` any one character, and nothing else is special.

    Each run is matched up to the first place where the next piece fits and never tried again (an atomic
    group), which is enough for globs and keeps the time linear in the text, whatever the pattern.

    >>> bool(glob("*/devis*").fullmatch(plain("https://example.com/DEVIS?ref=1")))
    True
    >>> bool(glob("b.b").fullmatch("bob"))
    False
    """
    pieces = [re.escape(piece).replace(r"\?", ".") for piece in plain(pattern).split("*")]
    head, *rest = pieces
    if not rest:
        return re.compile(head, re.DOTALL)
    *middle, tail = rest
    inner = "".join(f"(?>.*?{piece})" for piece in middle if piece)
    return re.compile(f"{head}{inner}.*{tail}" if tail else f"{head}{inner}.*", re.DOTALL)


def email(text: str) -> str:
    """An e-mail as it is compared: trimmed and in lower case."""
    return text.strip().lower()


def telephone(text: str) -> str:
    """A telephone number as it is compared: its last nine digits, which are the same with and without the country.

    Who is told apart by fewer digits than that has all of them. An extension after a word or `#` is left out.

    >>> telephone("+33 (0)1 23 45 67 89"), telephone("01.23.45.67.89 poste 12"), telephone("3631")
    ('123456789', '123456789', '3631')
    """
    number = re.split(r"[^\d\s().+/-]", text, maxsplit=1)[0]
    return re.sub(r"\D", "", number)[-9:]
