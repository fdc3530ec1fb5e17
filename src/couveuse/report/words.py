"""Every sentence of the report: they stand in `words.toml`, and nothing else in the report holds words."""

from typing import Final

from couveuse.language.words import Words

_PACKAGE: Final = "couveuse.report"


def words(language: str) -> Words:
    """The words of the report."""
    return Words(language, _PACKAGE)
