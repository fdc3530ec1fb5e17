"""A process of ours beside another one: started by it, started again where it dies, ended with it, however it ended.

Both ends of what ties them are here: a pipe. By it the companion is told its settings, so that no secret stands on a
command line, and none more in an environment; and when it closes the other one is gone, even by `kill -9`, on any
system that has pipes.
"""

import os
import subprocess
import sys
import threading
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection as End
from typing import Any, Final

from psycopg import Connection

from couveuse.configuration import Configuration
from couveuse.engine.trials import Trials

# Whoever does not end within so long after it was told to is killed: less than `couveuse up` waits for a deliverer.
PATIENCE_SECONDS: Final = 80.0
# How often it is looked whether the companion lives.
LOOK_SECONDS: Final = 0.25
# The file descriptor on which a companion finds the pipe: its standard input.
TOLD: Final = 0


class Companion:
    """Keeps one companion alive, from a thread of the process that needs it; a part of its crew.

    It is a Python of its own (`python -m MODULE`), not a fork: threads and connections are not shared.
    """

    connection: Connection[Any] | None = None  # it has none
    turn = 0

    def __init__(self, module: str, settings: Configuration, url: str, log: Any) -> None:
        self._module, self._settings, self._url, self._log = module, settings, url, log
        self._name = module.rpartition(".")[2]
        self._trials = Trials()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Any = None

    def run(self, stopping: threading.Event) -> None:
        """Keep it alive until told to stop; then it is told, and waited for."""
        while not stopping.wait(LOOK_SECONDS):
            self._look_after()
        self._stop()

    def _look_after(self) -> None:
        if self._process is not None and (code := self._process.poll()) is not None:
            again_in = self._trials.fail()
            self._log.error(f"{self._name} has died", pid=self._process.pid, code=code, again_in=again_in)
            self._forget()
        if self._process is None and self._trials.is_due:
            self._start()

    def _start(self) -> None:
        self._trials.begin()
        theirs, self._line = Pipe(duplex=False)
        with theirs:
            # A session of its own: Ctrl-C is for the one that a person has started, which tells it.
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module], stdin=theirs.fileno(), start_new_session=True
            )
        self._log.info(f"{self._name} begun", pid=self._process.pid)
        with suppress(OSError):  # it has died already: the next look finds that
            self._line.send((self._settings, self._url))

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._log.error(f"{self._name} does not stop and is killed", pid=self._process.pid)
            self._process.kill()
            self._process.wait()
        self._log.info(f"{self._name} ended", pid=self._process.pid, code=self._process.returncode)
        self._forget()

    def _forget(self) -> None:
        self._line.close()
        self._process = self._line = None


def told() -> tuple[Configuration, str, End]:
    """First in a companion: its settings, where the database is, and the line to whoever started it.

    Raises EOFError where that one is gone already.
    """
    line = End(os.dup(TOLD), writable=False)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, TOLD)  # what it starts itself reads nothing of ours
    os.close(nothing)
    settings, url = line.recv()
    return settings, url, line


def end_with(line: End, stopping: threading.Event, log: Any) -> None:
    """Stop, in good order and else without, once whoever started this process is gone."""

    def listen() -> None:
        with suppress(EOFError, OSError):
            line.recv()  # nothing more is ever said
        if not stopping.is_set():
            log.warning("stopping: whoever started this process is gone")
        stopping.set()
        threading.Event().wait(PATIENCE_SECONDS)
        os._exit(1)

    threading.Thread(target=listen, name="line", daemon=True).start()
