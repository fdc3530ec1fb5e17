"""A partition a month, made when it is first needed; what is too far off has none, whatever our clock said then."""

from datetime import UTC, datetime

import psycopg
import pytest

from couveuse.core.times import microseconds
from couveuse.store import months as store
from couveuse.store.months import Months

NOW = microseconds(datetime(2026, 5, 20, tzinfo=UTC))


def day(year: int, month: int, number: int = 15) -> int:
    return microseconds(datetime(year, month, number, tzinfo=UTC))


def partition_of(url: str, at: int) -> str:
    """Where a fact of that instant goes."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "insert into events values (1, %s, %s, 1, 1, 0, null, '') returning tableoid::regclass::text", [at, at]
        ).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize(
    ("at", "where"),
    [
        (day(2026, 5), "events_2026_05"), (day(2026, 12, 31), "events_2026_12"), (day(2016, 1, 1), "events_2016_01"),
        (day(2027, 12), "events_2027_12"), (day(2015, 12, 31), "events_rest"), (day(2028, 1, 1), "events_rest"),
        (10**18, "events_rest"), (-(2**62), "events_rest"),
    ],
)  # fmt: skip
def test_it_works(database: str, at: int, where: str) -> None:
    Months(database).ensure([at], NOW)
    assert partition_of(database, at) == where


def test_a_month_that_was_far_off_by_a_clock_that_was_wrong_stays_with_the_others(database: str) -> None:
    months = Months(database)
    months.ensure([day(2026, 5)], 0)  # in 1970
    assert partition_of(database, day(2026, 5)) == "events_rest"
    for each in (months, Months(database)):
        each.ensure([day(2026, 5), day(2026, 6)], NOW)
    again = Months(database)
    again.ensure([day(2026, 5, 16)], NOW)
    assert partition_of(database, day(2026, 5, 16)) == "events_rest"
    assert partition_of(database, day(2026, 6)) == "events_2026_06"


def partitions(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "select inhrelid::regclass::text from pg_inherits where inhparent = 'events'::regclass"
        )
        return {name for (name,) in rows}


def test_this_month_and_the_next_one_are_there_before_whoever_reads_for_long(database: str) -> None:
    assert Months(database).ensure_ahead(NOW)
    assert {"events_2026_05", "events_2026_06"} <= partitions(database)
    with psycopg.connect(database) as reader:
        reader.execute("select from events")  # holds the table until it ends
        Months(database).ensure([day(2026, 6)], NOW)


def test_whoever_holds_the_table_for_too_long_is_not_waited_for(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "LOCK_MS", 50)
    months = Months(database)
    with psycopg.connect(database) as reader:
        reader.execute("select from events")
        assert not months.ensure_ahead(NOW)
    assert months.ensure_ahead(NOW)
    assert "events_2026_06" in partitions(database)
