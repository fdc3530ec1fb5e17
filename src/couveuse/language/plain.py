"""Others' words as a page or a message may hold them: in one piece, and changing nothing that stands around them."""

import re
from typing import Final

# Control characters have no place in a page, and lone surrogates none in UTF-8. What forces a direction on the text
# around it is dropped: words written from right to left need none of it.
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_FORCED: Final = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
# What ends a line or is one space among others; no-break spaces are as they were written.
_BREAKS: Final = re.compile(r"[\t-\r\x1c-\x20\x85\u2028\u2029]+")


def clean(text: str) -> str:
    """A text without what a page cannot hold."""
    return _UNPRINTABLE.sub("\ufffd", _FORCED.sub("", text))


def in_a_line(text: str, most: int) -> str:
    r"""A text as one line that fits: its beginning, with a mark where it was cut.

    >>> in_a_line("Durand\r\nBcc: eve@example.com", 12)
    'Durand Bcc:…'
    """
    line = clean(_BREAKS.sub(" ", text[: most * 4])).strip()
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
