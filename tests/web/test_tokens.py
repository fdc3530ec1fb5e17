"""Who may ask the API for what. Alice's token may do everything, Bob's may read leads, Charlie has none."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from couveuse.store import api_tokens
from couveuse.store.api_tokens import Scope, digest_of
from couveuse.web.problems import MEDIA_TYPE
from tests.engine.town import Town, accepted
from tests.web.asking import Answer, Asker, a_token

READ, WRITE, FACTS = Scope.LEADS_READ, Scope.LEADS_WRITE, Scope.FACTS_READ


class Route(NamedTuple):
    """An address, and the scope that it asks for."""

    method: str
    path: str
    scope: Scope
    body: bytes = b""


ROUTES = (
    Route("GET", "/api/v1/leads", READ),
    Route("GET", "/api/v1/leads/1", READ),
    Route("GET", "/api/v1/leads/1/ledger", READ),
    Route("GET", "/api/v1/leads/1/facts", FACTS),
    Route("GET", "/api/v1/models", READ),
    Route("GET", "/api/v1/models/1", READ),
    Route("GET", "/api/v1/rejects", FACTS),
    Route("POST", "/api/v1/leads/1/merge", WRITE, b'{"into": 99}'),
    Route("POST", "/api/v1/merges/99/undo", WRITE),
    Route("POST", "/api/v1/leads/99/adjust", WRITE, b'{"kind": "add", "points": 1, "reason": "x", "id": "x"}'),
    Route("POST", "/api/v1/leads/99/relevant-again", WRITE),
    Route("GET", "/api/v1/today", READ),
    Route("GET", "/api/v1/crossings", READ),
    Route("GET", "/api/v1/team", Scope.TEAM_READ),
    Route("GET", "/api/v1/team/document", Scope.TEAM_READ),
    Route("PUT", "/api/v1/team/document", Scope.TEAM_WRITE, b'{"text": "", "dry_run": true}'),
    Route("POST", "/api/v1/team/absences", Scope.TEAM_WRITE, b"{}"),
    Route("DELETE", "/api/v1/team/absences/99", Scope.TEAM_WRITE),
    Route("GET", "/api/v1/tasks", Scope.TASKS_READ),
    Route("GET", "/api/v1/tasks/99", Scope.TASKS_READ),
    Route("POST", "/api/v1/tasks/99/claim", Scope.TASKS_WRITE, b"{}"),
    Route("POST", "/api/v1/tasks/99/release", Scope.TASKS_WRITE, b"{}"),
    Route("POST", "/api/v1/tasks/99/assign", Scope.TASKS_WRITE, b'{"to": null, "version": 0}'),
    Route("POST", "/api/v1/tasks/99/note", Scope.TASKS_WRITE, b'{"note": "x"}'),
    Route("POST", "/api/v1/tasks/99/outcome", Scope.TASKS_WRITE, b'{"outcome": "no_answer", "version": 0}'),
    Route("PUT", "/api/v1/tasks/99/appointment", Scope.TASKS_WRITE, b'{"starts_at": "2099-01-01", "version": 0}'),
    Route("POST", "/api/v1/tasks/99/appointment/call-off", Scope.TASKS_WRITE, b'{"version": 0}'),
    Route("GET", "/api/v1/outcomes", Scope.TASKS_READ),
    Route("POST", "/api/v1/outcomes", Scope.OUTCOMES_WRITE, b'{"items": []}'),
    Route("GET", "/api/v1/alerts", Scope.ALERTS_READ),
    Route("GET", "/api/v1/alerts/99", Scope.ALERTS_READ),
    Route("POST", "/api/v1/alerts/99/acknowledge", Scope.ALERTS_WRITE),
    Route("GET", "/api/v1/outgoing", Scope.OUTGOING_READ),
    Route("GET", "/api/v1/outgoing/intents", Scope.OUTGOING_READ),
    Route("GET", "/api/v1/outgoing/intents/99", Scope.OUTGOING_READ),
    Route("POST", "/api/v1/outgoing/intents/99/replay", Scope.OUTGOING_WRITE),
    Route("PUT", "/api/v1/outgoing/switches/stop", Scope.OUTGOING_WRITE, b'{"on": false}'),
    Route("POST", "/api/v1/outgoing/endpoints", Scope.OUTGOING_WRITE, b"{}"),
    Route("POST", "/api/v1/outgoing/endpoints/none/disable", Scope.OUTGOING_WRITE),
)
each_route = pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")


@pytest.fixture(scope="module")
def alice(street: Town) -> Asker:
    street.take(accepted("Quote Requested", email="ada@example.com"))
    return Asker(a_token(street.connection, name="alice"))


@pytest.fixture(scope="module")
def bob(street: Town) -> Asker:
    return Asker(a_token(street.connection, READ, name="bob"))


def ask(who: Asker, route: Route, **headers: str) -> Answer:
    return who.ask(route.method, route.path, data=route.body, headers=headers)


def is_refused(answer: Answer, status: int, said: str) -> bool:
    problem = answer.json
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert problem["cure"]
    return answer.status == problem["status"] == status and said in answer.headers["www-authenticate"]


def described() -> Iterator[tuple[str, str, str]]:
    from couveuse.web.api.version_1 import described

    for path, operations in described()["paths"].items():
        for method, operation in operations.items():
            ((_, scopes),) = operation["security"][0].items()
            yield method.upper(), path, scopes[0]


def test_every_route_that_is_tried_here_is_there(alice):
    """All others are asked for by tests/web/test_api_whole.py, which knows them from the document."""
    tried = {(route.method, re.sub(r"/(\d+|stop|none)(?=/|$)", "/{}", route.path), route.scope) for route in ROUTES}
    assert tried <= {(method, re.sub(r"{\w+}", "{}", path), scope) for method, path, scope in described()}


@each_route
def test_alice_is_let_in(alice, route):
    assert ask(alice, route).status not in (401, 403)


@each_route
def test_charlie_who_has_no_token_is_told_to_get_one(alice, route):
    answer = ask(Asker(), route)
    assert is_refused(answer, 401, 'Bearer realm="couveuse"')
    assert "couveuse token create" in answer.json["cure"]


@each_route
@pytest.mark.parametrize(
    "shown", ["Bearer", "Bearer ", "Bearer cvt_nobody", "Bearer \x00", "Bearer cvs_x", "Basic YTpi", "é"]
)
def test_what_is_no_token_lets_nobody_in(alice, route, shown):
    answer = ask(Asker(), route, Authorization=shown)
    assert answer.status == 401
    assert answer.json["status"] == 401


@each_route
def test_bob_may_do_what_his_scope_says_and_nothing_else(bob, route):
    answer = ask(bob, route)
    if route.scope is READ:
        assert answer.status == 200
    else:
        assert is_refused(answer, 403, f'error="insufficient_scope", scope="{route.scope}"')
        assert f"--scope {route.scope}" in answer.json["cure"]


@each_route
def test_a_token_that_has_expired_lets_nobody_in(street, alice, route):
    yesterday = datetime.now(UTC) - timedelta(days=1)
    answer = ask(Asker(a_token(street.connection, name="late", expires_at=yesterday)), route)
    assert is_refused(answer, 401, 'error="invalid_token"')
    assert "expired" in answer.json["detail"]


@each_route
def test_a_token_that_was_revoked_lets_nobody_in(street, alice, route):
    token = a_token(street.connection, name="gone")
    known = api_tokens.find_token(street.connection, token)
    assert ask(Asker(token), route).status not in (401, 403)
    assert api_tokens.revoke_token(street.connection, known.id)
    answer = ask(Asker(token), route)
    assert is_refused(answer, 401, 'error="invalid_token"')
    assert "revoked" in answer.json["detail"]
    assert not api_tokens.revoke_token(street.connection, known.id)


def test_a_token_lets_in_until_it_expires(street, alice):
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    token = a_token(street.connection, READ, name="soon", expires_at=tomorrow)
    known = api_tokens.find_token(street.connection, token)
    assert Asker(token).get("/api/v1/models").status == 200
    assert [known.standing(tomorrow - timedelta(seconds=1)), known.standing(tomorrow)] == ["active", "expired"]


def test_only_the_digest_of_a_token_is_kept(street):
    token = a_token(street.connection, READ, name="secret")
    (digest, whole) = street.rows("select digest, t::text from api_tokens t where name = 'secret'")[0]
    assert bytes(digest) == digest_of(token)
    assert token not in whole
    assert token[12:] not in whole


def test_that_a_token_was_used_is_written_once_a_minute(street, alice):
    token = a_token(street.connection, READ, name="often")

    def used() -> datetime | None:
        return street.rows("select used_at from api_tokens where name = 'often'")[0][0]

    assert used() is None
    Asker(token).get("/api/v1/models")
    first = used()
    assert first is not None
    Asker(token).get("/api/v1/models")
    assert used() == first
    street.rows("update api_tokens set used_at = used_at - interval '61 seconds' where name = 'often' returning id")
    Asker(token).get("/api/v1/models")
    assert used() > first - timedelta(seconds=61)


def test_a_refused_token_is_not_said_to_be_used(street, alice):
    token = a_token(street.connection, WRITE, name="unused")
    Asker(token).get("/api/v1/models")
    assert street.rows("select used_at from api_tokens where name = 'unused'") == [(None,)]


def test_a_token_in_the_address_is_no_token(alice):
    assert Asker().get("/api/v1/leads", token=alice.token).status == 401
    assert Asker().get("/api/v1/leads", access_token=alice.token).status == 401
