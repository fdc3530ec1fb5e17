"""Real servers on loopback that answer as a test tells them to, and keep what they got."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from tests.processes import free_port

DROP, HANG = "drop", "hang"


class Mailbox:
    """What a mail server got. `script` holds its next answers: a code with its text, `drop` or `hang`; then 250."""

    def __init__(self) -> None:
        self.port = 0
        self.raw: list[bytes] = []
        self.to: list[list[str]] = []
        self.script: list[str] = []  # after the whole mail
        self.at_rcpt: list[str] = []
        self.connections = 0
        self.released = threading.Event()

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=policy.default) for raw in self.raw]

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: Any) -> Any:  # noqa: N802 - their name
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 - their name
        answer = self.at_rcpt.pop(0) if self.at_rcpt else "250 OK"
        if answer == DROP:
            server.transport.abort()
        elif answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - their name
        answer = self.script.pop(0) if self.script else f"250 taken {len(self.raw)}"
        if answer in (DROP, HANG) or answer.startswith("250"):
            self.raw.append(envelope.content)
            self.to.append(list(envelope.rcpt_tos))
        if answer == DROP:
            server.transport.abort()
        if answer == HANG:
            while not self.released.is_set():
                await asyncio.sleep(0.01)
        return answer if answer not in (DROP, HANG) else "250 late"


@contextmanager
def mail_server(box: Mailbox | None = None, port: int | None = None, **options: Any) -> Iterator[Mailbox]:
    """A mail server on loopback for the time of the block."""
    box = box or Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=port or free_port(), **options)
    server.start()
    box.port = server.port
    try:
        yield box
    finally:
        box.released.set()
        server.stop()


class Hooks:
    """What an HTTP server got, and its next answers: (status, headers, body) or a function of the handler; then 204."""

    def __init__(self) -> None:
        self.port = 0
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.script: list[Any] = []
        self.released = threading.Event()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def http_server(host: str = "127.0.0.1") -> Iterator[Hooks]:
    """An HTTP server on loopback for the time of the block."""
    hooks = Hooks()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            with hooks.lock:
                hooks.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                answer = hooks.script.pop(0) if hooks.script else (204, {}, b"")
            if callable(answer):
                answer(self)
                return
            status, headers, text = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST  # noqa: N815 - their name

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer((host, free_port()), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # who asks may be killed meanwhile
    hooks.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield hooks
    finally:
        hooks.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def drop(handler: Any) -> None:
    """Hang up without a word."""
    handler.close_connection = True
    handler.connection.close()


def hang(hooks: Hooks) -> Callable[[Any], None]:
    """Say nothing until the test is over."""

    def wait(handler: Any) -> None:
        hooks.released.wait(60)
        handler.close_connection = True

    return wait
