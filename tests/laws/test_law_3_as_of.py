"""Law 3: the score as of any past instant can be asked, and time alone changes a band when it was foretold."""

from hypothesis import given

from tests.laws.promises import REAL, a_change_of_band_is_foretold, as_of_any_instant, broken
from tests.laws.strategies import HISTORIES, seeds


def test_as_of_any_instant_the_reading_is_the_slow_references() -> None:
    assert broken(REAL, range(HISTORIES), [as_of_any_instant]) is None


@given(seeds())
def test_as_of_any_instant_wherever_one_looks(seed: int) -> None:
    assert broken(REAL, [seed], [as_of_any_instant]) is None


def test_the_next_change_of_band_is_where_a_scan_finds_it() -> None:
    assert broken(REAL, range(HISTORIES), [a_change_of_band_is_foretold]) is None
