"""The owners that SQL finds are those of the core, whatever the rows."""

from itertools import combinations
from random import Random

import duckdb
import pytest

from couveuse.core.identities import Node, owners
from couveuse.history.identities import SORTS, resolve_owners

Place = tuple[int, int, str, str]


def a_crowd(rng: Random, size: int) -> list[tuple[dict[str, str], Place]]:
    """Rows with one to three keys out of a few, many of them tied in time."""
    keys = {sort: [f"{sort[0]}{number}" for number in range(rng.randint(1, 5))] for sort in SORTS}
    rows = []
    for number in range(size):
        sorts = rng.sample(list(SORTS), rng.randint(1, 3))
        place = (rng.randrange(8), rng.randrange(2), rng.choice(("", "web", "crm")), f"{rng.choice('aZé')}{number}")
        rows.append(({sort: rng.choice(keys[sort]) for sort in sorts}, place))
    return rows


def by_core(rows: list[tuple[dict[str, str], Place]]) -> dict[Node, Node]:
    pairs = [(one, other, place) for nodes, place in rows for one, other in combinations(nodes.items(), 2)]
    return owners(pairs)


def by_sql(rows: list[tuple[dict[str, str], Place]]) -> dict[Node, Node]:
    names = {number: sort for sort, number in SORTS.items()}
    with duckdb.connect() as connection:
        connection.execute(
            "create table given (email varchar, user_id varchar, anonymous_id varchar, inst bigint, kind tinyint, "
            "source varchar, mid varchar)"
        )
        told = [[*(nodes.get(sort) for sort in SORTS), *place] for nodes, place in rows]
        connection.executemany("insert into given values (?, ?, ?, ?, ?, ?, ?)", told)
        resolve_owners(lambda text: connection.execute(text).fetchall(), "select * from given")
        found = connection.execute("select sort, key, osort, okey from owners").fetchall()
    assert len(found) == len({(sort, key) for sort, key, _, _ in found}), "a key has one owner"
    return {(names[s], k): (names[o], ok) for s, k, o, ok in found if (s, k) != (o, ok)}


def test_it_works() -> None:
    rows = [({"email": "ada@example.com", "anonymous_id": "phone"}, (1, 1, "", "m1"))]
    assert by_sql(rows) == {("anonymous_id", "phone"): ("email", "ada@example.com")} == by_core(rows)


@pytest.mark.parametrize("seed", range(20))
def test_sql_says_what_the_core_says(seed: int) -> None:
    rng = Random(seed)
    rows = a_crowd(rng, rng.choice((3, 10, 30)))
    assert by_sql(rows) == by_core(rows)
