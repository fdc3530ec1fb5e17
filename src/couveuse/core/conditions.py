"""Conditions as values, and as predicates over what a fact or a lead holds.

A condition is a tree of `Test`, `All`, `Any` and `Not`. `predicate` compiles it, once, to a function of a
lookup. Values are what JSON knows: text, numbers, booleans, lists, objects; missing, null and empty are absent.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import ge, gt, le, lt
from typing import TypeGuard

from couveuse.core.frozen import Frozen
from couveuse.core.text import glob, plain

Scalar = str | int | float | bool
Lookup = Callable[[str], object]
Predicate = Callable[[Lookup], bool]


class Operator(StrEnum):
    """What a test may ask of a field."""

    EQUALS = "equals"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    MATCHES = "matches"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    BETWEEN = "between"
    EXISTS = "exists"


@dataclass(frozen=True, slots=True)
class Test(Frozen):
    """One field, one operator, one operand or several (`in`, `not_in`, `between`, the globs of `matches`)."""

    field: str
    operator: Operator
    operand: Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class All(Frozen):
    """Every part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Any(Frozen):
    """One part at least holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not(Frozen):
    """The part does not hold."""

    part: "Condition"


Condition = Test | All | Any | Not


def fields(condition: Condition | None) -> frozenset[str]:
    """The fields that a condition reads.

    >>> sorted(fields(All((Test("path", Operator.EXISTS, True), Not(Test("url", Operator.EQUALS, "x"))))))
    ['path', 'url']
    """
    match condition:
        case None:
            return frozenset()
        case Test(field):
            return frozenset((field,))
        case All(parts) | Any(parts):
            return frozenset().union(*(fields(part) for part in parts))
        case Not(part):
            return fields(part)


def is_absent(value: object) -> bool:
    """Missing, null, empty and not-a-number are absent; false and 0 are not."""
    if value is None or value == "":
        return True
    if isinstance(value, (list, dict, tuple, frozenset)):
        return not value
    return isinstance(value, float) and math.isnan(value)


def is_number(value: object) -> TypeGuard[int | float]:
    """Text is never a number, and true is not 1."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def same(one: object, other: object) -> bool:
    """Equality of two scalars: text by its letters, numbers by their worth, true and false by themselves."""
    if isinstance(one, str):
        return isinstance(other, str) and plain(one) == plain(other)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return is_number(one) and is_number(other) and one == other


def predicate(condition: Condition) -> Predicate:
    """A condition made ready to ask, with its operands prepared once."""
    match condition:
        case Test():
            return _test(condition)
        case All(parts):
            predicates = tuple(predicate(part) for part in parts)
            return lambda lookup: all(holds(lookup) for holds in predicates)
        case Any(parts):
            predicates = tuple(predicate(part) for part in parts)
            return lambda lookup: any(holds(lookup) for holds in predicates)
        case Not(part):
            inner = predicate(part)
            return lambda lookup: not inner(lookup)


def _test(test: Test) -> Predicate:
    field = test.field
    if test.operator is Operator.EXISTS:
        wanted = test.operand is True
        return lambda lookup: is_absent(lookup(field)) is not wanted
    operands = test.operand if isinstance(test.operand, tuple) else (test.operand,)
    asks = ASKS[test.operator](operands)

    def holds(lookup: Lookup) -> bool:
        value = lookup(field)
        return not is_absent(value) and asks(value)

    return holds


Ask = Callable[[object], bool]


def _equals(operands: Sequence[Scalar]) -> Ask:
    texts = frozenset(plain(o) for o in operands if isinstance(o, str))
    others = tuple(o for o in operands if not isinstance(o, str))
    return lambda v: plain(v) in texts if isinstance(v, str) else any(same(o, v) for o in others)


def _not_in(operands: Sequence[Scalar]) -> Ask:
    inside = _equals(operands)
    return lambda v: not inside(v)


def _contains(operands: Sequence[Scalar]) -> Ask:
    inside = _equals(operands)
    texts = tuple(plain(o) for o in operands if isinstance(o, str))

    def asks(value: object) -> bool:
        if isinstance(value, str):
            return any(text in plain(value) for text in texts)
        return isinstance(value, (list, tuple, frozenset)) and any(inside(item) for item in value)

    return asks


def _starts_with(operands: Sequence[Scalar]) -> Ask:
    texts = tuple(plain(o) for o in operands if isinstance(o, str))
    return lambda v: isinstance(v, str) and plain(v).startswith(texts)


def _ends_with(operands: Sequence[Scalar]) -> Ask:
    texts = tuple(plain(o) for o in operands if isinstance(o, str))
    return lambda v: isinstance(v, str) and plain(v).endswith(texts)


def _matches(operands: Sequence[Scalar]) -> Ask:
    globs = tuple(glob(o).fullmatch for o in operands if isinstance(o, str))
    return lambda v: isinstance(v, str) and any(matches(plain(v)) is not None for matches in globs)


def _between(operands: Sequence[Scalar]) -> Ask:
    low, high = operands
    return lambda v: is_number(v) and low <= v <= high  # type: ignore[operator]  # both are numbers here


def _number(compare: Callable[[float, float], bool]) -> Callable[[Sequence[Scalar]], Ask]:
    def prepare(operands: Sequence[Scalar]) -> Ask:
        (limit,) = operands
        return lambda v: is_number(v) and compare(v, limit)  # type: ignore[arg-type]  # both are numbers here

    return prepare


# One row an operator: how its operands become the question put to a value that is there. The comparisons are Python's
# own functions: a function of ours that takes floats would, compiled, make a float of an integer that none holds.
ASKS: Mapping[Operator, Callable[[Sequence[Scalar]], Ask]] = {
    Operator.EQUALS: _equals,
    Operator.IN: _equals,
    Operator.NOT_IN: _not_in,
    Operator.CONTAINS: _contains,
    Operator.STARTS_WITH: _starts_with,
    Operator.ENDS_WITH: _ends_with,
    Operator.MATCHES: _matches,
    Operator.GT: _number(gt),
    Operator.GTE: _number(ge),
    Operator.LT: _number(lt),
    Operator.LTE: _number(le),
    Operator.BETWEEN: _between,
}
