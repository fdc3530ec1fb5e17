"""Law 4: fact by fact, a fold of all, and going on from a state that another wrote are one, exactly."""

from hypothesis import given

from tests.laws.promises import REAL, a_fold_splits_anywhere, broken, fast_equals_slow
from tests.laws.strategies import HISTORIES, seeds


def test_fact_by_fact_is_a_fold_of_all() -> None:
    assert broken(REAL, range(HISTORIES), [fast_equals_slow]) is None


def test_a_fold_splits_anywhere() -> None:
    assert broken(REAL, range(HISTORIES), [a_fold_splits_anywhere]) is None


@given(seeds())
def test_fact_by_fact_and_split_wherever_one_looks(seed: int) -> None:
    assert broken(REAL, [seed], [fast_equals_slow, a_fold_splits_anywhere]) is None
