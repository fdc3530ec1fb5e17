"""Hours with the holidays of their country, for any year that is asked about."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from couveuse.core.roster import Hours
from couveuse.core.times import HOUR_US, instant
from couveuse.engine.calendars import working_of

PARIS = ZoneInfo("Europe/Paris")


def at(text: str) -> int:
    found = instant(text, PARIS)
    assert found is not None
    return found


def test_it_works() -> None:
    assert working_of(Hours(holidays="FR")).after(at("2026-07-13 17:00"), 2 * HOUR_US) == at("2026-07-15 10:00")


@pytest.mark.parametrize(
    ("holidays", "is_open"),
    [("FR", True), ("FR-57", False), ("", True), ("BE", True), ("DE-BY", False), ("DE", False)],
)
def test_good_friday_is_a_holiday_where_it_is(holidays: str, is_open: bool) -> None:
    assert working_of(Hours(holidays=holidays)).is_open(at("2026-04-03 10:00")) is is_open


@pytest.mark.parametrize("year", [1999, 2026, 2060])
def test_any_year_is_made_when_it_is_asked_about(year: int) -> None:
    assert not working_of(Hours(holidays="FR", week=(((540, 1080),),) * 7)).is_open(at(f"{year}-07-14 10:00"))


def test_equal_hours_are_made_ready_once() -> None:
    days_off = frozenset([date(2026, 12, 24)])
    assert working_of(Hours(days_off=days_off)) is working_of(Hours(days_off=days_off))


def test_several_threads_see_the_same_holidays() -> None:
    hours = [Hours(holidays=country) for country in ("AT", "ES", "IT", "PT")] * 8
    with ThreadPoolExecutor(8) as threads:
        opened = threads.map(lambda each: working_of(each).is_open(at("2031-01-06 10:00")), hours)
    assert list(opened) == [False, False, False, True] * 8
