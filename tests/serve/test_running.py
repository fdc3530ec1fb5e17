"""`couveuse web` as real processes: it serves, ends in good order, and leaves nobody behind."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from couveuse.serve.addresses import AddressInUse, require_free
from couveuse.store import migrating
from couveuse.store.accounts.models import Role
from couveuse.store.write_keys import KeyKind, create_key
from tests.processes import Running, couveuse_runs, free_port, lives, until
from tests.web.people import PASSWORD, a_person


@pytest.fixture
def port() -> int:
    return free_port()


def answers(port: int, path: str = "/healthz") -> int:
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=5).status_code
    except httpx.TransportError:
        return 0


@pytest.fixture
def web(database: str, port: int, tmp_path: Path) -> Iterator[Running]:
    settings = dict(database_url=database, port=port, data=tmp_path / "data", log_format="json")
    with couveuse_runs(tmp_path, "web", **settings) as running:
        until(lambda: answers(port))
        yield running


def test_it_works(web: Running, port: int, database: str) -> None:
    assert answers(port) == 200
    assert answers(port, "/readyz") == 503
    with psycopg.connect(database, autocommit=True) as connection:
        until(lambda: connection.execute("select 1 from processes where kind = 'web' and pid <> 0").fetchone())
        workers = web.children()
        assert web.stop() == 0
        assert not any(map(lives, workers))
        assert connection.execute("select count(*) from processes where pid <> 0").fetchone() == (0,)


def test_a_request_that_was_begun_is_answered_before_the_end(web: Running, port: int, database: str) -> None:
    with psycopg.connect(database) as connection:
        key = create_key(connection, kind=KeyKind.SERVER, source="site")
    body = b'{"event": "Page Viewed", "anonymousId": "a1", "writeKey": "%s"}' % key.encode()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body[:10]))
        until(lambda: answers(port))  # which the same worker answers after it has read ours
        web.process.send_signal(signal.SIGTERM)
        until(lambda: not accepts(port))
        line.sendall(body[10:])
        assert line.recv(4096).startswith(b"HTTP/1.1 200 OK")
    assert web.process.wait(120) == 0


def test_the_body_of_what_is_posted_to_a_page_is_read(web: Running, port: int, database: str) -> None:
    """Through the server itself, whose way of handing bodies on is its own."""
    migrating.setup(database)
    a_person("Alice", Role.OWNER)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as browser:
        browser.get("/account/login/")
        token = browser.cookies["couveuse_csrf"]
        form = {"login": "alice@example.com", "password": PASSWORD, "csrfmiddlewaretoken": token}
        answer = browser.post("/account/login/", data=form | {"password": "x" * 100_000})
        assert answer.status_code == 200
        assert "alice@example.com" in answer.text
        answer = browser.post("/account/login/", data=form)
        assert answer.status_code == 302
        assert "couveuse_session" in browser.cookies


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_each_of_several_workers_serves(database: str, port: int, tmp_path: Path) -> None:
    settings = dict(database_url=database, port=port, data=tmp_path / "data", log_format="json", web_workers=2)
    with couveuse_runs(tmp_path, "web", **settings) as web, psycopg.connect(database, autocommit=True) as connection:
        alive = "select count(*) from processes where kind = 'web' and pid <> 0"
        until(lambda: connection.execute(alive).fetchone() == (2,))
        os.kill(next(iter(web.children())), signal.SIGKILL)
        until(lambda: all(answers(port) for _ in range(20)) and len(web.children()) == 2)
        assert web.stop() == 0


def test_a_worker_that_is_killed_is_started_again(web: Running, port: int) -> None:
    (worker,) = web.children()
    os.kill(worker, signal.SIGKILL)
    until(lambda: web.children() and worker not in web.children())
    until(lambda: answers(port))


def test_workers_end_with_their_parent(web: Running, port: int) -> None:
    workers = web.children()
    web.process.kill()
    web.process.wait()
    until(lambda: not any(map(lives, workers)))
    assert not accepts(port)


def test_the_log_names_nobody(web: Running, port: int) -> None:
    for path in ("/leads/alice@example.com?who=alice", "/l/alice-0123456789abcdef0123", "/%61lice?alice"):
        answers(port, path)
    web.stop()
    requests = [line for line in web.lines if line["event"] == "request"]
    assert [line["method"] for line in requests] == ["GET"] * 3
    assert "alice@" not in web.said.read_text()
    assert "0123456789abcdef" not in web.said.read_text()
    assert "who=" not in web.said.read_text()


def test_an_address_in_use_is_refused_before_it_is_shared(
    web: Running, port: int, database: str, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with couveuse_runs(other, "web", database_url=database, port=port, data=tmp_path / "data") as second:
        assert second.process.wait(120) == 2
        said = second.said.read_text()
    assert said == f"couveuse: 127.0.0.1:{port} is in use by another program: stop it, or set COUVEUSE_PORT\n"
    assert answers(port) == 200


def test_an_address_that_cannot_be_had_is_refused() -> None:
    with pytest.raises(AddressInUse, match=r"192\.0\.2\.1:8000 cannot be listened on .*correct COUVEUSE_HOST"):
        require_free("192.0.2.1", 8000)


def test_an_address_that_comes_free_is_waited_for(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)), pytest.raises(AddressInUse):
        require_free("127.0.0.1", port, patience=0.2)
    require_free("127.0.0.1", port, patience=0)
