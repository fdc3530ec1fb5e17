"""The eighteen months of the history, day by day, in Paris.

Instants are whole milliseconds since 1970 in UTC; a day is counted from 1 January 2025 in Paris (day 0).
The changes of clocks are computed here, so that no time zone database is needed.
"""

from calendar import timegm
from datetime import UTC, date, datetime, timedelta, timezone

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
FIRST = date(2025, 1, 1)
DAYS = (date(2026, 7, 1) - FIRST).days

QUIET_MONTHS = {8: 0.45, 12: 0.75}
WEEKEND = 0.15


def _last_sunday(year: int, month: int) -> int:
    """01:00 UTC on the last Sunday of a month of 31 days, when clocks change in Europe (directive 2000/84/EC)."""
    last = date(year, month, 31)
    sunday = last - timedelta(days=(last.weekday() + 1) % 7)
    return timegm((sunday.year, sunday.month, sunday.day, 1, 0, 0)) * 1000


SUMMERS = tuple((_last_sunday(year, 3), _last_sunday(year, 10)) for year in (2024, 2025, 2026))


def is_summer(instant: int) -> bool:
    """Whether Paris is at two hours from UTC, and not one."""
    return any(begin <= instant < end for begin, end in SUMMERS)


def at(day: int, minute: float) -> int:
    """The instant of that minute of the day on the clocks of Paris."""
    local = timegm(FIRST.timetuple()) * 1000 + day * DAY + int(minute * MINUTE)
    winter = local - HOUR
    return winter - HOUR if is_summer(winter) else winter


BEGIN, END = at(0, 0), at(DAYS, 0)


def day_of(instant: int) -> int:
    """The day in Paris in which an instant falls."""
    local = instant + HOUR * (2 if is_summer(instant) else 1)
    return local // DAY - timegm(FIRST.timetuple()) * 1000 // DAY


def the_day(day: int) -> date:
    """The date of a day."""
    return FIRST + timedelta(days=day)


def activity(day: int) -> float:
    """How busy a business day is: weekends, August and the end of the year are quiet."""
    today = the_day(day)
    return QUIET_MONTHS.get(today.month, 1.0) * (WEEKEND if today.weekday() >= 5 else 1.0)


ACTIVITY = tuple(activity(day) for day in range(DAYS))


def working(day: int) -> int:
    """That day, or the Monday after it."""
    weekday = the_day(day).weekday()
    return day + (7 - weekday if weekday >= 5 else 0)


def utc_text(instant: int) -> str:
    """An instant as a web tracker writes it: UTC, with milliseconds."""
    moment = datetime.fromtimestamp(instant // 1000, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{instant % 1000:03d}Z"


def paris_text(instant: int) -> str:
    """An instant as an office tool writes it: the clock of Paris to the second, with its offset."""
    hours = 2 if is_summer(instant) else 1
    moment = datetime.fromtimestamp(instant // 1000, tz=timezone(timedelta(hours=hours)))
    return f"{moment:%Y-%m-%dT%H:%M:%S}+0{hours}:00"
