"""Webhooks on a real HTTP server: signed so that the standard's own verifier takes them, and what answers come to."""

import json
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from couveuse.channels import Delivered, Failed, Refused, Unknown
from couveuse.channels.guarded import Allowed, Client
from couveuse.channels.webhook.rendering import render
from couveuse.channels.webhook.sending import Webhook
from couveuse.core.notices import NoticeKind
from couveuse.core.times import microseconds
from couveuse.store.endpoints import a_secret
from tests.channels.making import a_notice, an_appointment, every_kind
from tests.channels.servers import drop, hang, http_server
from tests.processes import free_port

NEW, OLD = a_secret(), a_secret()
INSTANCE, KEY = "https://couveuse.example.com", "webhook:lead.handed_over:handover:1:crm"


@pytest.fixture
def hooks():
    with http_server() as hooks:
        yield hooks


@pytest.fixture
def webhook():
    made = Webhook(Client(Allowed.of(["127.0.0.1"])), INSTANCE)
    yield made
    made.close()


@pytest.fixture
def hurried():
    """One that does not wait long for an answer."""
    made = Webhook(Client(Allowed.of(["127.0.0.1"]), whole_seconds=0.4), INSTANCE)
    yield made
    made.close()


def now():
    return microseconds(datetime.now(UTC))


def send(webhook, url, *, key=KEY, secrets=(NEW, OLD)):
    return webhook.send(url, secrets, a_notice(), type_="lead.handed_over", about={"alert": 3}, key=key, now=now())


def test_it_works(hooks, webhook):
    assert send(webhook, f"{hooks.url}/hook?a=1") == Delivered()
    ((path, _, body),) = hooks.got
    assert path == "/hook?a=1"
    told = json.loads(body)
    assert (told["type"], told["timestamp"][:10]) == ("lead.handed_over", "2026-05-28")
    data = told["data"]
    assert data["about"] == {"alert": 3}
    assert data["lead"]["key"] == "marie.durand@example.com"
    assert (data["score"], data["temperature"], data["stage"], data["rate"]) == (38.5, "hot", "decision", 0.5)
    assert data["why"][0] == {"label": "Quote requested", "points": 20.0, "at": data["why"][0]["at"]}


@pytest.mark.parametrize("secret", [NEW, OLD], ids=["new", "old"])
def test_it_is_signed_by_each_secret_so_that_they_can_be_changed(hooks, webhook, secret):
    send(webhook, hooks.url)
    _, headers, body = hooks.got[0]
    assert Verifier(secret).verify(body, headers)["type"] == "lead.handed_over"
    with pytest.raises(WebhookVerificationError):
        Verifier(a_secret()).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(body + b" ", headers)


def test_a_copy_has_the_same_id(hooks, webhook):
    hooks.script = [(500, {}, b"")]
    send(webhook, hooks.url)
    send(webhook, hooks.url)
    send(webhook, hooks.url, key="webhook:lead.handed_over:handover:2:crm")
    first, again, other = (headers["webhook-id"] for _, headers, _ in hooks.got)
    assert first == again != other


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (200, {}, Delivered()),
        (410, {}, Refused("the endpoint answers 410", is_gone=True)),
        (404, {}, Failed("the endpoint answers 404")),
        (500, {}, Failed("the endpoint answers 500")),
        (429, {"Retry-After": "120"}, Failed("the endpoint answers 429", 120.0)),
    ],
)
def test_what_an_answer_comes_to(hooks, webhook, status, headers, outcome):
    hooks.script = [(status, headers, b"{}")]
    assert send(webhook, hooks.url) == outcome


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(hooks, webhook, status):
    with http_server() as inside:
        hooks.script = [(status, {"Location": f"{inside.url}/secret"}, b"")]
        outcome = send(webhook, hooks.url)
        assert isinstance(outcome, Refused)
        assert "redirects are not followed" in outcome.reason
        assert inside.got == []


def test_without_an_answer_nobody_knows(hooks, webhook, hurried):
    hooks.script = [drop, hang(hooks)]
    assert isinstance(send(webhook, hooks.url), Unknown)
    assert send(hurried, hooks.url) == Unknown("the endpoint: it takes too long")


def test_where_nobody_listens_nothing_has_left(webhook):
    assert send(webhook, f"http://127.0.0.1:{free_port()}") == Failed("the endpoint: it cannot be reached")


def test_an_address_of_the_inside_is_refused(hooks):
    outcome = send(Webhook(Client(Allowed()), INSTANCE), f"https://127.0.0.1:{hooks.port}")
    assert isinstance(outcome, Refused)
    assert "COUVEUSE_PRIVATE_HOSTS" in outcome.reason
    assert hooks.got == []


@pytest.mark.parametrize("name", list(every_kind("en")))
def test_every_kind_is_json_without_what_is_not_there(name):
    data = json.loads(render("x", every_kind("fr")[name], {}))["data"]
    assert [key for key, value in data.items() if value in (None, "", [])] == []
    assert data["kind"] == every_kind("fr")[name].kind


def test_an_appointment_is_told():
    data = json.loads(render("x", a_notice(NoticeKind.APPOINTMENT, appointment=an_appointment()), {}))["data"]
    assert data["appointment"]["uid"] == "task-7@couveuse.example.com"
    assert data["appointment"]["is_called_off"] is False
