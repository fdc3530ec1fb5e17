"""Real processes for tests: started, waited for by what they do, and never left behind."""

import itertools
import json
import multiprocessing
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import couveuse

# Each worker of a run in parallel (gw0, gw1, ...) has ports of its own; runs by themselves begin anywhere among theirs.
PORTS = 1500
FIRST_PORT = 20_000 + PORTS * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw7").removeprefix("gw")) % 8)
_ports = itertools.islice(itertools.count(os.getpid()), PORTS * 2)

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(couveuse.__file__).parents[1])}


def until(condition: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait for a condition; it fails the test where it does not come. The time ends a hang, and proves nothing."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain"
        time.sleep(0.01)


def lives(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not yet asked about does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


@contextmanager
def python(code: str, *words: object, environment: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """A Python that runs the code; killed at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        env=ENVIRONMENT if environment is None else environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@dataclass(frozen=True, slots=True)
class Running:
    """A `couveuse` that runs, and what it has said."""

    process: subprocess.Popen[bytes]
    said: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it and its children have logged."""
        lines = self.said.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def children(self, *, deep: bool = False) -> dict[int, str]:
        """Its live children, and theirs, by their command."""
        return dict(_children(self.pid, deep))

    def stop(self, number: int = signal.SIGTERM, seconds: float = 60.0) -> int:
        """Send a signal, and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(seconds)


def _children(pid: int, deep: bool) -> Iterator[tuple[int, str]]:
    for child in children(pid):
        with suppress(OSError):
            if lives(child):
                yield child, Path(f"/proc/{child}/cmdline").read_text(encoding="utf-8").replace("\0", " ").strip()
                if deep:
                    yield from _children(child, deep)


def children(pid: int) -> list[int]:
    """The children of a process, whichever of its threads has started them."""
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, thread.read_text(encoding="ascii").split())
    return found


@contextmanager
def couveuse_runs(folder: Path, *words: str, **settings: object) -> Iterator[Running]:
    """`couveuse` with these words and settings, in this folder; killed at the end if it still runs, children too."""
    environment = {name: value for name, value in ENVIRONMENT.items() if not name.startswith("COUVEUSE_")}
    environment |= {f"COUVEUSE_{name.upper()}": str(value) for name, value in settings.items()}
    said = folder / f"{words[0]}.log"
    with said.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "couveuse.cli", *words], cwd=folder, env=environment, stdout=log, stderr=log,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    running = Running(process, said)
    try:
        yield running
    finally:
        left = running.children(deep=True)
        if process.poll() is None:
            process.kill()
        process.wait()
        with suppress(AssertionError):
            until(lambda: not any(map(lives, left)), 20)
        for pid in filter(lives, left):
            os.kill(pid, signal.SIGKILL)


def free_port() -> int:
    """A port on which nobody listens; runs of tests side by side ask for different ones.

    They lie under those that the system gives to connections, so that none takes one between asking and listening.
    """
    for number in _ports:
        port = FIRST_PORT + number % PORTS
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                trial.bind(("127.0.0.1", port))
                return port
    raise AssertionError("no port is free")


def as_nobody(function: Callable[[], object]) -> str:
    """What a function says, run by another user than root: what it returns or raises, as text."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)

    def run() -> None:
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
        try:
            there.send(str(function()))
        except BaseException as error:  # noqa: BLE001 - it goes to whoever asked
            there.send(f"{type(error).__name__}: {error}")

    process = context.Process(target=run)
    process.start()
    try:
        assert here.poll(120)
        return str(here.recv())
    finally:
        process.join(120)
        with suppress(ProcessLookupError):
            os.kill(process.pid or 0, signal.SIGKILL)
        process.close()
        here.close()
        there.close()
