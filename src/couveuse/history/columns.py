"""What columns of files may stand for, how their dates are written, and a file's first rows as somebody sees them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

# By these names a row says what happened, when, to whom, by whose word.
KEYS: Final = ("event", "occurred_at", "email", "user_id", "anonymous_id", "message_id", "source")
# How the reasons of rejected rows of leads begin in the counts.
LEAD_PREFIX: Final = "lead_"


class Dates(StrEnum):
    """In which order a file writes its dates."""

    ISO = "iso"
    DAY_FIRST = "day"
    MONTH_FIRST = "month"


@dataclass(frozen=True, slots=True)
class Preview:
    """The columns of a file and its first rows as text; of a workbook the names of its sheets, and which one it is."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sheets: tuple[str, ...] = ()
    sheet: str = ""
    encoding: str = "utf-8"
    delimiter: str = ""
    samples: Mapping[str, str] = field(default_factory=dict)  # a cell of each column, the first that says something
