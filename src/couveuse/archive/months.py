"""Months as the archive knows them: text (2026-01), and numbers that follow one another."""

import re
from datetime import UTC, datetime
from typing import Final

from couveuse.core.times import microseconds, moment
from couveuse.errors import BadInput

_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def month_of(at: int) -> str:
    """The month of an instant (microseconds), in UTC.

    >>> month_of(1_780_000_000_000_000)
    '2026-05'
    """
    return f"{moment(at):%Y-%m}"


def checked(text: str) -> str:
    """A month as it was typed; raises BadInput where it is none."""
    if not _MONTH.fullmatch(text) or text < "1900":
        raise BadInput(f"{text}: not a month; write it as 2026-01")
    return text


def number_of(month: str) -> int:
    """A month as a number, one more for the next one.

    >>> number_of("2026-01"), number_of("2026-12")
    (24312, 24323)
    """
    return int(month[:4]) * 12 + int(month[5:]) - 1


def text_of(number: int) -> str:
    """The month of a number.

    >>> text_of(24312)
    '2026-01'
    """
    return f"{number // 12:04}-{number % 12 + 1:02}"


def bounds_of(month: str) -> tuple[int, int]:
    """The first instant of a month, and that of the next one, in microseconds."""
    first, after = (datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)
                    for number in (number_of(month), number_of(month) + 1))  # fmt: skip
    return microseconds(first), microseconds(after)
