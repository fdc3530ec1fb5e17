"""Conditions as documents write them: mappings of fields and operators, to core values and back.

`{path: {matches: "/tarifs*"}, country: FR}`: several fields all hold, several operators of one field all hold, a bare
value means equals; `all` and `any` take lists of conditions, `not` takes one.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum

from couveuse.core.conditions import All, Any, Condition, Not, Operator, Scalar, Test
from couveuse.documents.findings import Path, Trouble
from couveuse.documents.sentences import Sentence, code_of, one_of, quoted, said, write

EVENT_ROOTS = ("properties", "context", "traits")
LISTS = ("groups", "interests")  # fields that hold a list: only these two operators can ever hold on them
LIST_OPERATORS = (Operator.CONTAINS, Operator.EXISTS)


class Scope(StrEnum):
    """Whose fields a condition may read."""

    EVENT = "event"  # the event's own properties, context and traits
    LEAD = "lead"  # the lead's traits and static groups
    PERSONA = "persona"  # those, and interests


class _Wrong(Exception):
    """An operand that an operator does not take."""

    def __init__(self, wrong: Sentence, remedy: Sentence, path: Path = ()) -> None:
        super().__init__(wrong)
        self.wrong, self.remedy, self.path = wrong, remedy, path


def _wanted(what: str, value: object) -> Sentence:
    return said("wanted.told", wanted=said(f"wanted.{what}"), value=quoted(value))


Operand = Scalar | tuple[Scalar, ...]


def _scalar(value: object) -> Scalar:
    if value is None or value == "":
        raise _Wrong(said("condition.absent"), write("{exists: false}"))
    if isinstance(value, float) and not math.isfinite(value):
        raise _Wrong(said("shape.infinite"), said("cure.number"))
    if not isinstance(value, (str, int, float, bool)):
        raise _Wrong(_wanted("single", value), said("condition.scalar"))
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _Wrong(_wanted("text", value), said("condition.quotes", code='"fr"'))
    return str(_scalar(value))


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _Wrong(_wanted("number", value), said("condition.number"))
    if not math.isfinite(value):
        raise _Wrong(said("shape.infinite"), said("cure.number"))
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise _Wrong(_wanted("boolean", value), said("condition.boolean"))
    return value


def _many(one: Callable[[object], Scalar]) -> Callable[[object], tuple[Scalar, ...]]:
    def read(value: object) -> tuple[Scalar, ...]:
        if not isinstance(value, list) or not value:
            given = said("value.empty_list") if value == [] else quoted(value)
            wrong = said("wanted.told", wanted=said("wanted.values"), value=given)
            raise _Wrong(wrong, said("condition.brackets", code="[FR, BE]"))
        return tuple(_each(one, item, i) for i, item in enumerate(value))

    return read


def _each(one: Callable[[object], Scalar], item: object, index: int) -> Scalar:
    try:
        return one(item)
    except _Wrong as wrong:
        raise _Wrong(wrong.wrong, wrong.remedy, (index,)) from None


def _globs(value: object) -> Operand:
    return _many(_text)(value) if isinstance(value, list) else _text(value)


def _ends(value: object) -> tuple[Scalar, ...]:
    if not isinstance(value, list) or len(value) != 2:
        raise _Wrong(said("condition.two"), said("condition.ends", code="[12, 20]"))
    low, high = (_each(_number, item, i) for i, item in enumerate(value))
    if float(low) > float(high):
        raise _Wrong(said("condition.crossed", low=str(low), high=str(high)), said("condition.lower_first"))
    return low, high


# One row an operator: what its operand must be. The JSON Schema and the errors list them in this order.
OPERANDS: Mapping[Operator, Callable[[object], Operand]] = {
    Operator.EQUALS: _scalar,
    Operator.IN: _many(_scalar),
    Operator.NOT_IN: _many(_scalar),
    Operator.CONTAINS: _scalar,
    Operator.STARTS_WITH: _text,
    Operator.ENDS_WITH: _text,
    Operator.MATCHES: _globs,
    Operator.GT: _number,
    Operator.GTE: _number,
    Operator.LT: _number,
    Operator.LTE: _number,
    Operator.BETWEEN: _ends,
    Operator.EXISTS: _boolean,
}

_PATH = re.compile(r"[^.\s](?:[^.]*[^.\s])?(?:\.[^.\s](?:[^.]*[^.\s])?)*")


@dataclass(slots=True)
class Reader:
    """Reads one condition and gathers what is wrong in it, all of it."""

    scope: Scope
    troubles: list[Trouble] = field(default_factory=list)

    def read(self, value: object, path: Path = ()) -> Condition | None:
        """The condition, or None where there is trouble."""
        if not isinstance(value, dict) or not value:
            is_empty = value == {}
            what = said("condition.empty") if is_empty else said("condition.mapping", value=quoted(value))
            self._wrong(path, what, said("cure.write_as", code=_EXAMPLES[self.scope]))
            return None
        parts: list[Condition] = []
        for key, inner in value.items():
            parts.extend(self._entry(key, inner, (*path, key)))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _entry(self, key: str, value: object, path: Path) -> list[Condition]:
        if key in ("all", "any"):
            return self._list(key, value, path)
        if key == "not":
            part = self.read(value, path)
            return [] if part is None else [Not(part)]
        return self._field(key, value, path) if self._may_read(key, path) else []

    def _list(self, key: str, value: object, path: Path) -> list[Condition]:
        if not isinstance(value, list) or not value:
            self._wrong(path, said("condition.list", key=key), write(f"{key}: [{{...}}, {{...}}]"))
            return []
        parts = tuple(self.read(item, (*path, i)) for i, item in enumerate(value))
        whole = tuple(part for part in parts if part is not None)
        return [All(whole) if key == "all" else Any(whole)]

    def _field(self, name: str, value: object, path: Path) -> list[Condition]:
        if not isinstance(value, dict):
            return self._bare(name, value, path)
        if not value:
            self._wrong(path, said("condition.no_operator"), said("cure.one_of", words=", ".join(OPERANDS)))
        tests = [self._test(name, word, operand, (*path, word)) for word, operand in value.items()]
        return [test for test in tests if test is not None]

    def _bare(self, name: str, value: object, path: Path) -> list[Condition]:
        if isinstance(value, list):
            self._wrong(path, said("condition.bare_list"), write("{in: [...]}"))
            return []
        if self._is_list(name):
            self._wrong(path, said("condition.holds_list", field=name), write(f"{{contains: {code_of(value)}}}"))
            return []
        test = self._tested(name, Operator.EQUALS, value, path)
        return [] if test is None else [test]

    def _test(self, name: str, word: str, operand: object, path: Path) -> Test | None:
        if word not in OPERANDS:
            self._wrong(path, said("condition.operator", value=quoted(word)), one_of(word, OPERANDS), at_key=True)
            return None
        operator = Operator(word)
        if self._is_list(name) and operator not in LIST_OPERATORS:
            message = said("condition.never", field=name, operator=word)
            self._wrong(path, message, said("condition.contains"), at_key=True)
            return None
        return self._tested(name, operator, operand, path)

    def _tested(self, name: str, operator: Operator, operand: object, path: Path) -> Test | None:
        try:
            return Test(name, operator, OPERANDS[operator](operand))
        except _Wrong as wrong:
            self._wrong((*path, *wrong.path), wrong.wrong, wrong.remedy)
            return None

    def _is_list(self, name: str) -> bool:
        return self.scope is not Scope.EVENT and name in LISTS

    def _may_read(self, name: str, path: Path) -> bool:
        """Whether this scope holds such a field; if not, that is a trouble."""
        root, _, rest = name.partition(".")
        if not _PATH.fullmatch(name):
            self._wrong(path, said("condition.no_field", value=quoted(name)), _READS[self.scope], at_key=True)
        elif not _MAY[self.scope](root, rest):
            message = said("condition.unreadable", value=quoted(name))
            self._wrong(path, message, _cure(name, self.scope), at_key=True)
        else:
            return True
        return False

    def _wrong(self, path: Path, wrong: Sentence, remedy: Sentence, *, at_key: bool = False) -> None:
        self.troubles.append(Trouble(path, wrong, remedy, at_key))


def _lead_has(root: str, rest: str) -> bool:
    return bool(rest) if root == "traits" else root == "groups" and not rest


_MAY: Mapping[Scope, Callable[[str, str], bool]] = {
    Scope.EVENT: lambda root, rest: (root in EVENT_ROOTS) == bool(rest),
    Scope.LEAD: _lead_has,
    Scope.PERSONA: lambda root, rest: root == "interests" or _lead_has(root, rest),
}

_READS: Mapping[Scope, Sentence] = {
    Scope.EVENT: said("condition.reads_event"),
    Scope.LEAD: said("condition.reads_lead"),
    Scope.PERSONA: said("condition.reads_persona"),
}

_EXAMPLES: Mapping[Scope, str] = {
    Scope.EVENT: '{path: {matches: "/tarifs*"}}',
    Scope.LEAD: "{traits.country: FR}",
    Scope.PERSONA: "{interests: {contains: pompes}}",
}

_DERIVED = ("score", "band", "stage", "temperature", "segment", "segments", "persona", "maturity")


def _cure(name: str, scope: Scope) -> Sentence:
    """The cure for a field that this scope does not hold: the nearest one that it does."""
    root, _, rest = name.partition(".")
    near = get_close_matches(root, EVENT_ROOTS if scope is Scope.EVENT else ("traits",), n=1)
    if scope is not Scope.EVENT and name in _DERIVED:
        return said("condition.circles", reads=_READS[scope])
    if near:
        return write(f"{near[0]}.{rest}") if rest else said("condition.under_root", root=near[0])
    return write(f"traits.{name}") if scope is not Scope.EVENT and not rest and root != "groups" else _READS[scope]


def as_data(condition: Condition) -> dict[str, object]:
    """A condition as a document writes it, in the shortest form that reads back as the same value.

    >>> as_data(All((Test("amount", Operator.GTE, 5), Test("plan", Operator.EQUALS, "pro"))))
    {'amount': {'gte': 5}, 'plan': 'pro'}
    """
    match condition:
        case Test(name, Operator.EQUALS, operand):
            return {name: operand}
        case Test(name, operator, operand):
            return {name: {str(operator): list(operand) if isinstance(operand, tuple) else operand}}
        case Not(part):
            return {"not": as_data(part)}
        case Any(parts):
            return {"any": [as_data(part) for part in parts]}
        case All(parts):
            return _joined(parts) or {"all": [as_data(part) for part in parts]}


def _joined(parts: tuple[Condition, ...]) -> dict[str, object] | None:
    """The parts as keys of one mapping, or None where that would read back as something else."""
    joined: dict[str, object] = {}
    last = ""
    for part in parts:
        ((key, value),) = as_data(part).items() if not isinstance(part, All) else [("all", _list_of(part))]
        if key not in joined:
            joined[key] = value
        elif key != last or not isinstance(part, Test) or not _added(joined, part):
            return None
        last = key
    return joined if len(parts) > 1 else None


def _added(joined: dict[str, object], test: Test) -> bool:
    """Whether one more operator fits into the mapping of a field."""
    held = joined[test.field]
    operators: dict[str, object] = dict(held) if isinstance(held, dict) else {str(Operator.EQUALS): held}
    if test.operator in operators:
        return False
    operand = list(test.operand) if isinstance(test.operand, tuple) else test.operand
    joined[test.field] = operators | {str(test.operator): operand}
    return True


def _list_of(condition: All) -> list[dict[str, object]]:
    return [as_data(part) for part in condition.parts]
