"""Slack on a real HTTP server: what it is sent, and what each answer comes to."""

import json

import pytest

from couveuse.channels import Delivered, Failed, Refused, Unknown
from couveuse.channels.guarded import Allowed, Client
from couveuse.channels.slack.rendering import render
from couveuse.channels.slack.sending import Slack
from couveuse.core.notices import Person
from couveuse.language.words import LANGUAGES
from tests.channels.email.test_rendering import HOSTILE
from tests.channels.making import a_notice, every_kind
from tests.channels.servers import drop, hang, http_server
from tests.processes import free_port


@pytest.fixture
def hooks():
    with http_server() as hooks:
        yield hooks


@pytest.fixture
def slack():
    made = Slack(Client(Allowed.of(["127.0.0.1"])))
    yield made
    made.close()


@pytest.fixture
def hurried():
    """One that does not wait long for an answer."""
    made = Slack(Client(Allowed.of(["127.0.0.1"]), whole_seconds=0.4))
    yield made
    made.close()


def test_it_works(hooks, slack):
    assert slack.send(f"{hooks.url}/services/T0/B0/x", a_notice()) == Delivered()
    ((path, headers, body),) = hooks.got
    assert path == "/services/T0/B0/x"
    assert headers["content-type"] == "application/json; charset=utf-8"
    message = json.loads(body)
    assert message["text"] == "Ripe lead: Marie Durand (Pompes Durand), 38.5 points"
    said = json.dumps(message["blocks"], ensure_ascii=False)
    for words in ("*Marie Durand*", "make an appointment", "+20.0  Quote requested", "|Open the lead>"):
        assert words in said


@pytest.mark.parametrize(
    ("status", "headers", "body", "outcome"),
    [
        (429, {"Retry-After": "30"}, b"rate_limited", Failed("Slack answers 429 rate_limited", 30.0)),
        (503, {}, b"", Failed("Slack answers 503")),
        (404, {}, b"no_service", Refused("Slack answers 404 no_service")),
        (400, {}, b"invalid_blocks", Refused("Slack answers 400 invalid_blocks")),
        (302, {"Location": "http://127.0.0.1:1/"}, b"", Refused("Slack answers 302")),
    ],
)
def test_what_an_answer_comes_to(hooks, slack, status, headers, body, outcome):
    hooks.script = [(status, headers, body)]
    assert slack.send(hooks.url, a_notice()) == outcome
    assert len(hooks.got) == 1


def test_without_an_answer_nobody_knows(hooks, slack, hurried):
    hooks.script = [drop, hang(hooks)]
    assert isinstance(slack.send(hooks.url, a_notice()), Unknown)
    assert isinstance(hurried.send(hooks.url, a_notice()), Unknown)


def test_where_nobody_listens_nothing_has_left(slack):
    assert isinstance(slack.send(f"http://127.0.0.1:{free_port()}", a_notice()), Failed)


def test_an_address_of_the_inside_is_refused(hooks):
    assert isinstance(Slack(Client(Allowed())).send(hooks.url.replace("http:", "https:"), a_notice()), Refused)
    assert hooks.got == []


@pytest.mark.parametrize("name", [*HOSTILE, "<!channel>", "<https://evil.example.com|click>", "A & B <@U1> *b*"])
def test_nobodys_name_means_anything_to_slack(name):
    lead = Person(f"{name}@example.com", name, name, name, name)
    message = render(a_notice(lead=lead, treatment=name, team=name, member=name, notes=(name,)))
    texts = [message["text"], *(block["text"]["text"] for block in message["blocks"] if "text" in block)]
    texts += [field["text"] for block in message["blocks"] for field in block.get("fields", ())]
    signs = "".join(texts).replace("<https://couveuse.example.com/l/x|Open the lead>", "")
    assert "<" not in signs
    assert ">" not in signs
    assert all(len(text) <= 3_000 for text in texts)
    assert json.loads(json.dumps(message).encode()) == message


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", list(every_kind("en")))
def test_every_kind_is_what_slack_takes(language, name):
    message = render(every_kind(language)[name])
    assert 1 <= len(message["blocks"]) <= 50
    for block in message["blocks"]:
        assert block["type"] in ("section", "context")
        assert len(block.get("fields", ())) <= 10
