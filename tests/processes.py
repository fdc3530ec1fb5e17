"""Real processes for tests: started, waited for by what they do, and never left behind."""

import multiprocessing
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import couveuse

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(couveuse.__file__).parents[1])}


def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for a condition; it fails the test where it does not come."""
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
        assert here.poll(60)
        return str(here.recv())
    finally:
        process.join(10)
        with suppress(ProcessLookupError):
            os.kill(process.pid or 0, signal.SIGKILL)
        process.close()
        here.close()
        there.close()
