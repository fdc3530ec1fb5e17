import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from couveuse.learn.intervals import (
    Counts,
    counts_by_lead,
    counts_of,
    design_effect,
    interval_by_lead,
    student_quantile,
    wilson,
)
from tests.learn.columns import flags

Z = 1.959963984540054
CLUSTERS = st.lists(
    st.integers(1, 18).flatmap(lambda rows: st.tuples(st.just(rows), st.integers(0, rows))), min_size=1, max_size=40
)


def of(*leads: tuple[int, int]) -> Counts:
    rows, conversions = np.array(leads, dtype=np.int64).reshape(-1, 2).T
    return counts_of(rows, conversions)


def test_it_works() -> None:
    interval = interval_by_lead(of((3, 1), (1, 0), (2, 2), (4, 0)))
    assert interval is not None
    assert 0 < interval.low < 0.3 < interval.high < 1


@pytest.mark.parametrize(("won", "rows"), [(0, 1), (1, 1), (0, 10), (10, 10), (5, 10), (8, 400), (1000, 2000)])
def test_wilson_bounds_are_where_the_score_test_stops_refusing(won: int, rows: int) -> None:
    interval = wilson(won / rows, rows)
    for bound in {interval.low, interval.high} - {0.0, 1.0}:
        assert abs(won / rows - bound) == pytest.approx(Z * math.sqrt(bound * (1 - bound) / rows), rel=1e-9)
    assert (interval.low == 0) == (won == 0)
    assert (interval.high == 1) == (won == rows)


def test_wilson_for_five_of_ten_by_hand() -> None:
    # (0.5 + z^2/20 -+ z sqrt(0.25/10 + z^2/400)) / (1 + z^2/10)
    middle, half = 0.5 + Z**2 / 20, Z * math.sqrt(0.025 + Z**2 / 400)
    interval = wilson(0.5, 10)
    assert interval.low == pytest.approx((middle - half) / (1 + Z**2 / 10))
    assert interval.high == pytest.approx((middle + half) / (1 + Z**2 / 10))


@pytest.mark.parametrize("won", range(11))
def test_leads_of_one_row_each_have_plain_wilsons(won: int) -> None:
    assert interval_by_lead(of(*[(1, 1)] * won, *[(1, 0)] * (10 - won))) == wilson(won / 10, 10)


def test_without_rows_there_is_no_interval() -> None:
    empty = counts_by_lead(np.array([], dtype=np.int64), flags(""))
    assert (empty.leads, empty.rows, empty.rate) == (0, 0, None)
    assert interval_by_lead(empty) is None


def test_counts_by_hand() -> None:
    # lead 9: rows 3, won 2; lead 4: rows 1, won 0; lead 5: rows 2, won 2
    counts = counts_by_lead(np.array([9, 4, 9, 5, 9, 5]), flags("100111"))
    assert counts == Counts(
        leads=3,
        rows=6,
        conversions=4,
        converted_leads=2,
        unconverted_leads=2,
        rows_squared=9 + 1 + 4,
        crossed=6 + 0 + 4,
        converted_squared=4 + 0 + 4,
    )


def test_the_design_effect_is_the_ratio_of_linearised_and_binomial_variance() -> None:
    leads = [(3, 3), (1, 0), (2, 2), (4, 1), (5, 0)]
    rate = Fraction(6, 15)
    linearised = sum((y - rate * m) ** 2 for m, y in leads) / Fraction(15) ** 2
    assert design_effect(of(*leads)) == pytest.approx(float(linearised / (rate * (1 - rate) / 15)))


def test_leads_whose_rows_are_all_alike_count_once_each() -> None:
    clustered, single = interval_by_lead(of(*[(6, 6)] * 30, *[(6, 0)] * 70)), wilson(0.3, 100)
    assert clustered is not None
    assert clustered.effective == pytest.approx(100)
    # Only Student's quantile, for 2 x 30 degrees of freedom, sets them apart.
    assert clustered.high - clustered.low == pytest.approx((single.high - single.low) * 2.0003 / 1.96, rel=0.01)


@pytest.mark.parametrize("won", [0, 6])
def test_where_nothing_or_all_converted_a_leads_rows_count_as_one(won: int) -> None:
    assert interval_by_lead(of(*[(6, won)] * 20)) == wilson(won / 6, 20)


def test_one_lead_is_one_row_at_most() -> None:
    interval = interval_by_lead(of((18, 9)))
    assert interval is not None
    assert interval.effective == 1
    assert interval.low < 0.1
    assert interval.high > 0.9


@given(CLUSTERS)
def test_an_interval_holds_its_rate_and_is_never_narrower_than_that_of_independent_rows(
    leads: list[tuple[int, int]],
) -> None:
    counts = of(*leads)
    interval, independent = interval_by_lead(counts), wilson(counts.conversions / counts.rows, counts.rows)
    assert interval is not None
    assert 0 <= interval.low <= counts.conversions / counts.rows <= interval.high <= 1
    assert interval.high - interval.low >= independent.high - independent.low - 1e-12
    assert 0 < interval.effective <= counts.rows


@given(CLUSTERS)
def test_the_rate_of_what_did_not_convert_has_the_mirrored_interval(leads: list[tuple[int, int]]) -> None:
    here, mirrored = interval_by_lead(of(*leads)), interval_by_lead(of(*[(m, m - y) for m, y in leads]))
    assert here is not None
    assert mirrored is not None
    assert (here.low, here.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-9)


@given(CLUSTERS, st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_the_names_of_leads_matter(leads: list[tuple[int, int]], random: object) -> None:
    rows = [(lead, row < y) for lead, (m, y) in enumerate(leads) for row in range(m)]
    names = list(range(100, 100 + len(leads)))
    random.shuffle(names)  # type: ignore[attr-defined]
    shuffled = [(names[lead], converted) for lead, converted in rows]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    counted = [
        counts_by_lead(np.array([lead for lead, _ in each]), np.array([converted for _, converted in each], dtype=bool))
        for each in (rows, shuffled)
    ]
    assert counted[0] == counted[1] == of(*leads)
    assert interval_by_lead(counted[0]) == interval_by_lead(counted[1])


@pytest.mark.parametrize("freedom", [2, 4, 6, 10, 20, 40])
def test_students_quantile_leaves_five_in_a_hundred_outside(freedom: int) -> None:
    # For even degrees of freedom: P(|T| < t) = s (1 + c^2/2 + 1*3/(2*4) c^4 + ...), with s and c of atan(t / sqrt n).
    angle = math.atan(student_quantile(freedom) / math.sqrt(freedom))
    term, series = 1.0, 1.0
    for step in range(2, freedom - 1, 2):
        term *= (step - 1) / step * math.cos(angle) ** 2
        series += term
    assert math.sin(angle) * series == pytest.approx(0.95, abs=1e-9)


def test_students_quantile_falls_to_the_normal_one() -> None:
    values = [student_quantile(freedom) for freedom in (1, 1.5, 2, 2.7, 3, 5, 10, 100, 1e4, 1e7)]
    assert values == sorted(values, reverse=True)
    assert values[0] == pytest.approx(math.tan(0.475 * math.pi))  # Cauchy's
    assert values[-1] == pytest.approx(Z, abs=1e-6)
