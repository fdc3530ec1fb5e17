"""Instants and calendar windows: integer microseconds in, integers out; the zone is told.

An instant is microseconds since 1970 in UTC. A window is known by an integer that only says which window of
its kind it is; windows of different kinds are never compared.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US
HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US

# Before every instant: traits of a leads file hold since then, and what never happened, happened then.
NEVER: Final = -(2**62)
# Longer than any span between two instants, and small enough that instant - EVER stays above NEVER.
EVER: Final = 2**61

# Instants outside of these years are refused: they are typing errors, and calendars end.
FIRST_YEAR, LAST_YEAR = 1900, 2200

# White space around a key or a time does not count.
WHITE = " \t\r\n\f\v\u00a0\ufeff"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
# Date, time of day, fraction, zone. The same pattern serves whole columns (it keeps to what RE2 knows).
ISO_PATTERN = (
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ]((?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?)(?:[.,]([0-9]{1,9}))?"
    r"(?: ?(Z|z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?))?)?"
)
_ISO = re.compile(ISO_PATTERN)


def instant(text: str, zone: ZoneInfo) -> int | None:
    """An ISO 8601 date or time as an instant, or None where it is none.

    A time without a zone is taken in `zone`; of an hour that comes twice the first is meant, and a time that
    the clocks leap over is counted with the offset from before the leap. What is finer than a microsecond is cut.

    >>> instant("2026-03-03T15:00:00Z", ZoneInfo("Europe/Paris")) == instant(
    ...     "2026-03-03 16:00", ZoneInfo("Europe/Paris")
    ... )
    True
    >>> instant("yesterday", ZoneInfo("Europe/Paris")) is None
    True
    """
    found = _ISO.fullmatch(text.strip(WHITE))
    if found is None:
        return None
    date, time, fraction, offset = found.groups()
    try:
        moment = datetime.fromisoformat(f"{date}T{time or '00:00'}")
        moment = moment.replace(microsecond=int((fraction or "0")[:6].ljust(6, "0")))
        moment = moment.replace(tzinfo=_offset(offset) if offset else zone)
        if not FIRST_YEAR <= moment.year < LAST_YEAR:
            return None
        return microseconds(moment)
    except (ValueError, OverflowError):
        return None


def _offset(text: str) -> tzinfo | None:
    return UTC if text in "Zz" else datetime.fromisoformat(f"2000-01-01T00:00{text}").tzinfo


def microseconds(moment: datetime) -> int:
    """An aware datetime as an instant."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(at: int, zone: ZoneInfo | None = None) -> datetime:
    """An instant as an aware datetime, in UTC or in a zone."""
    return (_EPOCH + timedelta(microseconds=at)).astimezone(zone or UTC)


def iso(at: int) -> str:
    """An instant as ISO 8601 in UTC, microseconds only where there are some.

    >>> iso(1_772_550_000_000_000)
    '2026-03-03T15:00:00Z'
    """
    return moment(at).isoformat().replace("+00:00", "Z")


class Calendar:
    """The calendar windows of one time zone."""

    def __init__(self, timezone: str) -> None:
        self.zone = ZoneInfo(timezone)
        self.offsets: dict[int, int] = {}  # by hour of UTC, where the clocks do not change within it
        self._months: dict[int, int] = {}

    def offset(self, at: int) -> int:
        """Microseconds that the zone's clocks are ahead of UTC at that instant."""
        hour = at // HOUR_US
        offset = self.offsets.get(hour)
        if offset is None:
            offset = self._offset_at(hour * HOUR_US)
            if offset != self._offset_at((hour + 1) * HOUR_US - 1):
                return self._offset_at(at)  # the clocks change within this hour of UTC
            self.offsets[hour] = offset
        return offset

    def _offset_at(self, at: int) -> int:
        shift = moment(at).astimezone(self.zone).utcoffset()
        assert shift is not None  # a ZoneInfo always says
        return shift // _MICROSECOND

    def hour(self, at: int) -> int:
        """The wall clock's hour with its offset: the hour that comes twice is two hours."""
        offset = self.offset(at)
        return (at + offset) // HOUR_US * DAY_US + offset

    def day(self, at: int) -> int:
        """Local days since 1 January 1970."""
        return (at + self.offset(at)) // DAY_US

    def week(self, at: int) -> int:
        """Local weeks, from Monday to Sunday."""
        return week_of(self.day(at))

    def month(self, at: int) -> int:
        """Local months since year 0."""
        return self.month_of(self.day(at))

    def month_of(self, day: int) -> int:
        """The local month in which a local day is."""
        month = self._months.get(day)
        if month is None:
            date = _EPOCH + timedelta(days=day)
            month = self._months[day] = date.year * 12 + date.month - 1
        return month


def week_of(day: int) -> int:
    """The local week in which a local day is: 1 January 1970 was a Thursday."""
    return (day + 3) // 7


def local_offsets(zone: ZoneInfo, first_year: int, last_year: int) -> list[tuple[int, int]]:
    """From which wall-clock microsecond on a time without a zone has which offset, as `instant` reads it.

    Returns (wall clock, offset) pairs in order, for readers that convert whole columns.
    """
    first, last = (microseconds(datetime(year, 1, 1, tzinfo=UTC)) for year in (first_year, last_year + 1))
    wall = range(first, last + 1, DAY_US)

    def offset(at: int) -> int:
        shift = moment(at).replace(tzinfo=zone).utcoffset()
        assert shift is not None
        return shift // _MICROSECOND

    pairs = [(wall[0], offset(wall[0]))]
    for low, high in pairwise(wall):
        if offset(low) != offset(high):
            left, right, here = low, high, offset(low)
            while right - left > 1:
                middle = (left + right) // 2
                left, right = (middle, right) if offset(middle) == here else (left, middle)
            pairs.append((right, offset(right)))
    return pairs
