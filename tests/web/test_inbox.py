"""The inbox for trying out: there only where a folder is set, and a mail's body can do nothing to the page."""

from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.report.parsed import parsed
from tests.web.asking import Asker


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COUVEUSE_INBOX", str(tmp_path))
    return tmp_path


def keep(folder: Path, id: str, subject: str = "Ada is ripe", html: str = "<p>Call her</p>") -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "couveuse@example.com", "bob@example.com", subject
    mail["Date"] = "Fri, 27 Nov 2026 10:00:00 +0000"
    mail.set_content("Call her")
    mail.add_alternative(html, subtype="html")
    mail.add_attachment(b"BEGIN:VCALENDAR", maintype="text", subtype="calendar", filename="invite.ics")
    (folder / f"{id}.eml").write_bytes(bytes(mail))


def test_it_works(folder):
    keep(folder, "1-1", "Older")
    keep(folder, "2-1", "Newer")
    tree = parsed(Asker().get("/inbox?lang=en").text)
    assert [each.text for each in tree.one("ol").all("b")] == ["Newer", "Older"]
    assert tree.one("h2").text == "Newer"
    assert "Older" in parsed(Asker().get("/inbox/1-1").text).one("h2").text


def test_the_body_of_a_mail_runs_nothing_and_may_be_framed_by_us_alone(folder):
    keep(folder, "1-1", html="<script>alert(1)</script><p>Call her</p>")
    answer = Asker().get("/inbox/1-1/body")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "allow-scripts" not in answer.headers["content-security-policy"]
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert "alert(1)" not in Asker().get("/inbox/1-1").text


def test_what_a_subject_holds_is_text(folder):
    keep(folder, "1-1", subject="<img src=x onerror=alert(1)>")
    text = Asker().get("/inbox").text
    assert "<img src=x" not in text
    assert "&lt;img src=x" in text


def test_a_file_that_came_with_a_mail_is_saved_and_not_shown(folder):
    keep(folder, "1-1")
    answer = Asker().get("/inbox/1-1/files/0")
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert "BEGIN:VCALENDAR" in answer.text
    assert Asker().get("/inbox/1-1/files/1").status == 404


@pytest.mark.parametrize("path", ["/inbox", "/inbox/1-1", "/inbox/1-1/body", "/inbox/1-1/files/0"])
def test_without_a_folder_there_is_no_inbox(path):
    assert Asker().get(path).status == 404


@pytest.mark.parametrize("id", ["..", "a.b", "9-9"])
def test_what_is_no_mail_of_the_folder_is_not_found(folder, id):
    assert Asker().get(f"/inbox/{id}").status == 404


def test_an_empty_inbox_says_what_will_come(folder):
    assert "the alert arrives here" in Asker().get("/inbox?lang=en").text
