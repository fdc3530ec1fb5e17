"""A condition on leads as lines of a form that must all hold: a trait, how it is asked about, and values.

A document may say more than lines can; what they cannot say is None, and is changed in the document.
"""

import re
from collections.abc import Mapping
from typing import Final

from couveuse.core.conditions import All, Condition, Operator, Scalar, Test

MOST_TRAIT: Final = 200
MOST_VALUES: Final = 200
MOST_TEXT: Final = 2_000
NO_LINE: Final[Mapping[str, str]] = {"trait": "", "how": "is", "value": ""}
# How a line asks; the first is what a new line begins with.
HOWS: Final = ("is", "is_not", "begins", "contains", "at_least", "at_most", "known", "unknown")
_NUMBERS: Final = {"at_least": Operator.GTE, "at_most": Operator.LTE}
_LISTS: Final = {"is": Operator.IN, "is_not": Operator.NOT_IN}
_WILD: Final = frozenset("*?")
_NUMBER: Final = re.compile(r"-?(?:[0-9]{1,15}|[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3}){1,4})(?:[.,][0-9]{1,9})?")


def lines_of(where: Condition) -> list[dict[str, str]] | None:
    """A condition as lines of the form; None where lines cannot say it."""
    parts = where.parts if isinstance(where, All) else (where,)
    lines: list[dict[str, str]] = []
    for part in parts:
        found = _lines_of(part) if isinstance(part, Test) else None
        if found is None:
            return None
        lines += found
    return lines


def _lines_of(test: Test) -> list[dict[str, str]] | None:
    trait = test.field.removeprefix("traits.")
    operands = test.operand if isinstance(test.operand, tuple) else (test.operand,)
    written = [_written(each) for each in operands]
    match test.operator:
        case Operator.BETWEEN:
            return [_line(trait, "at_least", written[0]), _line(trait, "at_most", written[1])]
        case Operator.EXISTS:
            return [_line(trait, "known" if test.operand is True else "unknown", "")]
        case Operator.GTE | Operator.LTE:
            return [_line(trait, "at_least" if test.operator is Operator.GTE else "at_most", written[0])]
        case Operator.CONTAINS:
            return [_line(trait, "contains", written[0])]
        case Operator.EQUALS | Operator.IN | Operator.NOT_IN:
            how, values = "is_not" if test.operator is Operator.NOT_IN else "is", written
        case Operator.STARTS_WITH:
            how, values = "begins", written
        case Operator.MATCHES if all(text.endswith("*") for text in written):
            how, values = "begins", [text[:-1] for text in written]
        case _:
            return None
    wild = how == "begins" and any(_WILD & set(text) for text in values)
    return None if wild or any("," in text or not text for text in values) else [_line(trait, how, ", ".join(values))]


def _line(trait: str, how: str, value: str) -> dict[str, str]:
    return {"trait": trait, "how": how, "value": value}


def _written(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def test_of(line: Mapping[str, str], before: Condition | None) -> Test | str:
    """What a line asks, or the name of what is wrong with it.

    A value that stood there as a number, true or false stays one: text never equals a number.
    """
    trait, how, text = line["trait"], line["how"], line["value"]
    if not _is_trait(trait):
        return "bad_trait"
    if how not in HOWS:
        return "bad_how"
    field = trait if trait == "groups" else f"traits.{trait}"
    if field == "groups" and how not in ("contains", "known", "unknown"):
        return "groups_contain"
    if how in ("known", "unknown"):
        return Test(field, Operator.EXISTS, how == "known")
    if not text or len(text) > MOST_TEXT or not text.isprintable():
        return "no_value"
    if how in _NUMBERS:
        number = _number(text)
        return "no_number" if number is None else Test(field, _NUMBERS[how], number)
    if how == "contains":
        return Test(field, Operator.CONTAINS, _known(before, field).get(text, text))
    return _of_list(field, how, text, _known(before, field))


def _of_list(field: str, how: str, text: str, known: Mapping[str, Scalar]) -> Test | str:
    """A line with several values between commas."""
    values = list(dict.fromkeys(each for each in (part.strip() for part in text.split(",")) if each))
    if not values or len(values) > MOST_VALUES:
        return "no_value" if not values else "many_values"
    if how == "begins":
        if any(_WILD & set(each) for each in values):
            return "wild"
        if len(values) == 1:
            return Test(field, Operator.STARTS_WITH, values[0])
        return Test(field, Operator.MATCHES, tuple(f"{each}*" for each in values))
    operands = tuple(known.get(each, each) for each in values)
    return Test(field, Operator.EQUALS, operands[0]) if how == "is" and len(operands) == 1 else Test(
        field, _LISTS[how], operands
    )  # fmt: skip


def _known(before: Condition | None, field: str) -> dict[str, Scalar]:
    """The values of a trait as they stood before, by how they are written."""
    parts = before.parts if isinstance(before, All) else (before,)
    found: dict[str, Scalar] = {}
    for part in parts:
        if isinstance(part, Test) and part.field == field:
            operands = part.operand if isinstance(part.operand, tuple) else (part.operand,)
            found |= {_written(each): each for each in operands}
    return found


def _is_trait(name: str) -> bool:
    """A name, or a path of names with dots between them."""
    return len(name) <= MOST_TRAIT and name.isprintable() and all(
        part and part == part.strip() for part in name.split(".")
    )  # fmt: skip


def _number(text: str) -> int | float | None:
    """A number as people of either language write it: 1000, 1 000, 2,5 or 2.5."""
    if not _NUMBER.fullmatch(text):
        return None
    number = float("".join(text.split()).replace(",", "."))
    return int(number) if number.is_integer() else number
