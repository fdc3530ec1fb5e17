"""Conditions, text and globs as the contract words them, slowly; the slow reference asks them of facts and leads."""

import unicodedata
from collections.abc import Callable

from couveuse.core.conditions import All, Any, Condition, Not, Test

Lookup = Callable[[str], object]


def plain(text: str) -> str:
    """NFKD, no combining marks, casefold."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()


def glob(pattern: str, text: str) -> bool:
    """Whether a glob covers a whole text: `reached` are the places of the text that the pattern may have come to."""
    letters = plain(text)
    reached = {0}
    for sign in plain(pattern):
        if sign == "*":
            reached = set(range(min(reached), len(letters) + 1)) if reached else set()
        else:
            reached = {i + 1 for i in reached if i < len(letters) and sign in ("?", letters[i])}
    return len(letters) in reached


def absent(value: object) -> bool:
    """Missing, null, empty."""
    return value is None or value == "" or value == [] or value == {} or value != value


def number(value: object) -> bool:
    """Neither text nor true nor false."""
    return type(value) in (int, float)


def equal(one: object, other: object) -> bool:
    """Text by its letters, numbers by their worth, true and false by themselves."""
    if isinstance(one, str) and isinstance(other, str):
        return plain(one) == plain(other)
    return (number(one) and number(other) and one == other) or (type(one) is type(other) is bool and one == other)


def holds(condition: Condition, asked: Lookup) -> bool:
    """Whether a condition holds."""
    match condition:
        case All(parts):
            return all(holds(part, asked) for part in parts)
        case Any(parts):
            return any(holds(part, asked) for part in parts)
        case Not(part):
            return not holds(part, asked)
        case Test(name, operator, operand):
            value = asked(name)
            if operator == "exists":
                return absent(value) != operand
            return not absent(value) and _tested(str(operator), value, operand)
    raise AssertionError(condition)


def _tested(operator: str, value: object, operand: object) -> bool:
    many = operand if isinstance(operand, tuple) else (operand,)
    if operator in ("equals", "in"):
        return any(equal(value, one) for one in many)
    if operator == "not_in":
        return not any(equal(value, one) for one in many)
    if operator == "contains" and isinstance(value, list):
        return any(equal(item, operand) for item in value)
    if operator in ("contains", "starts_with", "ends_with", "matches"):
        return isinstance(value, str) and any(_in_text(operator, value, one) for one in many)
    if not number(value):
        return False
    if operator == "between":
        return many[0] <= value <= many[1]
    return {"gt": value > operand, "gte": value >= operand, "lt": value < operand, "lte": value <= operand}[operator]


def _in_text(operator: str, value: str, operand: object) -> bool:
    if not isinstance(operand, str):
        return False
    if operator == "matches":
        return glob(operand, value)
    text, piece = plain(value), plain(operand)
    return {
        "contains": piece in text,
        "starts_with": text[: len(piece)] == piece,
        "ends_with": text[len(text) - len(piece) :] == piece and len(piece) <= len(text),
    }[operator]
