"""`couveuse outgoing`: seen, stopped, sent on; secrets are never shown but once, and never given as arguments."""

import io
import json

import pytest

from couveuse.store import endpoints, sealed
from tests.channels.servers import http_server, mail_server
from tests.engine.post_office import SECRET_KEY, Office


@pytest.fixture
def box():
    with mail_server() as box:
        yield box


@pytest.fixture
def office(shared_database, box, monkeypatch):
    monkeypatch.setenv("COUVEUSE_DATABASE_URL", shared_database)
    monkeypatch.setenv("COUVEUSE_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("COUVEUSE_MAIL_URL", f"smtp://127.0.0.1:{box.port}")
    monkeypatch.setenv("COUVEUSE_MAIL_FROM", "Couveuse <couveuse@example.com>")
    monkeypatch.setenv("COUVEUSE_PRIVATE_HOSTS", "127.0.0.1")
    with Office(shared_database, mail_url=f"smtp://127.0.0.1:{box.port}") as office:
        yield office


def lines(answer):
    return [json.loads(line) for line in answer.out.splitlines()]


def test_it_works(office, box, ask):
    number = office.plan()
    office.work()
    (row,) = lines(ask("outgoing", "list", "-f", "json"))
    assert (row["id"], row["standing"], row["target"], row["attempts"]) == (number, "done", {"member": "paul"}, 1)
    (shown,) = lines(ask("outgoing", "show", number, "-f", "json"))
    assert [each["outcome"] for each in shown["tried"]] == ["delivered"]
    assert "delivered" in ask("outgoing", "show", number).out
    assert "handed_over" in ask("outgoing", "list").out


def test_the_status_tells_what_wants_looking_after(office, box, ask):
    office.plan(), office.plan("slack", {"secret": "sales"})
    answer = ask("outgoing", "status")
    assert answer.code == 1  # no deliverer lives
    assert "waiting: 1 email, 1 slack; under way: 0" in answer.out
    assert "run: couveuse up, or couveuse deliver" in answer.out
    box.at_rcpt = ["550 no"]
    office.work()
    assert "1 given up" in ask("outgoing", "status").out


def test_the_red_button(office, box, ask):
    answer = ask("outgoing", "stop", "--because", "a wrong model")
    assert answer.code == 0
    number = office.plan()
    office.work()
    assert office.standing(number)[0] == "waiting"
    assert "all is stopped, 1 wait" in ask("outgoing", "status").out
    assert ask("outgoing", "try", "email", "paul").code == 2
    assert ask("outgoing", "go").code == 0
    office.work()
    assert office.standing(number)[0] == "done"


def test_a_rehearsal(office, box, ask):
    assert ask("outgoing", "rehearse").code == 0
    outside = office.plan("webhook", audience="outside")
    ours = office.plan()
    office.work()
    office.endpoint("crm", "http://127.0.0.1:1/")
    office.work("webhook")
    assert office.standing(ours)[0] == "done"
    assert (office.standing(outside)[0], office.answer(outside)) == ("withdrawn", "rehearsal")
    assert ask("outgoing", "go").code == 0


def test_what_was_given_up_is_sent_on(office, box, ask):
    first, second = office.plan(), office.plan()
    box.at_rcpt = ["550 no", "550 no"]
    office.work()
    assert len(lines(ask("outgoing", "list", "--standing", "dead", "-f", "json"))) == 2
    assert ask("outgoing", "replay", first).code == 0
    assert ask("outgoing", "replay", first).code == 1  # it waits already
    assert ask("outgoing", "replay", "--all", "dead").code == 0
    office.work()
    assert [office.standing(number)[0] for number in (first, second)] == ["done", "done"]


REFUSED = [
    (("replay",), "say which"),
    (("replay", "1", "--all", "dead"), "say which"),
    (("show", "99"), "couveuse outgoing list"),
    (("list", "--standing", "lost"), "write one of waiting"),
    (("endpoint", "add", "CRM", "https://crm.example.com/"), "small letters"),
    (("endpoint", "add", "crm", "http://crm.example.com/"), "use https"),
    (("endpoint", "add", "crm", "https://crm.example.com/", "--event", "x"), "there is no such event"),
    (("endpoint", "disable", "crm"), "no such endpoint"),
    (("endpoint", "rotate", "crm"), "no such endpoint"),
    (("secret", "remove", "sales"), "no such secret"),
    (("try", "email", "nobody"), "name@example.com"),
]


def test_what_cannot_be_done_is_refused_with_a_cure(office, ask):
    for words, cure in REFUSED:
        answer = ask("outgoing", *words)
        assert answer.code == 2, words
        assert cure in answer.err, words


def test_an_endpoint_and_its_secret(office, box, ask):
    with http_server() as hooks:
        added = ask("outgoing", "endpoint", "add", "crm", f"{hooks.url}/hook", "--event", "lead.handed_over")
        secret = added.out.strip()
        assert secret.startswith("whsec_")
        assert endpoints.load_endpoint(office.connection, office.box, "crm")[1] == [secret]
        stored = office.rows("select sealed from endpoints")[0][0]
        assert secret.encode() not in bytes(stored)
        (row,) = lines(ask("outgoing", "endpoint", "list", "-f", "json"))
        assert (row["id"], row["events"], row["disabled_at"]) == ("crm", ["lead.handed_over"], None)
        assert "secret" not in row
        newer = ask("outgoing", "endpoint", "rotate", "crm").out.strip()
        assert endpoints.load_endpoint(office.connection, office.box, "crm")[1] == [newer, secret]
        assert ask("outgoing", "try", "webhook", "crm").code == 0
        assert json.loads(hooks.got[0][2])["type"] == "trial"
        assert ask("outgoing", "endpoint", "disable", "crm", "--because", "moved").code == 0
        assert "moved" in ask("outgoing", "endpoint", "list").out
        assert "disabled" in ask("outgoing", "try", "webhook", "crm").out
        assert ask("outgoing", "endpoint", "enable", "crm").code == 0
        assert ask("outgoing", "try", "webhook", "crm").code == 0


def test_a_secret_comes_by_the_standard_input_and_is_shown_never(office, ask, monkeypatch):
    with http_server() as hooks:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{hooks.url}/services/T/B/x\n"))
        answer = ask("outgoing", "secret", "set", "sales")
        assert answer.code == 0
        assert hooks.url not in answer.out + answer.err
        assert sealed.secret(office.connection, office.box, "sales") == f"{hooks.url}/services/T/B/x"
        assert [row["name"] for row in lines(ask("outgoing", "secret", "list", "-f", "json"))] == ["sales"]
        assert ask("outgoing", "try", "slack", "sales").code == 0
        assert hooks.got[0][0] == "/services/T/B/x"
    assert ask("outgoing", "secret", "remove", "sales").code == 0
    assert ask("outgoing", "try", "slack", "sales").code == 1


def test_a_secret_that_is_no_address_is_refused_and_not_told(office, ask, monkeypatch):
    for text in ("", "http://hooks.slack.com/x", "https://u:p@hooks.slack.com/x", "x" * 5_000):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        answer = ask("outgoing", "secret", "set", "sales")
        assert answer.code == 2
        assert not text or text not in answer.err


def test_mail_is_tried(office, box, ask):
    answer = ask("outgoing", "try", "email", "paul", "--lang", "fr")
    assert (answer.code, answer.out) == (0, "Taken. taken 0\n")
    assert ask("outgoing", "try", "email", "anna@example.com").code == 0
    assert [mail["To"] for mail in box.mails] == ["Paul Martin <paul@example.com>", "anna@example.com"]
    assert "canal" in box.mails[0]["Subject"]
    box.at_rcpt = ["550 no such user"]
    refused = ask("outgoing", "try", "email", "paul")
    assert refused.code == 1
    assert "Refused: the mail server says 550 no such user" in refused.out


def test_without_a_mail_url_the_cure_is_told(office, ask, monkeypatch):
    monkeypatch.delenv("COUVEUSE_MAIL_URL")
    office.plan()
    assert "set COUVEUSE_MAIL_URL" in ask("outgoing", "status").out
    assert "set COUVEUSE_MAIL_URL" in ask("outgoing", "try", "email", "paul").err
