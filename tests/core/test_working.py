"""Working time: by the clock on the wall, without days off, right where the clocks change."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couveuse.core.errors import NeverOpen
from couveuse.core.roster import Hours
from couveuse.core.times import DAY_US, HOUR_US, MINUTE_US, instant, microseconds, moment
from couveuse.core.working import Working

PARIS, NEW_YORK = "Europe/Paris", "America/New_York"
OFFICE = ((9 * 60, 12 * 60 + 30), (14 * 60, 18 * 60))
WEEK = (OFFICE,) * 5 + ((),) * 2
ALWAYS = (((0, 1440),),) * 7


def never(on: date) -> bool:
    return False


def among(*days: str) -> Callable[[date], bool]:
    return frozenset(map(date.fromisoformat, days)).__contains__


def working(
    week: tuple[tuple[tuple[int, int], ...], ...] = WEEK,
    zone: str = PARIS,
    is_day_off: Callable[[date], bool] = never,
    days_off: frozenset[date] = frozenset(),
) -> Working:
    return Working(Hours(zone, week, "", days_off), is_day_off)


def at(text: str, zone: str = PARIS) -> int:
    found = instant(text, ZoneInfo(zone))
    assert found is not None
    return found


def wall(instant_: int, zone: str = PARIS) -> str:
    return moment(instant_, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def test_it_works() -> None:
    office = working()
    assert office.is_open(at("2026-03-03 09:00"))
    assert not office.is_open(at("2026-03-03 12:30"))
    assert office.next_open(at("2026-03-03 10:00")) == at("2026-03-03 10:00")
    assert office.after(at("2026-03-03 12:00"), HOUR_US) == at("2026-03-03 14:30")
    assert office.between(at("2026-03-03 08:00"), at("2026-03-03 20:00")) == 7 * HOUR_US + HOUR_US // 2


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-03-03 17:00", 4, "2026-03-04 12:00"),  # over the night
        ("2026-03-06 16:00", 4, "2026-03-09 11:00"),  # over the weekend
        ("2026-03-07 11:00", 4, "2026-03-09 14:30"),  # from a Saturday
        ("2026-03-03 09:00", 7.5, "2026-03-03 18:00"),  # a whole day ends when it closes
        ("2026-03-03 18:00", 0, "2026-03-04 09:00"),
        ("2026-03-03 08:00", 37.5, "2026-03-09 18:00"),
    ],
)
def test_only_open_time_counts(start: str, hours: float, due: str) -> None:
    assert wall(working().after(at(start), round(hours * HOUR_US))) == due


def test_holidays_and_days_off_do_not_count() -> None:
    # Christmas on a Friday; the firm is shut on the 24th, too.
    office = working(is_day_off=among("2026-12-25"), days_off=frozenset([date(2026, 12, 24)]))
    assert wall(office.after(at("2026-12-23 17:00"), 2 * HOUR_US)) == "2026-12-28 10:00"
    assert office.between(at("2026-12-24 00:00"), at("2026-12-28 00:00")) == 0
    assert wall(office.next_open(at("2026-12-24 09:00"))) == "2026-12-28 09:00"


@pytest.mark.parametrize(
    ("zone", "leaps", "falls"),
    [(PARIS, "2026-03-29", "2026-10-25"), (NEW_YORK, "2026-03-08", "2026-11-01")],
)
def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is(zone: str, leaps: str, falls: str) -> None:
    round_the_clock = working(ALWAYS, zone)
    for day, hours in ((leaps, 23), (falls, 25)):
        next_day = str(date.fromisoformat(day) + timedelta(days=1))
        assert round_the_clock.between(at(day, zone), at(next_day, zone)) == hours * HOUR_US
    night = working((((1 * 60, 3 * 60),),) * 7, zone)
    assert night.after(at(f"{leaps} 00:00", zone), HOUR_US) == at(
        f"{leaps} 03:00", zone
    )  # 02:00 to 03:00 is leapt over
    assert wall(night.after(at(f"{falls} 00:00", zone), 3 * HOUR_US), zone) == f"{falls} 03:00"  # and comes twice here
    office = working(WEEK, zone)
    friday = str(date.fromisoformat(leaps) - timedelta(days=2))
    monday = str(date.fromisoformat(leaps) + timedelta(days=1))
    assert wall(office.after(at(f"{friday} 17:00", zone), 2 * HOUR_US), zone) == f"{monday} 10:00"


def test_a_span_that_begins_in_the_hour_that_is_leapt_over_begins_after_it() -> None:
    early = working((((2 * 60 + 30, 4 * 60),),) * 7)
    assert wall(early.next_open(at("2026-03-29 00:00"))) == "2026-03-29 03:00"
    assert early.between(at("2026-03-29 00:00"), at("2026-03-30 00:00")) == HOUR_US


def test_clocks_that_go_back_over_midnight_keep_time_in_order() -> None:
    zone = "America/St_Johns"  # until 2011 at one minute past midnight
    round_the_clock = working(ALWAYS, zone)
    start, end = at("2010-11-06", zone), at("2010-11-08", zone)
    assert round_the_clock.between(start, end) == 49 * HOUR_US
    assert round_the_clock.after(start, 49 * HOUR_US) == end


def test_a_day_that_a_country_left_out_has_no_time() -> None:
    zone = "Pacific/Apia"  # went from 29 to 31 December 2011
    round_the_clock = working(ALWAYS, zone)
    assert round_the_clock.between(at("2011-12-29", zone), at("2012-01-01", zone)) == 2 * DAY_US


def test_overlapping_spans_count_once() -> None:
    assert working((((540, 720), (600, 780), (780, 800)),) * 7).between(at("2026-03-03"), at("2026-03-04")) == (
        260 * MINUTE_US
    )


def test_hours_that_are_empty_never_come() -> None:
    empty = working(((),) * 7)
    assert not empty.is_open(at("2026-03-03 10:00"))
    assert empty.between(0, at("2026-03-03")) == 0
    for span in (0, 1):
        with pytest.raises(NeverOpen, match="write at least one span"):
            empty.after(at("2026-03-03"), span)
    with pytest.raises(NeverOpen):
        working(is_day_off=lambda on: True).next_open(at("2199-03-03"))


# ---- Laws -----------------------------------------------------------------------------------------------------------

ZONES = st.sampled_from([PARIS, NEW_YORK, "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "UTC"])
MINUTES = st.integers(0, 1440)
SPANS = st.tuples(MINUTES, MINUTES).map(lambda ends: (min(ends), max(ends)))
DAYS = st.lists(SPANS, max_size=3).map(tuple)
WEEKS = (
    st.lists(DAYS, min_size=7, max_size=7).map(tuple).filter(lambda week: any(a < b for day in week for a, b in day))
)
# Around the changes of the clocks of both zones, and around Christmas.
CHANGES = ["2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01", "2010-11-07", "2026-12-24"]
INSTANTS = st.builds(
    lambda day, minutes, more: at(day, "UTC") + minutes * MINUTE_US + more,
    st.sampled_from(CHANGES), st.integers(-3 * 1440, 4 * 1440), st.sampled_from([0, 0, 0, 1, 59_999_999]),
)  # fmt: skip
OFF = st.sets(st.sampled_from([date(2026, 12, 24) + timedelta(days=n) for n in range(9)]), max_size=5)
WORKINGS = st.builds(
    lambda week, zone, holidays, days_off: working(week, zone, holidays.__contains__, frozenset(days_off)),
    WEEKS, ZONES, OFF, OFF,
)  # fmt: skip
LENGTHS = st.integers(0, 3000).map(lambda minutes: minutes * MINUTE_US) | st.integers(0, 5 * HOUR_US)


def is_open_slowly(work: Working, at_: int) -> bool:
    """What the clock on the wall says."""
    local = moment(at_, ZoneInfo(work.hours.timezone))
    into_the_day = microseconds(local.replace(tzinfo=ZoneInfo("UTC"))) % DAY_US
    if local.date() in work.hours.days_off or work._is_day_off(local.date()):
        return False
    return any(a * MINUTE_US <= into_the_day < b * MINUTE_US for a, b in work.hours.week[local.weekday()])


@given(WORKINGS, INSTANTS)
def test_it_is_open_when_the_clock_on_the_wall_says_so(work: Working, when: int) -> None:
    assert work.is_open(when) == is_open_slowly(work, when)


@given(WORKINGS, INSTANTS, st.integers(0, 2 * 1440))
def test_the_time_between_is_the_sum_of_its_open_minutes(work: Working, when: int, minutes: int) -> None:
    start = when - when % MINUTE_US  # every change of these clocks is on a whole minute
    opened = sum(is_open_slowly(work, start + n * MINUTE_US) for n in range(minutes))
    assert work.between(start, start + minutes * MINUTE_US) == opened * MINUTE_US


@given(WORKINGS, INSTANTS, LENGTHS)
def test_so_much_has_passed_by_then_and_not_before(work: Working, when: int, span: int) -> None:
    due = work.after(when, span)
    assert due >= when
    assert work.between(when, due) == span
    if span:
        assert work.between(when, due - 1) == span - 1


@given(WORKINGS, INSTANTS, LENGTHS)
def test_what_was_passed_is_found_again(work: Working, when: int, length: int) -> None:
    later = when + length
    passed = work.between(when, later)
    again = work.after(when, passed)
    assert work.between(when, again) == passed
    assert again <= later or (passed == 0 and again == work.next_open(when))


@given(WORKINGS, INSTANTS, LENGTHS, LENGTHS)
def test_later_and_longer_is_never_due_earlier(work: Working, when: int, span: int, more: int) -> None:
    assert work.after(when, span) <= work.after(when, span + more)
    assert work.after(when, span) <= work.after(when + more, span)


@given(WORKINGS, INSTANTS, LENGTHS)
def test_nothing_is_due_outside_of_the_hours(work: Working, when: int, span: int) -> None:
    due = work.after(when, span)
    assert work.is_open(due) or (span > 0 and work.is_open(due - 1))  # the moment of closing is the last one


@given(WORKINGS, INSTANTS, LENGTHS, LENGTHS)
def test_the_time_between_adds_up(work: Working, start: int, first: int, second: int) -> None:
    middle, end = start + first, start + first + second
    assert work.between(start, middle) + work.between(middle, end) == work.between(start, end)
    assert work.between(end, start) == 0 or start == end


@given(WORKINGS, INSTANTS)
def test_the_next_opening_is_the_first(work: Working, when: int) -> None:
    opening = work.next_open(when)
    assert work.is_open(opening)
    assert work.between(when, opening) == 0


def test_a_long_promise_ends_before_calendars_do() -> None:
    assert moment(working().after(at("2026-03-03"), 1000 * HOUR_US)) < datetime(2027, 1, 1, tzinfo=ZoneInfo("UTC"))
