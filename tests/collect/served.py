"""The front door in a process of its own, under the product's own server; it may be made to fail at first."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from couveuse import configuration
from couveuse.collect.app import application

# Read by the process that is started: how it fails at first, and where it writes down what came.
FAILS, SEEN = "FRONT_DOOR_FAILS", "FRONT_DOOR_SEEN"
STARTS_WITHIN = 120.0


def make() -> Any:
    """The application as the server asks for it."""
    door = application(configuration.read())
    fails = json.loads(os.environ.get(FAILS, "[]"))
    seen = Path(os.environ[SEEN])

    async def failing(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await door(scope, receive, send)
            return
        failure = fails.pop(0) if fails else None
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        line = {"at": time.monotonic(), "path": scope["path"], "headers": headers, "failed": failure}
        with seen.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        if failure is None:
            await door(scope, receive, send)
            return
        if failure["after"]:  # what was sent is stored, and its sender does not hear of it

            async def nobody(_: Any) -> None: ...

            await door(scope, receive, nobody)
        said = [(name.encode(), value.encode()) for name, value in failure["headers"].items()]
        await send({"type": "http.response.start", "status": failure["status"], "headers": said})
        await send({"type": "http.response.body", "body": b"{}"})

    return failing


def a_failure(status: int, *, after: bool = False, **headers: str) -> dict[str, Any]:
    """An answer in place of the front door's: before it has seen the request, or after it has stored it."""
    return {"status": status, "after": after, "headers": {n.replace("_", "-"): v for n, v in headers.items()}}


@dataclass(frozen=True)
class Served:
    """A started front door."""

    url: str
    seen_file: Path

    def seen(self) -> list[dict[str, Any]]:
        """The requests that came, in their order: when, where, with which headers, and how they were failed."""
        return [json.loads(line) for line in self.seen_file.read_text(encoding="utf-8").splitlines()]


@contextmanager
def served(
    database: str, folder: Path, fails: list[dict[str, Any]] | None = None, more: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """A front door on a database, from its first answer until it has ended in good order."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    seen = folder / "seen.ndjson"
    seen.touch()
    ours = {"COUVEUSE_DATABASE_URL": database, FAILS: json.dumps(fails or []), SEEN: str(seen)}
    command = [
        sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws",
        "--factory", "tests.collect.served:make",
    ]  # fmt: skip
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=Path(__file__).parents[2],
            env={**os.environ, **ours, **(more or {})},
            stdout=log,
            stderr=log,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(process, url, folder / "server.log")
        yield Served(url, seen)
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0, (folder / "server.log").read_text(encoding="utf-8")
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        try:
            assert httpx.get(f"{url}/v1/").status_code == 404
        except httpx.TransportError:
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(0.05)
        else:
            return
