"""Durations as documents write them (`30m 12h 7d 2w`: fixed lengths) and as the core counts them (microseconds)."""

import re

from couveuse.core.model import DAY_US
from couveuse.errors import BadModel

HOUR_US = DAY_US // 24
UNITS_US = {"m": HOUR_US // 60, "h": HOUR_US, "d": DAY_US, "w": 7 * DAY_US}
LONGEST_US = 36_500 * DAY_US  # a century: sums of an instant and a duration stay within 64 bits
PATTERN = "^[1-9][0-9]{0,9}[mhdw]$"

_PARTS = re.compile("([1-9][0-9]{0,9})([mhdw])")


def duration_us(text: str) -> int | None:
    """A duration in microseconds, or None for what is not one or is longer than a century.

    >>> duration_us("2w") == 14 * DAY_US, duration_us("3 months")
    (True, None)
    """
    parts = _PARTS.fullmatch(text)
    if parts is None:
        return None
    length = int(parts[1]) * UNITS_US[parts[2]]
    return length if length <= LONGEST_US else None


def written(length_us: int) -> str:
    """A duration in the largest of days, hours and minutes that holds it whole.

    >>> written(36 * HOUR_US), written(30 * DAY_US)
    ('36h', '30d')
    """
    for unit in "dhm":
        count, rest = divmod(length_us, UNITS_US[unit])
        if count > 0 and not rest:
            return f"{count}{unit}"
    raise BadModel(f"a duration of {length_us} microseconds cannot be written; use a whole number of minutes")
