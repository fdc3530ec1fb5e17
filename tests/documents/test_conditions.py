"""Conditions as documents write them, to values and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couveuse.core.conditions import All, Any, Condition, Not, Operator, Scalar, Test
from couveuse.documents.conditions import OPERANDS, Reader, Scope, as_data
from tests.documents.conditions_drawn import conditions


def read(value: object, scope: Scope = Scope.EVENT) -> Condition:
    reader = Reader(scope)
    condition = reader.read(value)
    assert not reader.troubles
    assert condition is not None
    return condition


def trouble(value: object, scope: Scope = Scope.EVENT) -> tuple[tuple[str | int, ...], str, str]:
    reader = Reader(scope)
    reader.read(value)
    (found,) = reader.troubles
    return found.path, found.message, found.cure


PATH = Test("path", Operator.EQUALS, "/")
FRENCH = Test("country", Operator.EQUALS, "FR")


def test_it_works() -> None:
    assert read({"path": "/"}) == PATH


@pytest.mark.parametrize(
    ("value", "condition"),
    [
        ({"path": "/", "country": "FR"}, All((PATH, FRENCH))),
        ({"all": [{"path": "/"}, {"country": "FR"}]}, All((PATH, FRENCH))),
        ({"any": [{"path": "/"}, {"country": "FR"}]}, Any((PATH, FRENCH))),
        ({"not": {"path": "/"}}, Not(PATH)),
        ({"not": {"path": "/", "country": "FR"}}, Not(All((PATH, FRENCH)))),
        ({"n": {"gte": 5, "lt": 10}}, All((Test("n", Operator.GTE, 5), Test("n", Operator.LT, 10)))),
        ({"path": "/", "any": [{"country": "FR"}]}, All((PATH, Any((FRENCH,))))),
        ({"all": [{"path": "/"}]}, All((PATH,))),
    ],
)
def test_fields_and_operators_of_one_mapping_all_hold(value: object, condition: Condition) -> None:
    assert read(value) == condition


@pytest.mark.parametrize(
    ("written", "operator", "operand"),
    [
        ({"equals": 5}, Operator.EQUALS, 5),
        ({"in": ["FR", 1, True]}, Operator.IN, ("FR", 1, True)),
        ({"not_in": ["FR"]}, Operator.NOT_IN, ("FR",)),
        ({"contains": "x"}, Operator.CONTAINS, "x"),
        ({"starts_with": "x"}, Operator.STARTS_WITH, "x"),
        ({"ends_with": "x"}, Operator.ENDS_WITH, "x"),
        ({"matches": "*x"}, Operator.MATCHES, "*x"),
        ({"matches": ["*x", "y*"]}, Operator.MATCHES, ("*x", "y*")),
        ({"gt": 5}, Operator.GT, 5),
        ({"gte": 0.5}, Operator.GTE, 0.5),
        ({"lt": -5}, Operator.LT, -5),
        ({"lte": 0}, Operator.LTE, 0),
        ({"between": [1, 1.5]}, Operator.BETWEEN, (1, 1.5)),
        ({"exists": False}, Operator.EXISTS, False),
    ],
)
def test_each_operator_takes_its_operand(
    written: object, operator: Operator, operand: Scalar | tuple[Scalar, ...]
) -> None:
    assert read({"x": written}) == Test("x", operator, operand)


def test_every_operator_of_the_core_can_be_written() -> None:
    assert list(OPERANDS) == list(Operator)


@pytest.mark.parametrize(
    ("value", "path", "message", "cure"),
    [
        ({"x": {"matchs": "a"}}, ("x", "matchs"), 'unknown operator "matchs"', "write matches"),
        ({"x": {"in": "FR"}}, ("x", "in"), 'a list of values is wanted, not "FR"', "in brackets"),
        ({"x": {"in": []}}, ("x", "in"), "not an empty list", "in brackets"),
        ({"x": {"not_in": ["FR", None]}}, ("x", "not_in", 1), "absent", "{exists: false}"),
        ({"x": {"in": [["FR"]]}}, ("x", "in", 0), "a single value is wanted, not a list", "one text"),
        ({"x": {"gt": "5"}}, ("x", "gt"), 'a number is wanted, not "5"', "without quotes"),
        ({"x": {"lte": True}}, ("x", "lte"), "a number is wanted, not true", "write a number"),
        ({"x": {"lt": float("nan")}}, ("x", "lt"), "not a finite number", "plain number"),
        ({"x": {"equals": float("inf")}}, ("x", "equals"), "not a finite number", "plain number"),
        ({"x": {"between": [5]}}, ("x", "between"), "two numbers are wanted", "[12, 20]"),
        ({"x": {"between": [5, "6"]}}, ("x", "between", 1), "a number is wanted", "without quotes"),
        ({"x": {"between": [6, 5]}}, ("x", "between"), "6 is over 5", "lower number first"),
        ({"x": {"exists": "yes"}}, ("x", "exists"), 'true or false is wanted, not "yes"', "write true or false"),
        ({"x": {"exists": 1}}, ("x", "exists"), "true or false is wanted, not 1", "write true or false"),
        ({"x": {"matches": 5}}, ("x", "matches"), "text is wanted, not 5", "between quotes"),
        ({"x": {"matches": ["a", 5]}}, ("x", "matches", 1), "text is wanted, not 5", "between quotes"),
        ({"x": {"starts_with": ["a"]}}, ("x", "starts_with"), "text is wanted, not a list", "between quotes"),
        ({"x": {"contains": ""}}, ("x", "contains"), "nothing equals what is absent", "{exists: false}"),
        ({"x": ["a"]}, ("x",), "a bare value means equals", "{in: [...]}"),
        ({"x": None}, ("x",), "nothing equals what is absent", "{exists: false}"),
        ({"x": {}}, ("x",), "no operator", "equals, in, not_in"),
        ({}, (), "an empty condition", "{path: "),
        ([], (), "a condition is a mapping, not a list", "{path: "),
        ("path", (), 'a condition is a mapping, not "path"', "{path: "),
        ({"all": {"x": 1}}, ("all",), "all takes a list", "all: [{"),
        ({"any": []}, ("any",), "any takes a list", "any: [{"),
        ({"any": [{"x": 1}, 5]}, ("any", 1), "a condition is a mapping, not 5", "{path: "),
        ({"not": [{"x": 1}]}, ("not",), "a condition is a mapping, not a list", "{path: "),
        ({"lead.x": 1}, ("lead.x",), '"lead.x" cannot be read here', "properties., context. or traits."),
        ({"trait.x": 1}, ("trait.x",), "cannot be read here", "write traits.x"),
        ({"context": {"exists": True}}, ("context",), "cannot be read here", "context.<name>"),
        ({"traits.": 1}, ("traits.",), "is not a field", "a bare name"),
        ({"": 1}, ("",), "is not a field", "a bare name"),
    ],
)
def test_a_wrong_condition_says_where_what_and_how(
    value: object, path: tuple[str | int, ...], message: str, cure: str
) -> None:
    found = trouble(value)
    assert found[0] == path
    assert message in found[1]
    assert cure in found[2]


def test_all_that_is_wrong_in_a_condition_is_told() -> None:
    reader = Reader(Scope.EVENT)
    reader.read({"any": [{"x": {"gt": "a", "lt": "b"}}, {"not": {"y": {"nope": 1}}}], "z": []})
    assert [found.path for found in reader.troubles] == [
        ("any", 0, "x", "gt"), ("any", 0, "x", "lt"), ("any", 1, "not", "y", "nope"), ("z",),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("scope", "name", "may"),
    [
        (Scope.EVENT, "path", True), (Scope.EVENT, "context.page.path", True), (Scope.EVENT, "properties.a", True),
        (Scope.EVENT, "traits.a", True), (Scope.EVENT, "groups", True), (Scope.EVENT, "properties", False),
        (Scope.LEAD, "traits.a", True), (Scope.LEAD, "traits.address.city", True), (Scope.LEAD, "groups", True),
        (Scope.LEAD, "traits", False), (Scope.LEAD, "path", False), (Scope.LEAD, "interests", False),
        (Scope.LEAD, "groups.x", False), (Scope.LEAD, "stage", False), (Scope.LEAD, "properties.a", False),
        (Scope.PERSONA, "interests", True), (Scope.PERSONA, "interests.pompes", True), (Scope.PERSONA, "groups", True),
        (Scope.PERSONA, "traits.a", True), (Scope.PERSONA, "path", False), (Scope.PERSONA, "group.s", False),
    ],
)  # fmt: skip
def test_a_condition_reads_only_what_its_place_holds(scope: Scope, name: str, may: bool) -> None:
    reader = Reader(scope)
    reader.read({name: {"exists": True}})
    assert (not reader.troubles) is may


@pytest.mark.parametrize("value", ["x", {"equals": "x"}, {"matches": "x*"}, {"in": ["x"]}])
def test_a_list_is_asked_what_it_contains(value: object) -> None:
    _, message, cure = trouble({"groups": value}, Scope.LEAD)
    assert "groups holds a list" in message
    assert "contain" in cure
    assert read({"groups": {"contains": "x"}}, Scope.LEAD) == Test("groups", Operator.CONTAINS, "x")


@given(conditions())
def test_a_condition_written_reads_back_as_itself(condition: Condition) -> None:
    assert read(as_data(condition)) == condition


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["all", "any", "not", "x", "traits.x", "in", "gt", "between", "matches", ""]), inner, max_size=3
    ),
))  # fmt: skip
def test_any_data_is_a_condition_or_a_trouble(value: object) -> None:
    for scope in Scope:
        reader = Reader(scope)
        condition = reader.read(value)
        assert (condition is not None and not reader.troubles) or reader.troubles
