"""Whose a row is: two e-mails never join, everything else goes where it stood first, whatever the order of the rows."""

from itertools import combinations
from random import Random

import pytest

from couveuse.core.events import Fact
from couveuse.core.identities import Node, owner_of, owners
from tests.laws.oracle import whose

Rows = list[tuple[tuple[Node, ...], Fact]]
ADA, BOB = ("email", "ada@example.org"), ("email", "bob@example.org")
U1, U2 = ("user_id", "1"), ("user_id", "2")
PHONE, TABLET = ("anonymous_id", "phone"), ("anonymous_id", "tablet")


def row(at: int, *nodes: Node) -> tuple[tuple[Node, ...], Fact]:
    return nodes, Fact(at, "Page Viewed", f"m{at}")


def owned(rows: Rows) -> dict[Node, Node]:
    return owners((one, other, fact.key) for nodes, fact in rows for one, other in combinations(nodes, 2))


def test_it_works() -> None:
    assert owned([row(1, ADA, U1)]) == {U1: ADA}
    assert owner_of({U1: ADA}, None, "1", None) == ADA


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([], {}),
        ([row(1, ADA, PHONE), row(2, BOB, PHONE)], {PHONE: ADA}),
        ([row(2, ADA, PHONE), row(1, BOB, PHONE)], {PHONE: BOB}),
        ([row(1, U1, PHONE)], {PHONE: U1}),
        ([row(1, U1, PHONE), row(2, U2, PHONE)], {PHONE: U1}),
        ([row(1, U1, PHONE), row(2, ADA, PHONE)], {PHONE: ADA, U1: ADA}),
        ([row(1, U1, TABLET), row(2, U1, PHONE), row(3, ADA, PHONE)], {PHONE: ADA, U1: ADA, TABLET: ADA}),
        ([row(1, U1, PHONE), row(9, ADA, U1), row(5, BOB, PHONE)], {PHONE: BOB, U1: ADA}),
        ([row(1, U1, PHONE), row(2, U2, PHONE), row(3, ADA, U2)], {U2: ADA, PHONE: ADA, U1: ADA}),
        ([row(1, ADA, U1, PHONE), row(2, U1, TABLET)], {U1: ADA, PHONE: ADA, TABLET: ADA}),
        ([row(1, ADA, U1), row(1, BOB, U2), row(2, U1, PHONE), row(3, U2, PHONE)], {U1: ADA, U2: BOB, PHONE: ADA}),
    ],
)
def test_a_key_goes_where_it_stood_first_emails_before_others(rows: Rows, found: dict[Node, Node]) -> None:
    assert owned(rows) == found


def test_two_emails_never_join_whatever_they_share() -> None:
    shared = [
        row(1, ADA, U1, PHONE),
        row(2, BOB, U1, PHONE),
        row(3, BOB, PHONE),
        row(4, ADA, TABLET),
        row(5, BOB, TABLET),
    ]
    found = owned(shared)
    assert ADA not in found
    assert BOB not in found
    assert owner_of(found, "bob@example.org", "1", "phone") == BOB


def test_two_user_ids_of_which_no_email_is_known_never_join() -> None:
    assert owned([row(1, U1, PHONE), row(2, U2, PHONE), row(3, U1, TABLET), row(4, U2, TABLET)]) == {
        PHONE: U1,
        TABLET: U1,
    }


def test_devices_alone_are_visitors_each_for_itself() -> None:
    assert owned([row(1, PHONE), row(2, TABLET)]) == {}
    assert owner_of({}, None, None, "phone") == PHONE
    assert owner_of({}, None, None, None) is None


def test_a_row_is_its_emails_then_its_user_ids_then_its_devices() -> None:
    found = {U1: ADA, PHONE: BOB}
    assert owner_of(found, "carl@example.org", "1", "phone") == ("email", "carl@example.org")
    assert owner_of(found, None, "1", "phone") == ADA
    assert owner_of(found, None, None, "phone") == BOB
    assert owner_of(found, None, "3", "phone") == ("user_id", "3")


def test_a_long_chain_belongs_to_the_email_at_its_end() -> None:
    chain = [("anonymous_id", str(i)) if i % 2 else ("user_id", str(i)) for i in range(60)]
    rows = [row(i, chain[i], chain[i + 1]) for i in range(59)]
    rows.append(row(100, ADA, chain[-1]))
    assert owned(rows) == dict.fromkeys(chain, ADA)


@pytest.mark.parametrize("seed", range(60))
def test_the_order_of_rows_and_copies_change_nothing_and_each_is_whose_it_is_by_the_letter(seed: int) -> None:
    rng = Random(seed)
    keys = [
        [(sort, str(i)) for i in range(count)] for sort, count in (("email", 3), ("user_id", 4), ("anonymous_id", 5))
    ]
    rows = []
    for at in range(rng.randint(3, 25)):
        nodes = tuple(rng.choice(sort) for sort in keys if rng.random() < 0.5)
        if nodes:
            rows.append(row(at, *nodes))
    found = owned(rows)
    again = [*rows, *rng.choices(rows, k=3)]
    rng.shuffle(again)
    assert owned(again) == found
    for nodes, _ in rows:
        named = dict(nodes)
        key = owner_of(found, named.get("email"), named.get("user_id"), named.get("anonymous_id"))
        assert key == whose(rows, nodes)
