"""The OpenAPI document is true, it is kept with the documentation, and no request drawn from it breaks anything."""

import gc
import json
from pathlib import Path

import pytest
import schemathesis
from hypothesis import settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from couveuse.store.packets import Flag
from tests.engine.town import DAY, NOW, Town, accepted
from tests.web.asking import a_token

KEPT = Path(__file__).parents[2] / "docs" / "reference" / "api.openapi.json"
PAPER = KEPT.with_name("api.md")
# Of each operation; a run that hunts for faults draws more.
EXAMPLES = max(20, settings.default.max_examples // 10)
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]


def written() -> str:
    from couveuse.web.api.version_1 import written

    return written()


def test_the_document_is_kept_with_the_documentation(street: Town):
    assert KEPT.read_text("utf-8") == written(), "write it again: see docs/reference/api.md"


def test_it_is_served_as_it_is_kept(street: Town):
    from tests.web.asking import Asker

    answer = Asker().get("/api/v1/openapi.json")
    assert (answer.status, answer.headers["content-type"], answer.text) == (200, "application/json", written())


def test_it_names_nobody_else_s_host(street: Town):
    assert "://" not in written().replace("https://json-schema.org", "").replace("https://www.example.com", "")


def test_every_operation_says_what_it_is_its_scope_and_its_errors(street: Town):
    document = json.loads(written())
    for operations in document["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            assert "Scope: `" in operation["description"]
            assert operation["security"][0]["BearerToken"]
            for status in ("401", "403", "422", "503"):
                assert list(operation["responses"][status]["content"]) == ["application/problem+json"]


def test_the_paper_names_every_address_and_scope(street: Town):
    paper, document = PAPER.read_text("utf-8"), json.loads(written())
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            (scope,) = operation["security"][0]["BearerToken"]
            assert f"| `{method.upper()} {path}` | `{scope}` |" in paper


# ---- Requests drawn from the document ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def inhabited(street: Town) -> Town:
    """Leads with everything that an answer may hold."""
    street.take(
        *(accepted("Page Viewed", NOW - n * DAY, email=f"p{n % 4}@example.com", path=f"/{n}") for n in range(12)),
        accepted("Quote Requested", email="p1@example.com", user_id="u-1", anonymous_id="d-1"),
        accepted("Traits Set", email="p1@example.com", flags=Flag.CLAIM, traits={"a": {"b": [None, 1e300, "é"]}}),
        accepted("Consent Given", email="p1@example.com", purpose="phone"),
        accepted("Verdict Given", email="p1@example.com", of="x", verdict="doubtful"),
        accepted("Opportunity Lost", email="p1@example.com"),
    )
    return street


@pytest.fixture(scope="module")
def token(inhabited: Town) -> str:
    return a_token(inhabited.connection)


schema = schemathesis.openapi.from_dict(json.loads(KEPT.read_text("utf-8")))


# Of an upload that breaks off in the middle Django leaves the temporary file to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed file:ResourceWarning")
@schema.parametrize()
@settings(max_examples=EXAMPLES)
def test_no_request_drawn_from_it_breaks_anything(case: schemathesis.Case, token: str):
    from couveuse.web.wsgi import application

    for name, number in (case.path_parameters or {}).items():
        if isinstance(number, int) and number % 2 == 0:  # half of them name something that is there
            case.path_parameters[name] = 1 + number % 4
    # Answers come compressed where that is taken, and Schemathesis does not unpack what a WSGI application gives it.
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
    case.call_and_validate(app=application, headers=headers, checks=CHECKS)
    if case.media_type == "multipart/form-data":
        gc.collect()
