"""Numbers, dates and ages as French and English readers write them."""

import math
from datetime import UTC, datetime, timedelta, tzinfo
from datetime import date as calendar_day
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from couveuse.language.words import NARROW, NO_BREAK, Words

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
MINUS = "\u2212"
MONTHS = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),
    "en": "January February March April May June July August September October November December".split(),
}
SHORT_MONTHS = {
    "fr": "janv. févr. mars avril mai juin juil. août sept. oct. nov. déc.".split(),
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(),
}
SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


class Formats:
    """The writing of values in one language and one time zone."""

    def __init__(self, words: Words, timezone: str) -> None:
        self.words = words
        self.language = words.language
        self.zone = _zone(timezone)

    def number(self, value: float, digits: int = 0) -> str:
        """A number with that many decimals, its thousands apart: 12 345,6 in French, 12,345.6 in English."""
        if not math.isfinite(value):
            return "–"
        text = f"{abs(value):,.{digits}f}"
        if self.language == "fr":
            text = text.replace(",", NARROW).replace(".", ",")
        return MINUS + text if value < 0 and any(c in "123456789" for c in text) else text

    def score(self, value: float) -> str:
        """A score as screens show it: one decimal, always."""
        return self.number(value, 1)

    def points(self, value: float) -> str:
        """Points in a sentence: one decimal, unless it is a zero."""
        return self.number(value, 0 if round(value, 1) == round(value) else 1)

    def signed(self, value: float, digits: int | None = None) -> str:
        """Points that are added or taken away, with their sign."""
        text = self.points(value) if digits is None else self.number(value, digits)
        return f"+{text}" if value > 0 else text

    def share(self, value: float) -> str:
        """A share or a rate; one decimal under 10 %, where whole numbers are too coarse, and for an exact half."""
        percent = value * 100
        half = abs(percent % 1 - 0.5) < 1e-9
        coarse = abs(percent) < 9.95 and abs(percent - round(percent)) > 1e-9
        digits = 1 if half or coarse else 0
        return f"{self.number(percent, digits)}{NARROW}%"

    def money(self, value: float, currency: str) -> str:
        """An amount in whole units: 2 500 €, or €2,500; a currency without a sign of its own stands by its code."""
        sign = SIGNS.get(currency)
        if self.language == "fr" or sign is None:
            return f"{self.number(value)}{NO_BREAK}{sign or currency}"
        return f"{MINUS if value <= -0.5 else ''}{sign}{self.number(abs(value))}"

    def moment(self, at_us: int) -> datetime:
        """An instant in the report's time zone."""
        return (EPOCH + timedelta(microseconds=at_us)).astimezone(self.zone)

    def date(self, at_us: int) -> str:
        """The day of an instant: 3 mars 2026, 3 March 2026."""
        return self.day(self.moment(at_us))

    def day(self, day: calendar_day) -> str:
        """A day, wherever it was: 3 mars 2026, 3 March 2026."""
        number = "1er" if day.day == 1 and self.language == "fr" else str(day.day)
        return f"{number} {MONTHS[self.language][day.month - 1]} {day.year}"

    def short_date(self, at_us: int) -> str:
        """A day where there is little room: 3 mars 26, 3 Mar 26."""
        at = self.moment(at_us)
        return f"{at.day} {SHORT_MONTHS[self.language][at.month - 1]} {at.year % 100:02d}"

    def time(self, at_us: int) -> str:
        """A time of day: 14:05."""
        return f"{self.moment(at_us):%H:%M}"

    def instant(self, at_us: int) -> str:
        """A day and a time: 3 mars 2026 à 14:05; 3 March 2026, 14:05."""
        between = " à " if self.language == "fr" else ", "
        return f"{self.date(at_us)}{between}{self.time(at_us)}"

    def short_instant(self, at_us: int) -> str:
        """A short day and a time, for a table: 3 mars 26 à 14:05; 3 Mar 26, 14:05."""
        between = " à " if self.language == "fr" else ", "
        return f"{self.short_date(at_us)}{between}{self.time(at_us)}"

    def iso(self, at_us: int) -> str:
        """An instant as machines read it, to the second."""
        return self.moment(at_us).isoformat(timespec="seconds")

    def age(self, at_us: int, now_us: int) -> str:
        """How long before now an instant was, in its one greatest unit."""
        gap = max(now_us - at_us, 0)
        days = gap // DAY_US
        for key, least, number in (
            ("age.years", 730, days // 365),
            ("age.months", 61, days // 30),
            ("age.days", 1, days),
        ):
            if days >= least:
                return self.words.count(key, number, n=number)
        hours = gap // HOUR_US
        return self.words.count("age.hours", hours, n=hours) if hours else self.words.say("age.now")

    def duration(self, span_us: int) -> str:
        """A length of time in days, or in hours under one day."""
        if span_us % DAY_US == 0:
            return self.words.count("duration.days", span_us // DAY_US, n=self.number(span_us // DAY_US))
        hours = span_us / HOUR_US
        return self.words.count("duration.hours", math.ceil(hours), n=self.points(hours))
