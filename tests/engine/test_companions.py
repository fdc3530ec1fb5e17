"""A companion is told by a pipe, begun again where it dies, killed where it does not heed, and never left behind."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from couveuse.engine import companions
from couveuse.engine.companions import Companion
from tests.engine.town import configuration
from tests.processes import lives, python, until

SECRET = "postgresql://couveuse:a-password@db.example.com/couveuse"


@contextmanager
def kept(folder: Path) -> Iterator[threading.Event]:
    """A companion that does not heed, kept by a thread of ours."""
    stopping = threading.Event()
    companion = Companion(
        "tests.engine.stubborn", configuration(data=str(folder)), SECRET, structlog.get_logger("a test")
    )
    thread = threading.Thread(target=companion.run, args=(stopping,))
    thread.start()
    try:
        yield stopping
    finally:
        stopping.set()
        thread.join()


def pids(folder: Path) -> set[int]:
    return {int(path.name) for path in folder.iterdir() if not path.suffix}


def test_it_is_told_by_a_pipe_and_nothing_of_it_stands_on_its_command_line(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(companions, "PATIENCE_SECONDS", 0.1)
    with kept(tmp_path):
        until(lambda: pids(tmp_path))
        (pid,) = pids(tmp_path)
        assert (tmp_path / str(pid)).read_text() == SECRET
        for told in ("cmdline", "environ"):
            assert b"a-password" not in Path(f"/proc/{pid}/{told}").read_bytes()
        assert Path(f"/proc/{pid}/fd/0").readlink() == Path(os.devnull)  # what it starts reads nothing of ours


def test_one_that_dies_is_begun_again_and_one_that_does_not_heed_is_killed(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(companions, "PATIENCE_SECONDS", 0.1)
    with kept(tmp_path):
        until(lambda: pids(tmp_path))
        (first,) = pids(tmp_path)
        os.kill(first, signal.SIGKILL)
        until(lambda: len(pids(tmp_path)) == 2)
        (second,) = pids(tmp_path) - {first}
        assert lives(second)
    assert not lives(second)


ORPHAN = """
import os, threading
from multiprocessing.connection import Connection
import structlog
from couveuse.engine import companions

companions.PATIENCE_SECONDS = 0.1
stopping = threading.Event()
companions.end_with(Connection(os.dup(0), writable=False), stopping, structlog.get_logger("a test"))
print("begun", flush=True)
stopping.wait()
print("told", flush=True)
threading.Event().wait()
"""


def test_whoever_is_left_alone_is_told_to_stop_and_is_not_there_for_ever_where_it_cannot() -> None:
    with python(ORPHAN) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        said, _ = process.communicate(timeout=120)  # its standard input is closed: whoever held it is gone
        assert process.returncode == 1
        assert "told\n" in said
