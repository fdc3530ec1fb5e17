"""Law 2: the score is the sum of its lines, and the lines are those that the contract says, fact by fact."""

from hypothesis import given

from tests.laws.promises import REAL, broken, every_point_is_explained
from tests.laws.strategies import HISTORIES, seeds


def test_the_lines_sum_to_the_score_and_are_the_slow_references() -> None:
    assert broken(REAL, range(HISTORIES), [every_point_is_explained]) is None


@given(seeds())
def test_the_lines_sum_to_the_score_wherever_one_looks(seed: int) -> None:
    assert broken(REAL, [seed], [every_point_is_explained]) is None
