import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from couveuse.errors import BadInput
from couveuse.learn.calibration import reliability
from couveuse.learn.intervals import wilson
from tests.learn.columns import flags

ROWS = st.lists(st.tuples(st.integers(0, 20), st.booleans(), st.integers(0, 8)), max_size=60)


def columns(rows: list[tuple[int, bool, int]]) -> tuple[Any, Any, Any]:
    probability, converted, lead = zip(*rows, strict=True) if rows else ([], [], [])
    return np.array(probability) / 20.0, np.array(converted, dtype=bool), np.array(lead, dtype=np.int64)


def test_it_works() -> None:
    low, high = reliability(np.array([0.5, 0.05, 0.5, 0.05, 0.05]), flags("10110"))
    assert low.predicted == pytest.approx(0.05)
    assert (low.observations, low.leads, low.conversions) == (3, 3, 1)
    assert (high.predicted, high.observed) == (0.5, 1)
    assert (low.low, low.high) == (wilson(1 / 3, 3).low, wilson(1 / 3, 3).high)


def test_points_count_a_lead_once() -> None:
    (point,) = reliability(np.full(6, 0.5), flags("111000"), lead=np.array([1, 1, 1, 2, 2, 2]))
    (apart,) = reliability(np.full(6, 0.5), flags("111000"))
    assert (point.leads, point.observations) == (2, 6)
    assert point.high - point.low > apart.high - apart.low


def test_many_predictions_are_put_in_bins_of_as_many_rows() -> None:
    points = reliability(np.arange(100) / 100, np.arange(100) % 2 == 0, bins=5)
    assert [point.observations for point in points] == [20] * 5
    assert points[0].predicted == pytest.approx(0.095)


@given(ROWS, st.integers(1, 12))
def test_points_hold_every_row_once_in_order_and_part_no_tie(rows: list[tuple[int, bool, int]], bins: int) -> None:
    probability, converted, lead = columns(rows)
    points = reliability(probability, converted, bins, lead=lead)
    assert len(points) <= bins
    assert sum(point.observations for point in points) == len(rows)
    assert sum(point.conversions for point in points) == sum(converted)
    ranked, start = np.sort(probability), 0
    for point in points:
        end = start + point.observations
        assert point.predicted == pytest.approx(ranked[start:end].mean())
        assert end == len(rows) or ranked[end - 1] < ranked[end]
        start = end


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[tuple[int, bool, int]], random: Any) -> None:
    (p, y, lead), (p_, y_, lead_) = columns(rows), columns(random.sample(rows, len(rows)))
    assert reliability(p, y, 4, lead=lead) == reliability(p_, y_, 4, lead=lead_)


@given(ROWS)
def test_points_can_be_written_as_json(rows: list[tuple[int, bool, int]]) -> None:
    probability, converted, lead = columns(rows)
    written = [asdict(point) for point in reliability(probability, converted, 3, lead=lead)]
    assert json.loads(json.dumps(written, allow_nan=False)) == written


def test_what_cannot_be_is_refused() -> None:
    probability, converted = np.array([0.1, 0.2]), flags("10")
    for wrong in (-0.1, 1.1, 25, np.nan):
        with pytest.raises(BadInput, match="give rates, not scores or percentages"):
            reliability(np.array([0.1, wrong]), converted)
    with pytest.raises(BadInput, match="2 probabilities for 1 outcomes: give one a row"):
        reliability(probability, flags("1"))
    with pytest.raises(BadInput, match="in 0 bins: give 1 or more"):
        reliability(probability, converted, 0)
    with pytest.raises(BadInput, match="3 leads for 2 rows; give each row its lead"):
        reliability(probability, converted, lead=np.arange(3))
