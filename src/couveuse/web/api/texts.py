"""Text as a body or a query may hold it: what PostgreSQL takes, so that the rest is told and not stumbled over."""

from typing import Annotated

from pydantic import AfterValidator

from couveuse.core.events import is_text


def _usable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("take out the NUL bytes (U+0000)")
    if not is_text(text):
        raise ValueError("write text in Unicode: surrogates stand for a character only in pairs")
    return text


Text = Annotated[str, AfterValidator(_usable)]
"""A text without NUL bytes and lone surrogates."""
