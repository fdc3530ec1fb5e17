import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from couveuse.errors import BadInput
from couveuse.learn.intervals import wilson
from couveuse.learn.rates import LEAST_CONVERTED, LEAST_LEADS, Scant, rates
from tests.learn.columns import LOW_AND_HIGH, flags, some_observations

ROWS = st.lists(
    st.tuples(
        st.integers(0, 6),  # lead
        st.integers(0, 9),  # landmark
        st.integers(0, 1),  # band
        st.booleans(),  # converted
        st.booleans(),  # ended
    ),
    unique_by=lambda row: row[:2],
    max_size=50,
)


def of(rows: list[tuple[Any, ...]]) -> Any:
    lead, landmark, band, converted, ended = zip(*rows, strict=True) if rows else ([], [], [], [], [])
    return some_observations(len(rows), lead=lead, landmark=landmark, band=band, converted=converted, ended=ended)


def test_it_works() -> None:
    low, high = rates(
        some_observations(
            6,
            lead=[1, 1, 2, 2, 3, 3],
            landmark=[0, 1, 0, 1, 0, 1],
            band=[0, 1, 0, 0, 1, 1],
            converted=flags("111011"),
            ended=flags("111110"),
        ),
        LOW_AND_HIGH,
    )
    assert (low.band, low.leads, low.observations, low.conversions, low.converted_leads) == ("low", 2, 3, 2, 2)
    assert low.rate == pytest.approx(2 / 3)
    assert (low.prior, high.prior) == (0.05, 0.5)
    # Lead 3 converted at its second landmark, but its horizon has not ended: it counts apart, in no rate.
    assert (high.leads, high.observations, high.conversions, high.not_ended) == (2, 2, 2, 1)


def test_leads_without_times_have_wilsons_interval() -> None:
    rate = rates(some_observations(40, converted=flags("1" * 12 + "0" * 28)), LOW_AND_HIGH)[0]
    expected = wilson(12 / 40, 40)
    assert (rate.low, rate.high, rate.effective) == (expected.low, expected.high, 40)


def test_a_lead_seen_often_counts_as_one_cluster() -> None:
    often = some_observations(
        400, lead=np.arange(400) // 10, landmark=np.arange(400) % 10, converted=np.arange(400) < 120
    )
    once = some_observations(40, converted=np.arange(40) < 12)
    (dense, _), (sparse, _) = rates(often, LOW_AND_HIGH), rates(once, LOW_AND_HIGH)
    assert dense.rate == sparse.rate
    assert dense.effective == pytest.approx(40)
    assert dense.high is not None
    assert sparse.high is not None
    assert dense.high > sparse.high


def test_an_empty_band_has_no_rate_and_says_so() -> None:
    for observations in (some_observations(0), some_observations(3, ended=flags("000"))):
        low, high = rates(observations, LOW_AND_HIGH)
        assert (low.rate, low.low, low.high, low.effective, low.scant) == (None, None, None, None, Scant.NOTHING)
        assert (low.not_ended, high.not_ended) == (len(observations), 0)


@pytest.mark.parametrize(
    ("leads", "converted", "reason"),
    [
        (LEAST_LEADS - 1, LEAST_CONVERTED, Scant.FEW_LEADS),
        (LEAST_LEADS, LEAST_CONVERTED - 1, Scant.FEW_CONVERTED),
        (LEAST_LEADS, LEAST_LEADS - LEAST_CONVERTED + 1, Scant.FEW_UNCONVERTED),
        (LEAST_LEADS, LEAST_CONVERTED, None),
        (LEAST_LEADS, LEAST_LEADS - LEAST_CONVERTED, None),
    ],
)
def test_a_band_with_too_few_is_marked(leads: int, converted: int, reason: Scant | None) -> None:
    # At three landmarks each: leads are counted, not rows.
    observations = some_observations(
        3 * leads,
        lead=np.arange(3 * leads) // 3,
        landmark=np.arange(3 * leads) % 3,
        converted=np.arange(3 * leads) < 3 * converted,
    )
    assert rates(observations, LOW_AND_HIGH)[0].scant == reason


def test_how_many_leads_are_enough_may_be_said() -> None:
    observations = some_observations(100, converted=flags("10" * 50))
    assert rates(observations, LOW_AND_HIGH)[0].scant is None
    assert rates(observations, LOW_AND_HIGH, least=101)[0].scant == Scant.FEW_LEADS


def test_a_band_that_the_model_does_not_have_is_refused() -> None:
    with pytest.raises(BadInput, match="an observation is in band 2 of 2; give the model it was read with"):
        rates(some_observations(1, band=[2]), LOW_AND_HIGH)


@given(ROWS)
def test_counts_are_those_of_a_plain_count(rows: list[tuple[int, int, int, bool, bool]]) -> None:
    for index, rate in enumerate(rates(of(rows), LOW_AND_HIGH)):
        known = [row for row in rows if row[2] == index and row[4]]
        assert rate.leads == len({row[0] for row in known})
        assert rate.observations == len(known)
        assert rate.conversions == sum(row[3] for row in known)
        assert rate.converted_leads == len({row[0] for row in known if row[3]})
        assert rate.not_ended == sum(row[2] == index and not row[4] for row in rows)
        assert rate.rate == (rate.conversions / len(known) if known else None)


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[tuple[Any, ...]], random: Any) -> None:
    shuffled = random.sample(rows, len(rows))
    assert rates(of(rows), LOW_AND_HIGH) == rates(of(shuffled), LOW_AND_HIGH)


@given(ROWS)
def test_what_has_not_ended_changes_no_rate(rows: list[tuple[Any, ...]]) -> None:
    observations = of(rows)
    without = rates(observations.known(), LOW_AND_HIGH)
    assert tuple(replace(rate, not_ended=0) for rate in rates(observations, LOW_AND_HIGH)) == without


@given(ROWS)
def test_rates_can_be_written_as_json(rows: list[tuple[Any, ...]]) -> None:
    written = [asdict(rate) for rate in rates(of(rows), LOW_AND_HIGH)]
    assert json.loads(json.dumps(written, allow_nan=False)) == written
