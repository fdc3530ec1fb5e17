"""The mail server for trying out keeps whole mails, and says so where its port is taken."""

import smtplib
from pathlib import Path

import pytest

from couveuse.cli.inboxes import keeping
from couveuse.errors import BadInput
from couveuse.web import mailbox
from tests.processes import couveuse_runs, free_port, until


def send(port: int, subject: str) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as line:
        line.sendmail("a@example.com", ["b@example.com"], f"Subject: {subject}\r\nTo: b@example.com\r\n\r\nHello\r\n")


def test_it_works(tmp_path: Path):
    with keeping(tmp_path, free_port()) as port:
        send(port, "One")
        send(port, "Two")
    assert [each.subject for each in mailbox.newest(tmp_path)] == ["Two", "One"]


def test_a_taken_port_is_said(tmp_path: Path):
    port = free_port()
    with keeping(tmp_path, port), pytest.raises(BadInput, match="name another one as --port"), keeping(tmp_path, port):
        pass


def test_the_command_keeps_mails_until_it_is_stopped(tmp_path: Path):
    port = free_port()
    with couveuse_runs(tmp_path, "inbox", "--folder", str(tmp_path / "mails"), "--port", str(port)) as running:
        until(lambda: "are kept in" in running.said.read_text())
        send(port, "One")
        assert running.stop() == 0
    assert len(mailbox.newest(tmp_path / "mails")) == 1
