"""Law 1: the same facts give the same score, whatever the order in which they came and however often."""

from hypothesis import given

from couveuse.core.events import Row
from couveuse.core.identities import owner_of, owners
from tests.laws.oracle import whose
from tests.laws.promises import REAL, broken, same_facts_same_score
from tests.laws.strategies import HISTORIES, World, checked, seeds, standings, worlds


def test_order_and_copies_change_nothing() -> None:
    assert broken(REAL, range(HISTORIES), [same_facts_same_score]) is None


@given(seeds())
def test_order_and_copies_change_nothing_wherever_one_looks(seed: int) -> None:
    assert broken(REAL, [seed], [same_facts_same_score]) is None


@given(worlds())
def test_each_row_is_whose_it_is_by_the_letter(world: World) -> None:
    rows = checked(world)
    owned = owners(standings(rows))
    written = [(_keys(row), row.fact) for row in rows]
    for row in rows:
        assert owner_of(owned, row.email, row.user_id, row.anonymous_id) == whose(written, _keys(row))


@given(worlds())
def test_rows_in_another_order_belong_to_the_same(world: World) -> None:
    rows = checked(world)
    assert owners(standings(rows)) == owners(standings(reversed(rows)))


def _keys(row: Row) -> tuple[tuple[str, str], ...]:
    named = (("email", row.email), ("user_id", row.user_id), ("anonymous_id", row.anonymous_id))
    return tuple((sort, key) for sort, key in named if key)
