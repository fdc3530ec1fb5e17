"""Conditions: every operator on every kind of value, and what absence meets."""

import pytest

from couveuse.core.conditions import ASKS, All, Any, Condition, Not, Operator, Test, fields, is_absent, predicate, same

ABSENT = (None, "", [], {}, (), frozenset(), float("nan"))
OPERANDS: dict[Operator, object] = {
    Operator.EQUALS: "pro",
    Operator.IN: ("pro", 12, True),
    Operator.NOT_IN: ("pro", 12, True),
    Operator.CONTAINS: "pro",
    Operator.STARTS_WITH: "pro",
    Operator.ENDS_WITH: "pro",
    Operator.MATCHES: ("pro*", "*x"),
    Operator.GT: 12,
    Operator.GTE: 12,
    Operator.LT: 12,
    Operator.LTE: 12,
    Operator.BETWEEN: (10, 12.5),
    Operator.EXISTS: True,
}
VALUES: tuple[object, ...] = (
    "PRO",
    "pró x",
    "not pro",
    "12",
    12,
    12.0,
    13,
    11.5,
    True,
    False,
    0,
    ["Pro"],
    ["x", 12],
    {"a": 1},
)

# For each operator the positions in VALUES on which it holds.
HOLDS: dict[Operator, set[int]] = {
    Operator.EQUALS: {0},
    Operator.IN: {0, 4, 5, 8},
    Operator.NOT_IN: {1, 2, 3, 6, 7, 9, 10, 11, 12, 13},
    Operator.CONTAINS: {0, 1, 2, 11},
    Operator.STARTS_WITH: {0, 1},
    Operator.ENDS_WITH: {0, 2},
    Operator.MATCHES: {0, 1},
    Operator.GT: {6},
    Operator.GTE: {4, 5, 6},
    Operator.LT: {7, 10},
    Operator.LTE: {4, 5, 7, 10},
    Operator.BETWEEN: {4, 5, 7},
    Operator.EXISTS: set(range(len(VALUES))),
}


def holds(condition: Condition, **values: object) -> bool:
    return predicate(condition)(values.get)


def a_test(operator: Operator) -> Test:
    return Test("x", operator, OPERANDS[operator])  # type: ignore[arg-type]  # as the table says


def test_it_works() -> None:
    assert holds(Test("plan", Operator.EQUALS, "Prémium"), plan="PREMIUM")


def test_every_operator_has_its_row_here() -> None:
    assert OPERANDS.keys() == HOLDS.keys() == set(Operator) == {*ASKS, Operator.EXISTS}


@pytest.mark.parametrize("operator", Operator)
def test_an_operator_on_each_kind_of_value(operator: Operator) -> None:
    test = a_test(operator)
    assert {i for i, value in enumerate(VALUES) if holds(test, x=value)} == HOLDS[operator]


@pytest.mark.parametrize("operator", Operator)
def test_an_operator_never_holds_on_what_is_absent(operator: Operator) -> None:
    test = a_test(operator)
    assert not any(holds(test, x=value) for value in ABSENT)
    assert not holds(test)


def test_only_exists_false_and_not_are_met_by_absence() -> None:
    for value in ABSENT:
        assert is_absent(value)
        assert holds(Test("x", Operator.EXISTS, False), x=value)
        assert holds(Not(Test("x", Operator.IN, ("FR",))), x=value)
    for value in (False, 0, 0.0, " ", [None], {"a": None}):
        assert not is_absent(value)
        assert not holds(Test("x", Operator.EXISTS, False), x=value)


@pytest.mark.parametrize(
    ("one", "other", "are"),
    [
        ("12", 12, False), (True, 1, False), (True, True, True), (False, 0, False), (12, 12.0, True), (0.0, -0.0, True),
        ("Été", "ete", True), ("a", None, False), (10**30, 1e30, False), (2**53 + 1, float(2**53), False),
        (1, True, False),
        (["a"], ["a"], False),
    ],
)  # fmt: skip
def test_text_is_never_a_number_and_true_is_not_1(one: object, other: object, are: bool) -> None:
    assert same(one, other) is are
    assert same(other, one) is are


def test_conditions_combine() -> None:
    small, big = Test("n", Operator.LT, 5), Test("n", Operator.GT, 50)
    either, both = Any((small, big)), All((Not(small), Not(big)))
    for n, side in ((1, True), (60, True), (20, False)):
        assert holds(either, n=n) is side
        assert holds(both, n=n) is not side


def test_an_empty_list_of_parts_is_true_for_all_and_false_for_any() -> None:
    assert holds(All(()))
    assert not holds(Any(()))


def test_the_fields_of_a_condition() -> None:
    tree = Any((All((Test("a", Operator.GT, 1), Test("b", Operator.EXISTS, True))), Not(Test("a", Operator.EQUALS, 2))))
    assert fields(tree) == {"a", "b"}
    assert fields(None) == frozenset()


def test_a_group_is_an_item_of_a_set() -> None:
    test = Test("groups", Operator.CONTAINS, "clients")
    assert holds(test, groups=frozenset({"Clients", "Été"}))
    assert not holds(test, groups=frozenset({"Clients de Lyon"}))


def test_numbers_as_large_as_they_come_are_compared() -> None:
    assert holds(Test("n", Operator.GT, 1.5), n=10**400)
    assert holds(Test("n", Operator.LT, 1.5), n=float("-inf"))
