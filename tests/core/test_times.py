"""Times: what is an instant, what a time without a zone means, and where calendar windows begin."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from couveuse.core import times
from couveuse.core.times import Calendar, instant, local_offsets

PARIS = ZoneInfo("Europe/Paris")
ZONES = (
    "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "Europe/Dublin",
    "America/St_Johns", "Pacific/Apia", "Pacific/Chatham", "Asia/Tehran", "UTC",
)  # fmt: skip


def at(text: str) -> int:
    found = instant(text, PARIS)
    assert found is not None
    return found


def test_it_works() -> None:
    assert at("2026-03-03T15:00:00Z") == 1_772_550_000_000_000
    assert times.iso(1_772_550_000_000_000) == "2026-03-03T15:00:00Z"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-03-03T16:00:00+01:00", "2026-03-03T15:00:00Z"),
        ("2026-03-03 16:00+0100", "2026-03-03T15:00:00Z"),
        ("2026-03-03T16:00+01", "2026-03-03T15:00:00Z"),
        ("2026-03-03T20:45:00+05:45", "2026-03-03T15:00:00Z"),
        ("2026-03-03T15:00z", "2026-03-03T15:00:00Z"),
        ("  2026-03-03T15:00:00Z\t", "2026-03-03T15:00:00Z"),
        ("2026-03-03T15:00:00,5Z", "2026-03-03T15:00:00.500000Z"),
        ("2026-03-03T15:00:00.123456789Z", "2026-03-03T15:00:00.123456Z"),
        ("2026-03-03", "2026-03-02T23:00:00Z"),
        ("2026-03-03T16:00", "2026-03-03T15:00:00Z"),
        ("2026-07-03T16:00", "2026-07-03T14:00:00Z"),
    ],
)
def test_one_instant_is_written_in_several_ways(text: str, same: str) -> None:
    assert times.iso(at(text)) == same


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "2026", "2026-3-3", "03/03/2026", "2026-02-30", "2026-13-01", "2026-03-03T25:00",
        "2026-03-03T15",
        "2026-03-03T15:60", "2026-03-03Z", "2026-03-03T15:00:00+1", "2026-03-03T15:00:00+25:00", "1899-12-31T00:00Z",
        "2200-01-01T00:00Z", "2026-03-03T15:00:00Z trailing", "٢٠٢٦-03-03", "1772550000",
    ],
)  # fmt: skip
def test_what_is_no_time_is_none(text: str) -> None:
    assert instant(text, PARIS) is None


def test_the_years_1900_to_2199_are_times() -> None:
    assert instant("1900-01-01T00:00:00", PARIS) is not None
    assert instant("2199-12-31T23:59:59.999999", PARIS) is not None


def test_of_an_hour_that_comes_twice_the_first_is_meant() -> None:
    assert times.iso(at("2026-10-25T02:30")) == "2026-10-25T00:30:00Z"
    assert times.iso(at("2026-10-25T03:00")) == "2026-10-25T02:00:00Z"


def test_a_time_that_the_clocks_leap_over_has_the_offset_from_before() -> None:
    assert times.iso(at("2026-03-29T02:30")) == "2026-03-29T01:30:00Z"


def test_a_microsecond_is_the_finest() -> None:
    assert at("2026-03-03T15:00:00.000001Z") - at("2026-03-03T15:00:00Z") == 1
    assert times.iso(at("1931-03-03T15:00:00.000001Z")) == "1931-03-03T15:00:00.000001Z"


@pytest.mark.parametrize("name", ZONES)
def test_offsets_of_whole_columns_are_those_of_single_times(name: str) -> None:
    """At each change of clocks, and on every 7th day at an odd time, the wall clock is read as `instant` reads it."""
    zone = ZoneInfo(name)
    pairs = local_offsets(zone, 2009, 2013)
    first = datetime(2009, 1, 1)  # noqa: DTZ001 - a wall clock has no zone
    walls = [first + timedelta(days=7 * i, hours=i % 24, minutes=13 * i % 60) for i in range(256)]
    for wall, _ in pairs[1:]:
        moment = datetime(1970, 1, 1) + timedelta(microseconds=wall)  # noqa: DTZ001 - the same
        walls += [moment + timedelta(microseconds=slip) for slip in (-3_600_000_001, -1, 0, 1, 3_600_000_000)]
    for moment in walls:
        wall = (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1)  # noqa: DTZ001 - the same
        offset = max((pair for pair in pairs if pair[0] <= wall), default=pairs[0])[1]
        assert wall - offset == instant(moment.isoformat(), zone), moment


@pytest.mark.parametrize("name", ZONES)
def test_windows_are_those_of_the_zones_own_calendar(name: str) -> None:
    """An instant's day, week, month and hour are another's exactly where the zone's calendar says so."""
    calendar, zone = Calendar(name), ZoneInfo(name)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    moments = [start + timedelta(minutes=47 * i) for i in range(3_000)] + [
        start + timedelta(hours=i) for i in range(900)
    ]
    for kind, named in (
        (calendar.hour, lambda m: (m.date(), m.hour, m.utcoffset())),
        (calendar.day, lambda m: m.date()),
        (calendar.week, lambda m: m.isocalendar()[:2]),
        (calendar.month, lambda m: (m.year, m.month)),
    ):
        windows = {named(moment.astimezone(zone)): kind(times.microseconds(moment)) for moment in moments}
        assert len(set(windows.values())) == len(windows)
        for moment in moments:
            assert kind(times.microseconds(moment)) == windows[named(moment.astimezone(zone))]


def test_a_week_begins_on_monday_at_midnight() -> None:
    calendar = Calendar("Europe/Paris")
    monday = at("2026-03-02T00:00")
    assert calendar.week(monday) == calendar.week(at("2026-03-08T23:59:59.999999")) == calendar.week(monday - 1) + 1
    assert calendar.week(monday) != calendar.week(at("2026-03-09T00:00"))


def test_a_day_of_clock_change_has_23_or_25_hours() -> None:
    calendar = Calendar("Europe/Paris")
    for date, hours in (("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)):
        start = at(date)
        assert calendar.day(start - 1) + 1 == calendar.day(start) == calendar.day(start + hours * times.HOUR_US - 1)
        assert calendar.day(start + hours * times.HOUR_US) == calendar.day(start) + 1


def test_the_hour_that_comes_twice_is_two_and_the_half_hour_of_lord_howe_too() -> None:
    paris, howe = Calendar("Europe/Paris"), Calendar("Australia/Lord_Howe")
    assert paris.hour(at("2026-10-25T00:30Z")) != paris.hour(at("2026-10-25T01:30Z"))
    change = at("2026-04-04T15:00Z")  # 2:00 at +11:00 becomes 1:30 at +10:30
    assert howe.hour(change - times.MINUTE_US) != howe.hour(change)
    assert howe.hour(change) == howe.hour(change + 29 * times.MINUTE_US) != howe.hour(change + 30 * times.MINUTE_US)


def test_clocks_that_change_within_an_hour_of_utc_are_right_on_both_sides() -> None:
    """Lord Howe's clocks went forward at 15:30 UTC: what is remembered of an hour must not spread over it."""
    howe = Calendar("Australia/Lord_Howe")
    change = at("2026-10-03T15:30Z")
    offsets = [howe.offset(change + slip) for slip in (-1, 0, -1, 1)]
    assert offsets == [hours * times.HOUR_US // 2 for hours in (21, 22, 21, 22)]


def test_before_every_instant_and_longer_than_every_span_leave_room() -> None:
    latest = at("2199-12-31T00:00")
    assert times.NEVER < -times.EVER + at("1900-01-01") < at("1900-01-01") < latest < times.EVER
    assert latest - at("1900-01-01") < times.EVER
