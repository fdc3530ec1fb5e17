"""Mail by SMTP on a real server that answers as it is told: what each answer, and each break, comes to."""

import socket
import ssl
import subprocess
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult

from couveuse.channels import Delivered, Failed, Outcome, Refused, Unknown
from couveuse.channels.email.sending import BySmtp, mailer
from couveuse.channels.email.smtp import Patience, Server
from couveuse.core.notices import NoticeKind
from couveuse.errors import BadInput
from tests.channels.making import AT, a_notice, an_appointment
from tests.channels.servers import DROP, HANG, mail_server
from tests.processes import free_port

SENDER, INSTANCE = "Couveuse <couveuse@example.com>", "https://couveuse.example.com"
QUICK = Patience(connect=2.0, command=2.0, taken=0.2)


def by_smtp(port: int, scheme: str = "smtp", options: str = "", patience: Patience = QUICK) -> BySmtp:
    return BySmtp(f"{scheme}://127.0.0.1:{port}{options}", SENDER, INSTANCE, patience)


def send(mail: BySmtp, key: str = "alert:1:email:paul", to: str = "paul@example.com", **more):
    return mail.send("Paul Martin", to, more.pop("notice", a_notice()), key=key, now=AT, **more)


@pytest.fixture
def box():
    with mail_server() as box:
        yield box


@pytest.fixture
def mail(box):
    made = by_smtp(box.port)
    yield made
    made.close()


def test_it_works(box, mail):
    assert send(mail) == Delivered("taken 0")
    (got,) = box.mails
    assert got["Subject"] == "Ripe lead: Marie Durand (Pompes Durand), 38.5 points"
    assert (got["From"], got["To"]) == (SENDER, "Paul Martin <paul@example.com>")
    assert box.to == [["paul@example.com"]]
    assert "Quote requested" in got.get_body(("plain",)).get_content()
    assert "Quote requested" in got.get_body(("html",)).get_content()


def test_a_mail_has_one_number_for_ever_and_goes_on_from_the_one_that_it_answers(box, mail):
    send(mail, key="alert:1:email:paul")
    send(mail, key="alert:1:email:paul")
    send(mail, key="alert:2:email:paul", answers="alert:1:email:paul")
    first, again, other = box.mails
    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert other["In-Reply-To"] == other["References"] == first["Message-ID"]
    assert first["Message-ID"].endswith("@example.com>")


def test_a_line_is_kept_from_mail_to_mail(box, mail):
    assert [send(mail) for _ in range(3)] == [Delivered(f"taken {number}") for number in range(3)]
    assert box.connections == 1


def test_a_line_that_the_server_has_closed_meanwhile_costs_nothing(box, mail):
    send(mail)
    box.at_rcpt = [DROP]  # as after an idle time: the line is lost before anything of the mail has left
    assert send(mail) == Delivered("taken 1")
    assert box.connections == 2


@pytest.mark.parametrize(
    ("at_rcpt", "script", "outcome"),
    [
        ([], ["451 later"], Failed("the mail server says 451 later")),
        ([], ["552 too large"], Refused("the mail server says 552 too large")),
        (["450 busy"], [], Failed("the mail server says 450 busy")),
        (["550 no such user"], [], Refused("the mail server says 550 no such user")),
        (["421 closing"], [], Failed("the mail server says 421 closing")),
    ],
)
def test_a_4xx_is_for_now_and_a_5xx_for_good(box, mail, at_rcpt, script, outcome):
    box.at_rcpt, box.script = at_rcpt, script
    assert send(mail) == outcome
    assert send(mail) == Delivered("taken 0")  # the line is ready for the next one, or another one is begun


def test_a_line_that_breaks_before_the_mail_has_delivered_nothing(box, mail):
    box.at_rcpt = [DROP]
    outcome = send(mail)
    assert isinstance(outcome, Failed)
    assert "before the mail" in outcome.reason
    assert box.raw == []


def test_a_server_that_takes_the_mail_and_drops_the_line_leaves_it_unknown(box, mail):
    box.script = [DROP]
    assert isinstance(send(mail), Unknown)
    assert len(box.raw) == 1
    assert send(mail) == Delivered("taken 1")


def test_a_server_that_does_not_say_whether_it_has_taken_the_mail_leaves_it_unknown(box, mail):
    box.script = [HANG]
    assert send(mail) == Unknown("no answer after the whole mail: it takes too long")


def test_a_server_that_is_down_is_tried_again(box, mail):
    outcome = send(by_smtp(free_port()))
    assert isinstance(outcome, Failed)
    assert "cannot be reached" in outcome.reason


def lines_of(*answers: bytes, then_close: bool = True):
    """A server that says these lines, whatever it is told; gives its port."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        line, _ = listening.accept()
        with line:
            for answer in answers:
                line.sendall(answer)
                line.recv(65_536)
        listening.close()

    threading.Thread(target=serve, daemon=True).start()
    return listening.getsockname()[1]


def test_a_line_that_breaks_within_the_mail_has_delivered_nothing():
    # The server takes the beginning of a long mail only, and hangs up: it never saw its last line.
    port = lines_of(b"220 hi\r\n", b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n")
    outcome = send(by_smtp(port), notice=a_notice(notes=tuple("x" * 1999 for _ in range(2000))))
    assert isinstance(outcome, Failed)
    assert "within the mail" in outcome.reason


def test_a_server_that_is_not_well_says_nothing_of_the_mail():
    assert send(by_smtp(lines_of(b"554 no\r\n"))) == Failed("the mail server says 554 no")


def test_an_answer_after_the_mail_that_means_nothing_leaves_it_unknown():
    port = lines_of(b"220 hi\r\n", b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"what?\r\n")
    assert isinstance(send(by_smtp(port), notice=a_notice()), Unknown)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[ssl.SSLContext, Path]:
    """A server's own certificate for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context, folder / "cert.pem"


@pytest.mark.filterwarnings("ignore:Session.login_data is deprecated")  # of aiosmtpd's own code
def test_a_password_goes_over_an_encrypted_line_only(certificate):
    context, ca = certificate
    known: list[object] = []

    def authenticate(server, session, envelope, mechanism, data):
        known.append((data.login, data.password))
        return AuthResult(success=data.password == b"p@ss", handled=False)

    options = {"tls_context": context, "require_starttls": True, "authenticator": authenticate, "auth_required": True}
    with mail_server(**options) as box, ExitStack() as ending:

        def outcome(password: str, options: str = f"?ca={ca}") -> Outcome:
            made = BySmtp(f"smtp://paul:{password}@127.0.0.1:{box.port}{options}", SENDER, INSTANCE, QUICK)
            ending.callback(made.close)
            return send(made)

        assert isinstance(outcome("p%40ss"), Delivered)
        wrong = outcome("wrong")
        assert isinstance(wrong, Failed)  # it is no word on the mail
        assert "535" in wrong.reason
        assert set(known) == {(b"paul", b"p@ss"), (b"paul", b"wrong")}
        known.clear()
        assert "CERTIFICATE_VERIFY_FAILED" in outcome("p%40ss", "").reason
        assert known == []
        assert len(box.raw) == 1


def test_without_encryption_nothing_is_sent_where_it_is_asked_for(box):
    outcome = send(by_smtp(box.port, options="?tls=required"))
    assert isinstance(outcome, Failed)
    assert "no encryption" in outcome.reason
    assert box.raw == []


@pytest.mark.parametrize(
    ("url", "port", "is_tls", "needs_starttls"),
    [
        ("smtp://mail.example.com", 587, False, True),
        ("smtp://mail.example.com:25?tls=off", 25, False, False),
        ("smtp://localhost:1025", 1025, False, False),
        ("smtp://a:b@localhost:1025", 1025, False, True),
        ("smtps://mail.example.com", 465, True, False),
    ],
)
def test_a_line_beyond_this_machine_is_encrypted(url, port, is_tls, needs_starttls):
    server = Server.of(url)
    assert (server.port, server.is_tls, server.needs_starttls) == (port, is_tls, needs_starttls)


@pytest.mark.parametrize(
    "url", ["smtp://mail.example.com?tls=maybe", "smtp://mail.example.com?x=1", "anymail://no_such_service"]
)
def test_a_url_that_cannot_be_used_is_refused(url):
    with pytest.raises(BadInput, match="COUVEUSE_MAIL_URL"):
        mailer(url, SENDER, INSTANCE)


def test_a_sender_that_cannot_be_one_is_refused_at_start():
    with pytest.raises(BadInput, match="COUVEUSE_MAIL_FROM"):
        mailer("smtp://localhost:25", "Couveuse", INSTANCE)


@pytest.mark.parametrize("address", ["", "paul", "paul@", "paul@example.com\r\nBcc: eve@example.com", "é@example.com"])
def test_an_address_that_cannot_be_written_to_is_refused(box, mail, address):
    outcome = send(mail, to=address)
    assert isinstance(outcome, Refused) or box.to == [["paul@example.com"]]
    assert all("Bcc" not in got for got in box.mails)


def test_an_appointment_is_an_invitation(box, mail):
    send(mail, notice=a_notice(NoticeKind.APPOINTMENT, appointment=an_appointment()))
    (got,) = box.mails
    (calendar,) = [part for part in got.walk() if part.get_content_type() == "text/calendar"]
    assert calendar.get_param("method") == "REQUEST"
    assert "BEGIN:VEVENT" in calendar.get_content()
    assert got.get_content_type() == "multipart/alternative"


def test_a_line_of_a_single_dot_ends_nothing(box, mail):
    send(mail, notice=a_notice(notes=("one\n.\ntwo\n..three",)))
    text = box.mails[0].get_body(("plain",)).get_content()
    assert "one\n.\ntwo\n..three" in text.replace("\r\n", "\n")
