import math

import pytest

from couveuse.core.model import DAY_US
from couveuse.language.formats import HOUR_US, Formats
from couveuse.report.words import words
from tests.report.sample import AT

FR = Formats(words("fr"), "Europe/Paris")
EN = Formats(words("en"), "Europe/Paris")


@pytest.mark.parametrize(
    ("value", "digits", "fr", "en"),
    [
        (0, 0, "0", "0"),
        (1234567.89, 1, "1\u202f234\u202f567,9", "1,234,567.9"),
        (-12.5, 1, "−12,5", "−12.5"),
        (-0.04, 1, "0,0", "0.0"),
        (math.inf, 0, "–", "–"),
        (math.nan, 1, "–", "–"),
    ],
)
def test_numbers(value, digits, fr, en):
    assert (FR.number(value, digits), EN.number(value, digits)) == (fr, en)


def test_points_lose_a_decimal_that_is_nothing():
    assert [EN.points(value) for value in (20, 20.04, 20.06, -3)] == ["20", "20", "20.1", "−3"]


def test_points_that_are_added_have_their_sign():
    assert [EN.signed(value) for value in (5, 0, -8)] == ["+5", "0", "−8"]


@pytest.mark.parametrize(
    ("value", "fr"),
    [(0.125, "12,5"), (0.25, "25"), (0.21, "21"), (0.287, "29"), (0.031, "3,1"), (0.05, "5"), (0.0998, "10"), (0, "0"),
     (1, "100"), (0.0596, "6,0")],
)  # fmt: skip
def test_shares_have_a_decimal_only_where_it_says_something(value, fr):
    assert FR.share(value) == fr + "\u202f%"


def test_dates_and_times_are_those_of_the_model_s_zone():
    assert FR.instant(AT) == "3 mars 2026 à 15:05"
    assert EN.instant(AT) == "3 March 2026, 15:05"
    assert Formats(words("fr"), "UTC").instant(AT) == "3 mars 2026 à 14:05"
    assert EN.iso(AT) == "2026-03-03T15:05:00+01:00"
    assert (FR.short_date(AT), EN.short_date(AT)) == ("3 mars 26", "3 Mar 26")


def test_the_first_of_a_month_is_an_ordinal_in_french():
    assert (FR.date(AT - 2 * DAY_US), EN.date(AT - 2 * DAY_US)) == ("1er mars 2026", "1 March 2026")


def test_instants_before_1970_and_zones_unknown_are_written_too():
    assert Formats(words("en"), "Not/AZone").date(-DAY_US) == "31 December 1969"


@pytest.mark.parametrize(
    ("gap", "fr", "en"),
    [
        (0, "il y a moins d’une heure", "less than an hour ago"),
        (-HOUR_US, "il y a moins d’une heure", "less than an hour ago"),
        (HOUR_US, "il y a 1 heure", "1 hour ago"),
        (DAY_US - 1, "il y a 23 heures", "23 hours ago"),
        (DAY_US, "il y a 1 jour", "1 day ago"),
        (60 * DAY_US, "il y a 60 jours", "60 days ago"),
        (61 * DAY_US, "il y a 2 mois", "2 months ago"),
        (730 * DAY_US, "il y a 2 ans", "2 years ago"),
    ],
)
def test_ages_are_in_their_greatest_unit(gap, fr, en):
    assert (FR.age(AT - gap, AT), EN.age(AT - gap, AT)) == (fr, en)


def test_lengths_of_time():
    assert [FR.duration(span) for span in (DAY_US, 180 * DAY_US, 36 * HOUR_US)] == ["1 jour", "180 jours", "36 heures"]


@pytest.mark.parametrize(
    ("value", "currency", "fr", "en"),
    [
        (2500, "EUR", "2\u202f500\u00a0€", "€2,500"),
        (-12.4, "USD", "−12\u00a0$", "−$12"),
        (990, "CHF", "990\u00a0CHF", "990\u00a0CHF"),
        (-0.2, "GBP", "0\u00a0£", "£0"),
    ],
)
def test_money(value, currency, fr, en):
    assert FR.money(value, currency) == fr
    assert EN.money(value, currency) == en
