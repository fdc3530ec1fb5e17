"""What every operation of the API keeps: its own scope opens it, and it takes nothing that it does not name."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from couveuse.store.api_tokens import MEANINGS, Scope
from couveuse.web import once
from tests.engine.town import Town
from tests.web.asking import Answer, Asker, a_token

PROBLEM = "application/problem+json"
# What stands in an address where it names something; nothing is there by that name.
VALUES = {"integer": "999999", "string": "nothing"}
# Lists that end by themselves: as many as somebody has set up, or as the product knows.
WHOLE_LISTS = {
    "list_outcomes", "list_addresses", "list_keys", "list_tokens", "list_lead_views", "list_users", "list_invitations",
}  # fmt: skip


def described() -> dict[str, Any]:
    from couveuse.web.api.version_1 import described

    return described()


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and what the document says, of each operation."""
    for path, found in described()["paths"].items():
        for method, operation in found.items():
            yield method.upper(), path, operation


def address(path: str, operation: dict[str, Any]) -> str:
    kinds = {each["name"]: each["schema"] for each in operation.get("parameters", ()) if each["in"] == "path"}

    def value(match: re.Match[str]) -> str:
        schema = kinds[match[1]]
        if "$ref" in json.dumps(schema):
            return "stop" if match[1] == "name" else "nothing"
        return VALUES.get(str(schema.get("type")), "nothing")

    return re.sub(r"{(\w+)}", value, path)


def ask(asker: Asker, method: str, path: str, operation: dict[str, Any], body: bytes = b"{}") -> Answer:
    data = body if "requestBody" in operation else b""
    return asker.ask(method, address(path, operation), data=data)


def schema_of(operation: dict[str, Any], document: dict[str, Any]) -> dict[str, Any] | None:
    """The JSON body that an operation takes."""
    content = operation.get("requestBody", {}).get("content", {})
    found = content.get("application/json", {}).get("schema")
    while found is not None and "$ref" in found:
        found = document["components"]["schemas"][found["$ref"].rpartition("/")[2]]
    return found


def test_every_operation_needs_a_token(street: Town):
    for method, path, operation in operations():
        for asker in (Asker(), Asker("cvt_nobody's")):
            answer = ask(asker, method, path, operation)
            assert (answer.status, answer.headers["content-type"]) == (401, PROBLEM), (method, path)
            assert "www-authenticate" in answer.headers


def test_every_operation_is_opened_by_its_own_scope_alone(street: Town):
    """A token with every other scope is refused, whatever else the request says, and nothing is read of it."""
    others = {
        scope: Asker(a_token(street.connection, *(each for each in Scope if each is not scope))) for scope in Scope
    }
    for method, path, operation in operations():
        (scope,) = operation["security"][0]["BearerToken"]
        answer = ask(others[Scope(scope)], method, path, operation, b"not even JSON")
        assert (answer.status, answer.headers["content-type"]) == (403, PROBLEM), (method, path, answer.text)
        assert f'scope="{scope}"' in answer.headers["www-authenticate"]


def test_every_operation_is_opened_by_its_scope(town: Town):
    own = {scope: Asker(a_token(town.connection, scope)) for scope in Scope}
    for method, path, operation in operations():
        (scope,) = operation["security"][0]["BearerToken"]
        answer = ask(own[Scope(scope)], method, path, operation)
        assert answer.status not in (401, 403, 405, 500), (method, path, answer.text)


def test_every_scope_says_what_it_is_for_and_opens_something(street: Town):
    assert set(MEANINGS) == set(Scope)
    assert {operation["security"][0]["BearerToken"][0] for _, _, operation in operations()} == set(Scope)


def test_a_field_that_nobody_named_is_refused_everywhere(town: Town):
    """No mass assignment: what an operation does not name, it does not take, not even beside what it does."""
    every = Asker(a_token(town.connection))
    document = described()
    for method, path, operation in operations():
        schema = schema_of(operation, document)
        if schema is None:
            continue
        assert schema.get("additionalProperties") is False, (method, path)
        named = dict.fromkeys(schema["properties"])
        answer = ask(every, method, path, operation, json.dumps(named | {"id_of_admin": 1}).encode())
        assert answer.status == 422, (method, path, answer.text)
        wrong = [each["where"][-1] for each in answer.json["errors"]]
        assert "id_of_admin" in wrong, (method, path, wrong)


def test_what_a_body_holds_within_names_itself_as_well(street: Town):
    document = described()
    schemas = document["components"]["schemas"]
    seen: set[str] = set()

    def walk(schema: Any) -> None:
        if isinstance(schema, dict):
            if "$ref" in schema:
                name = schema["$ref"].rpartition("/")[2]
                if name not in seen:
                    seen.add(name)
                    walk(schemas[name])
                return
            if schema.get("type") == "object" and "properties" in schema:
                assert schema.get("additionalProperties") is False, schema.get("title")
            for inner in schema.values():
                walk(inner)
        elif isinstance(schema, list):
            for inner in schema:
                walk(inner)

    for _, _, operation in operations():
        walk(schema_of(operation, document))
    assert len(seen) >= 1


def test_a_parameter_that_nobody_reads_is_refused_by_every_list(street: Town):
    every = Asker(a_token(street.connection))
    for method, path, operation in operations():
        if not any(each["name"] == "cursor" for each in operation.get("parameters", ())):
            continue
        answer = every.ask(method, f"{address(path, operation)}?ofset=3")
        assert answer.status == 422, (method, path, answer.text)


def test_every_list_is_read_by_cursors(street: Town):
    for method, path, operation in operations():
        names = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
        assert names.isdisjoint({"page", "offset", "skip"}), (method, path)
        if operation["operationId"].startswith("list_") and operation["operationId"] not in WHOLE_LISTS:
            assert {"cursor", "limit"} <= names, (method, path)


def test_what_changes_something_takes_a_key_and_says_so(street: Town):
    for method, path, operation in operations():
        headers = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "header"}
        assert (once.HEADER in headers) is (method in once.METHODS), (method, path)
        if method in once.METHODS:
            assert {"409", "422"} <= set(operation["responses"])


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/leads/x/y/z"])
def test_an_address_that_is_none_is_a_problem_too(street: Town, path):
    answer = Asker(a_token(street.connection)).get(path)
    assert (answer.status, answer.headers["content-type"]) == (404, PROBLEM)


def test_a_body_that_is_no_json_is_a_problem_everywhere(town: Town):
    every = Asker(a_token(town.connection))
    document = described()
    for method, path, operation in operations():
        if schema_of(operation, document) is None:
            continue
        for body in (b"{", b"[]", b"null", b"\xff", b'{"a":' * 500):
            answer = ask(every, method, path, operation, body)
            assert answer.status in (400, 422), (method, path, body, answer.status)
            assert answer.headers["content-type"] == PROBLEM
