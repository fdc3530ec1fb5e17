import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from couveuse.errors import BadInput
from couveuse.learn.intervals import student_quantile
from couveuse.learn.ranking import auc, lift_table, ranking
from tests.learn.columns import flags

ROWS = st.lists(st.tuples(st.integers(-3, 3), st.booleans(), st.integers(0, 8)), max_size=40)


def columns(rows: list[tuple[int, bool, int]]) -> tuple[Any, Any, Any]:
    score, converted, lead = zip(*rows, strict=True) if rows else ([], [], [])
    return np.array(score, dtype=float), np.array(converted, dtype=bool), np.array(lead, dtype=np.int64)


def of_pairs(score: Any, converted: Any) -> float | None:
    pairs = [(a, b) for a in score[converted] for b in score[~converted]]
    return sum((a > b) + (a == b) / 2 for a, b in pairs) / len(pairs) if pairs else None


def test_it_works() -> None:
    # Of 2 x 3 pairs: 30 beats all three, 20 beats one and ties with one.
    score, converted = np.array([30.0, 20, 20, 25, 10]), flags("11000")
    assert auc(score, converted) == pytest.approx((3 + 1 + 0.5) / 6)


@pytest.mark.parametrize("converted", ["", "000", "111"])
def test_without_both_outcomes_there_is_no_auc(converted: str) -> None:
    score = np.arange(len(converted), dtype=float)
    assert auc(score, flags(converted)) is None
    assert ranking(score, flags(converted)) is None


@given(ROWS)
def test_the_auc_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[int, bool, int]]) -> None:
    score, converted, _ = columns(rows)
    assert auc(score, converted) == pytest.approx(of_pairs(score, converted))


@given(ROWS)
def test_a_score_turned_round_has_the_rest_of_the_auc(rows: list[tuple[int, bool, int]]) -> None:
    score, converted, lead = columns(rows)
    here, turned = ranking(score, converted, lead), ranking(-score, converted, lead)
    if here is None or turned is None:
        assert here is turned is None
        return
    assert (here.auc, here.low, here.high) == pytest.approx((1 - turned.auc, 1 - turned.high, 1 - turned.low), abs=1e-9)
    assert 0 <= here.low <= here.auc <= here.high <= 1


@given(ROWS, st.integers(1, 12), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[tuple[int, bool, int]], groups: int, random: Any) -> None:
    here, there = columns(rows), columns(random.sample(rows, len(rows)))
    assert ranking(*here) == ranking(*there)
    assert lift_table(*here[:2], groups) == lift_table(*there[:2], groups)


def test_the_interval_without_leads_is_of_delongs_variance() -> None:
    score, converted = np.array([9.0, 7, 4, 8, 5, 3, 2, 1]), flags("11100000")
    # Shares of the others that each is on the right side of, by hand.
    won, lost = [5 / 5, 4 / 5, 3 / 5], [1 / 3, 2 / 3, 1, 1, 1]
    value = sum(won) / 3
    variance = sum((v - value) ** 2 for v in won) / (3 * 2) + sum((v - value) ** 2 for v in lost) / (5 * 4)
    found = ranking(score, converted)
    assert found is not None
    assert found.auc == pytest.approx(value)
    t, rows = student_quantile(2), value * (1 - value) / variance  # three converted: two degrees of freedom
    for bound in (found.low, found.high):
        assert (value - bound) ** 2 == pytest.approx(t**2 * bound * (1 - bound) / rows)


def test_rows_of_one_lead_do_not_make_the_interval_narrower() -> None:
    score, converted = np.array([9.0, 7, 4, 8, 5, 3, 2, 1]), flags("11100000")
    once = ranking(score, converted)
    often = ranking(np.repeat(score, 6), np.repeat(converted, 6), np.repeat(np.arange(8), 6))
    assert once is not None
    assert often is not None
    assert (often.auc, often.low, often.high) == pytest.approx((once.auc, once.low, once.high))
    assert (often.observations, often.conversions, often.leads) == (48, 18, 8)


def test_a_perfect_order_of_few_is_not_certain() -> None:
    found = ranking(np.arange(10, dtype=float), flags("0000011111"))
    assert found is not None
    assert (found.auc, found.high) == (1, 1)
    assert 0.2 < found.low < 0.7


def test_a_lift_table_by_hand() -> None:
    table = lift_table(np.array([9.0, 8, 7, 6, 5, 4, 3, 2]), flags("11010000"), groups=4)
    assert [row.conversions for row in table] == [2, 1, 0, 0]
    assert [row.rate for row in table] == [1, 0.5, 0, 0]
    assert [row.lift for row in table] == pytest.approx([8 / 3, 4 / 3, 0, 0])
    assert [row.conversions_share for row in table] == pytest.approx([2 / 3, 1, 1, 1])
    assert [row.rows_share for row in table] == [0.25, 0.5, 0.75, 1]
    assert [(row.group, row.highest, row.lowest) for row in table] == [(1, 9, 8), (2, 7, 6), (3, 5, 4), (4, 3, 2)]


def test_a_tie_across_an_edge_is_shared_by_both_groups() -> None:
    table = lift_table(np.array([5.0, 5, 5, 5]), flags("1000"), groups=2)
    assert [row.conversions for row in table] == [0.5, 0.5]
    assert [row.lift for row in table] == [1, 1]


@given(ROWS, st.integers(1, 12))
def test_a_lift_table_loses_nothing(rows: list[tuple[int, bool, int]], groups: int) -> None:
    score, converted, _ = columns(rows)
    table = lift_table(score, converted, groups)
    assert len(table) == min(groups, len(rows))
    assert sum(row.rows for row in table) == len(rows)
    assert sum(row.conversions for row in table) == pytest.approx(sum(converted))
    assert len({row.rows for row in table}) <= 2
    if any(converted):
        assert table[-1].conversions_share == 1
        shares = [row.conversions_share for row in table if row.conversions_share is not None]
        assert shares == sorted(shares)
    else:
        assert all(row.lift is None and row.conversions_share is None for row in table)


def test_of_a_parted_tie_each_group_has_its_share() -> None:
    score, converted = np.array([9.0, 8, 8, 8, 1]), flags("10101")
    # The first, and one of three tied of which one converted; the other two tied and the last.
    assert [(row.rows, row.conversions) for row in lift_table(score, converted, 2)] == [
        (2, pytest.approx(1 + 1 / 3)), (3, pytest.approx(2 / 3 + 1)),
    ]  # fmt: skip


@given(ROWS)
def test_rankings_can_be_written_as_json(rows: list[tuple[int, bool, int]]) -> None:
    score, converted, lead = columns(rows)
    found = [ranking(score, converted, lead), *lift_table(score, converted, 3)]
    written = [asdict(each) for each in found if each is not None]
    assert json.loads(json.dumps(written, allow_nan=False)) == written


def test_what_cannot_be_is_refused() -> None:
    score, converted = np.array([1.0, 2]), flags("10")
    with pytest.raises(BadInput, match="2 scores for 3 outcomes: give one a row"):
        auc(score, flags("100"))
    with pytest.raises(BadInput, match="leave out rows that have no score"):
        auc(np.array([1.0, np.nan]), converted)
    with pytest.raises(BadInput, match="1 leads for 2 rows; give each row its lead"):
        ranking(score, converted, np.array([1]))
    with pytest.raises(BadInput, match="of 0 groups: give 1 or more"):
        lift_table(score, converted, 0)


def test_nothing_is_ranked_as_nothing() -> None:
    assert lift_table(np.array([]), flags("")) == ()
