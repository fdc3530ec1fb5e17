"""The published JSON Schemas of documents (draft 2020-12), with which an editor completes and checks while typing.

They say the shape; what the parts say to each other (unique ids, bands in order, who is whose member) `parse_model` and
`parse_team` check.
"""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from couveuse.core.conditions import Operator
from couveuse.documents.conditions import EVENT_ROOTS, OPERANDS, Scope
from couveuse.documents.shapes import CONDITION_MARK, ModelShape
from couveuse.documents.team_shapes import RosterShape

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_NUMBER: Schema = {"type": "number"}
_TEXT: Schema = {"type": "string", "minLength": 1}
_SCALAR: Schema = {"anyOf": [_TEXT, _NUMBER, {"type": "boolean"}]}
_OPERANDS: dict[Operator, Schema] = {
    Operator.EQUALS: _SCALAR,
    Operator.IN: {"type": "array", "items": _SCALAR, "minItems": 1},
    Operator.NOT_IN: {"type": "array", "items": _SCALAR, "minItems": 1},
    Operator.CONTAINS: _SCALAR,
    Operator.STARTS_WITH: _TEXT,
    Operator.ENDS_WITH: _TEXT,
    Operator.MATCHES: {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]},
    Operator.GT: _NUMBER,
    Operator.GTE: _NUMBER,
    Operator.LT: _NUMBER,
    Operator.LTE: _NUMBER,
    Operator.BETWEEN: {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2},
    Operator.EXISTS: {"type": "boolean"},
}

_FIELDS: dict[Scope, str] = {
    Scope.EVENT: rf"^(?:(?!(?:{'|'.join(EVENT_ROOTS)})$)[^.]+|(?:{'|'.join(EVENT_ROOTS)})\..+)$",
    Scope.LEAD: r"^(?:traits\..+|groups)$",
    Scope.PERSONA: r"^(?:traits\..+|groups|interests(?:\..+)?)$",
}


def model_schema() -> Schema:
    """The JSON Schema of a scoring model's document."""
    return _schema(ModelShape, Scope)


def team_schema() -> Schema:
    """The JSON Schema of a team's document."""
    return _schema(RosterShape, [Scope.LEAD])


def _schema(shape: type[BaseModel], scopes: Iterable[Scope]) -> Schema:
    schema: Schema = _linked(shape.model_json_schema())
    schema["$defs"] |= {"Test": _test()} | {_name(scope): _condition(scope) for scope in scopes}
    return {"$schema": DIALECT} | schema


def _name(scope: Scope) -> str:
    return f"{scope.capitalize()}Condition"


def _linked(schema: Any) -> Any:
    """References to the conditions in the place of their marks; absence is left out, not written as null."""
    if isinstance(schema, list):
        return [_linked(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if CONDITION_MARK in schema:
        return {"$ref": f"#/$defs/{_name(Scope(schema[CONDITION_MARK]))}"}
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        return _linked({key: value for key, value in schema.items() if key != "anyOf"} | options[0])
    kept = schema | {"anyOf": options} if options else schema
    return {key: _linked(value) for key, value in kept.items() if (key, value) != ("default", None)}


def _test() -> Schema:
    operators = {str(operator): _OPERANDS[operator] for operator in OPERANDS}
    by_operator = {"type": "object", "properties": operators, "additionalProperties": False, "minProperties": 1}
    return {"description": "A bare value means equals.", "anyOf": [_SCALAR, by_operator]}


def _condition(scope: Scope) -> Schema:
    own = {"$ref": f"#/$defs/{_name(scope)}"}
    several = {"type": "array", "items": own, "minItems": 1}
    return {
        "description": "Fields, all of which hold; all, any and not combine conditions.",
        "type": "object",
        "minProperties": 1,
        "properties": {"all": several, "any": several, "not": own},
        "patternProperties": {rf"(?!^(?:all|any|not)$){_FIELDS[scope]}": {"$ref": "#/$defs/Test"}},
        "additionalProperties": False,
    }
