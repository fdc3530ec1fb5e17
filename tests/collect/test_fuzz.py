"""Whatever comes: no failure of ours, nothing stored that is no fact, nothing lost in silence."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema
import psycopg
import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from couveuse.collect.reference import document
from couveuse.core.events import CURES, INSIDE_ONLY, Reject
from couveuse.store.packets import Flag
from tests.collect import hostile
from tests.collect.doors import SERVER_KEY, Door, as_a_file_says, basic, taken_by
from tests.conftest import profile

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "intake.openapi.json"
# How many requests: a thousand where the run answers for the project.
ORDINARY = {"dev": 200, "ci": 1000, "faults": 1000}[profile()]
LONG = 20_000
Tables = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def tables(open_door: Door) -> Iterator[Tables]:
    """A connection to what is behind the front door."""
    with psycopg.connect(open_door.url, autocommit=True) as connection:
        connection.execute("truncate inbox, rejects")
        yield connection


def rejects_taken(tables: Tables) -> list[str]:
    """The reasons of what was rejected, taken away."""
    found = [reason for (reason,) in tables.execute("delete from rejects returning reason").fetchall()]
    assert all(Reject(reason) in CURES for reason in found)
    return found


def try_out(door: Door, tables: Tables, request: dict[str, Any]) -> None:
    """Make a request, and look at everything that came of it."""
    method, path = request.pop("method"), quote(request.pop("url"), safe="/")
    answer = door.request(method, path, **request)
    assert answer.status_code < 500
    assert answer.headers["access-control-allow-origin"] == "*"
    stored, rejects = taken_by(tables), rejects_taken(tables)
    for kept in stored:
        assert as_a_file_says(kept.row) == kept.row
        assert kept.fact.at <= kept.received_at
        assert kept.flags in (Flag.NONE, Flag.CLAIM)
        assert not (kept.flags == Flag.CLAIM and kept.fact.event in INSIDE_ONLY)
        for text in (kept.fact.event, kept.fact.message_id, *(key for key in kept.keys if key)):
            assert text.encode()
            assert len(text) <= 500
    if method != "POST" or answer.status_code not in (200, 400):
        assert (stored, rejects) == ([], [])
    elif answer.status_code == 400:
        assert stored == []
        assert len(rejects) <= 1


@settings(max_examples=ORDINARY)
@given(request=hostile.requests())
def test_no_request_is_answered_by_a_failure_and_no_garbage_is_stored(
    open_door: Door, tables: Tables, request: dict[str, Any]
) -> None:
    try_out(open_door, tables, request)


@pytest.mark.faults
@settings(max_examples=LONG)
@given(request=hostile.requests())
def test_no_request_of_many_is_answered_by_a_failure(open_door: Door, tables: Tables, request: dict[str, Any]) -> None:
    try_out(open_door, tables, request)


@settings(max_examples=ORDINARY // 4)
@given(messages=st.lists(hostile.MESSAGES, max_size=8))
def test_of_a_batch_every_event_is_stored_or_rejected(open_door: Door, tables: Tables, messages: list[Any]) -> None:
    body = b'{"batch":[' + b",".join(hostile.written(message) for message in messages) + b"]}"
    answer = open_door.post("/v1/batch", body)
    stored, rejects = taken_by(tables), rejects_taken(tables)
    if answer.status_code == 200:
        assert len(stored) + len(rejects) == len(messages)
    else:
        assert answer.status_code == 400
        assert (stored, rejects) == ([], [])


# ---- The document --------------------------------------------------------------------------------------------


def test_the_page_is_up_to_date() -> None:
    written = json.dumps(document(), ensure_ascii=False, indent=2) + "\n"
    assert PAGE.read_text(encoding="utf-8") == written, "write it again: python -m couveuse.collect.reference"


def test_its_schemas_are_schemas() -> None:
    for schema in document()["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


schema = schemathesis.openapi.from_dict(document())


@schema.parametrize()
@settings(max_examples=max(5, ORDINARY // 30))
def test_the_front_door_does_what_its_document_says(open_door: Door, case: schemathesis.Case) -> None:
    asked = case.as_transport_kwargs(base_url="http://couveuse.test", headers=basic(SERVER_KEY))
    asked = {name: value for name, value in asked.items() if name not in ("cookies", "auth")}
    if "data" in asked:
        asked["content"] = asked.pop("data")
    method, url = asked.pop("method"), asked.pop("url")
    answer = open_door.request(method, url, **asked)
    assert answer.status_code < 500
    # What is no fact though its form is right is refused, and what a batch holds is looked at event by event.
    case.validate_response(answer, excluded_checks=[positive_data_acceptance, negative_data_rejection])
