"""Which partition of `events` a fact goes to: one a month, made when it is first needed."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from psycopg import Connection, sql
from psycopg.errors import CheckViolation, LockNotAvailable

from couveuse.core.times import DAY_US, microseconds, moment
from couveuse.store import connections
from couveuse.store.statements import statement

# Months farther off than this stay in the partition of all others: a sender's clock must not make partitions for ever.
YEARS_BACK: Final = 10
_LOCK: Final = 0x636F756D
LOCK_MS: Final = 30_000
# A month's partition is made so long before its first fact comes.
AHEAD_US: Final = 31 * DAY_US
_MONTHS = statement("events", "months")


def month_of(at: int) -> tuple[int, int]:
    """The year and the month of an instant, in UTC."""
    day = moment(at)
    return day.year, day.month


class Months:
    """The partitions that are there, as far as this process knows."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._known: set[str] = set()
        self._seen: set[int] = set()  # days of instants met before: a set of integers is quicker than a calendar

    def ensure(self, instants: Iterable[int], now: int) -> None:
        """Make the partitions that these instants need, in transactions of their own.

        Not from within a transaction that has written events: it would wait for itself.
        """
        days = {at // DAY_US for at in instants} - self._seen
        if not days:
            return
        year = moment(now).year
        first, end = (microseconds(datetime(each, 1, 1, tzinfo=UTC)) for each in (year - YEARS_BACK, year + 2))
        wanted = {month_of(day * DAY_US) for day in days if first <= day * DAY_US < end}
        missing = [month for month in sorted(wanted) if _name(month) not in self._known]
        if missing:
            with connections.connect(self._url, "months", autocommit=True) as connection:
                # The parent table is locked for a moment. Whoever holds it for long must not make us wait for ever.
                connection.execute(f"set lock_timeout = {LOCK_MS}")
                for month in missing:
                    try:
                        _make(connection, month)
                    except CheckViolation:
                        # Facts of it came while our clock was wrong, and it was far off: they stay with all others.
                        self._known.add(_name(month))
                self._known |= {name for (name,) in connection.execute(_MONTHS).fetchall()}
        self._seen |= days

    def ensure_ahead(self, now: int) -> bool:
        """Make this month's partition and the next one's; returns False where somebody held the table too long for it.

        For whoever goes on to read the table for long: the month's first fact asks for a lock that they would hold up,
        and everybody after it.
        """
        try:
            self.ensure((now, now + AHEAD_US), now)
        except LockNotAvailable:
            return False
        return True


def _name(month: tuple[int, int]) -> str:
    return f"events_{month[0]:04}_{month[1]:02}"


def _make(connection: Connection[Any], month: tuple[int, int]) -> None:
    year, number = month
    low = microseconds(datetime(year, number, 1, tzinfo=UTC))
    high = microseconds(datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC))
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        name = sql.Identifier(_name(month))
        connection.execute(
            sql.SQL("create table if not exists {} partition of events for values from ({}) to ({})").format(
                name, sql.Literal(low), sql.Literal(high)
            )
        )
