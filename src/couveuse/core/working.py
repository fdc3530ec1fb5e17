"""Working time: which instants are within somebody's hours, and how much of it lies between two of them.

Hours are the wall clock's: an instant is open where the local time that a clock on the wall shows lies in a span of
that day, and the day is none that is off. So a day on which the clocks change has as much working time as really
passes. Whose public holidays there are, whoever calls says.
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

from couveuse.core.errors import NeverOpen
from couveuse.core.roster import Hours
from couveuse.core.times import DAY_US, LAST_YEAR, MINUTE_US, Calendar

Span = tuple[int, int]  # two instants: from the first, up to and without the second

_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_LAST_DAY: Final = date(LAST_YEAR, 1, 1).toordinal() - _EPOCH_ORDINAL
# Clocks that change twice within this are not looked for.
_PROBE_US: Final = DAY_US // 4
# So many days are remembered: eleven years.
_MOST_DAYS: Final = 4_000


class Working:
    """The working time of some hours, with the days off of whoever keeps them."""

    def __init__(self, hours: Hours, is_day_off: Callable[[date], bool]) -> None:
        self.hours = hours
        self._is_day_off = is_day_off
        self._calendar = Calendar(hours.timezone)
        self._days: dict[int, tuple[Span, ...]] = {}
        self._is_ever_open = any(start < end for spans in hours.week for start, end in spans)

    def is_open(self, at: int) -> bool:
        """Whether somebody works at that instant: an opening belongs to the hours, a closing does not."""
        return any(start <= at < end for start, end in self._spans(at // DAY_US))

    def next_open(self, at: int) -> int:
        """The first instant from `at` on at which somebody works: `at` itself when open. Raises NeverOpen."""
        for start, _ in self._from(at):
            return start
        raise NeverOpen

    def after(self, at: int, span: int) -> int:
        """The first instant by which so much working time has passed since `at`, in microseconds; within the hours.

        It may be the instant at which they close. Where nothing has to pass it is the next opening. Raises NeverOpen.
        """
        if span <= 0:
            return self.next_open(at)
        left = span
        for start, end in self._from(at):
            if left <= end - start:
                return start + left
            left -= end - start
        raise NeverOpen

    def between(self, start: int, end: int) -> int:
        """How much working time, in microseconds, lies from one instant to a later one; 0 where it is no later."""
        total = 0
        for opens, closes in self._from(start) if start < end else ():
            if opens >= end:
                break
            total += min(closes, end) - opens
        return total

    def _from(self, at: int) -> Iterator[Span]:
        """What is open from an instant on, in order, until calendars end."""
        if self._is_ever_open:
            for day in range(at // DAY_US, _LAST_DAY):
                for start, end in self._spans(day):
                    if end > at:
                        yield max(start, at), end

    def _spans(self, day: int) -> tuple[Span, ...]:
        """What is open of a day of UTC, in order. Local days would not do: a clock may go back over midnight."""
        found = self._days.get(day)
        if found is None:
            if len(self._days) >= _MOST_DAYS:
                self._days.clear()
            found = self._days[day] = self._worked_out(day)
        return found

    def _worked_out(self, day: int) -> tuple[Span, ...]:
        spans: list[Span] = []
        for since, until, offset in self._offsets(day * DAY_US, (day + 1) * DAY_US):
            for local in range((since + offset) // DAY_US, (until + offset - 1) // DAY_US + 1):
                for opens, closes in self._minutes(local):
                    start = max(since, local * DAY_US + opens * MINUTE_US - offset)
                    end = min(until, local * DAY_US + closes * MINUTE_US - offset)
                    if start < end:
                        spans.append((start, end))
        return _joined(spans)

    def _minutes(self, local: int) -> tuple[tuple[int, int], ...]:
        """When somebody works on a local day, in minutes of the clock on the wall."""
        minutes = self.hours.week[(local + 3) % 7]  # 1 January 1970 was a Thursday
        if not minutes:
            return ()
        on = date.fromordinal(_EPOCH_ORDINAL + local)
        return () if on in self.hours.days_off or self._is_day_off(on) else minutes

    def _offsets(self, since: int, until: int) -> list[tuple[int, int, int]]:
        """From when to when the clocks are how far ahead of UTC, within two instants."""
        found: list[tuple[int, int, int]] = []
        start, offset = since, self._calendar.offset(since)
        for low in range(since, until, _PROBE_US):
            high = min(low + _PROBE_US, until)
            changed = self._calendar.offset(high)
            if changed != offset:
                change = self._change(low, high)
                found.append((start, change, offset))
                start, offset = change, changed
        if start < until:
            found.append((start, until, offset))
        return found

    def _change(self, low: int, high: int) -> int:
        """The instant of the one change of the clocks after `low` and until `high`."""
        before = self._calendar.offset(low)
        while high - low > 1:
            middle = (low + high) // 2
            if self._calendar.offset(middle) == before:
                low = middle
            else:
                high = middle
        return high


def _joined(spans: list[Span]) -> tuple[Span, ...]:
    """Spans in order, those that meet or overlap made one."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)
