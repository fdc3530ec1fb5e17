"""Mail by a service of django-anymail's, spoken to over HTTP on loopback: what each answer comes to."""

import json

import pytest

from couveuse.channels import Delivered, Failed, Refused, Unknown
from couveuse.channels.email.sending import ByService
from couveuse.core.notices import NoticeKind
from tests.channels.making import AT, a_notice, an_appointment
from tests.channels.servers import drop, http_server
from tests.processes import free_port

SENDER, INSTANCE = "Couveuse <couveuse@example.com>", "https://couveuse.example.com"
INACTIVE = (
    "You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: paul@example.com. "
    "Inactive recipients are ones that have generated a hard bounce or a spam complaint."
)
TAKEN = {"To": "paul@example.com", "MessageID": "abc-1", "ErrorCode": 0, "Message": "OK", "SubmittedAt": "x"}


@pytest.fixture
def hooks():
    with http_server() as hooks:
        yield hooks


def send(port, notice=None):
    mail = ByService(f"anymail://postmark?server_token=tok&api_url=http://127.0.0.1:{port}/", SENDER, INSTANCE)
    try:
        return mail.send("Paul Martin", "paul@example.com", notice or a_notice(), key="alert:1:email:paul", now=AT)
    finally:
        mail.close()


def answer(status, body, **headers):
    return status, {"Content-Type": "application/json", **headers}, json.dumps(body).encode()


def test_it_works(hooks):
    hooks.script = [answer(200, TAKEN)]
    assert send(hooks.port) == Delivered("abc-1")
    ((_, headers, body),) = hooks.got
    told = json.loads(body)
    assert headers["x-postmark-server-token"] == "tok"
    assert told["Subject"] == "Ripe lead: Marie Durand (Pompes Durand), 38.5 points"
    assert told["To"] == "Paul Martin <paul@example.com>"
    assert "Quote requested" in told["HtmlBody"]
    assert any(each["Name"] == "Message-ID" for each in told["Headers"])


def test_an_invitation_goes_as_a_file(hooks):
    hooks.script = [answer(200, TAKEN)]
    assert isinstance(send(hooks.port, a_notice(NoticeKind.APPOINTMENT, appointment=an_appointment())), Delivered)
    (attached,) = json.loads(hooks.got[0][2])["Attachments"]
    assert attached["ContentType"].startswith("text/calendar")


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (answer(422, {"ErrorCode": 406, "Message": INACTIVE}), Refused),
        (answer(400, {"ErrorCode": 300}), Refused),
        (answer(401, {"ErrorCode": 10}), Failed),
        (answer(429, {}, **{"Retry-After": "30"}), Failed),
        (answer(500, {}), Failed),
        (answer(502, {}), Unknown),
        (answer(200, {"not": "what was promised"}), Unknown),
        (drop, Unknown),
    ],
)  # fmt: skip
def test_what_an_answer_comes_to(hooks, script, outcome):
    hooks.script = [script]
    found = send(hooks.port)
    assert isinstance(found, outcome), found
    assert "tok" not in str(found)
    if script != drop and script[0] == 429:
        assert found.retry_after == 30


def test_where_nobody_listens_nothing_has_left():
    assert send(free_port()) == Failed("the mail service cannot be reached")


def test_a_service_without_its_key_is_told():
    mail = ByService("anymail://postmark", SENDER, INSTANCE)
    outcome = mail.send("Paul", "paul@example.com", a_notice(), key="k", now=AT)
    assert isinstance(outcome, Failed)
    assert "COUVEUSE_MAIL_URL" in outcome.reason
