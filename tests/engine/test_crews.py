"""A crew begins together, and ends once each has ended what it had begun; a signal tells it to stop."""

import signal
import threading
from typing import Any

from psycopg import Connection

from couveuse.engine import silence
from couveuse.engine.crews import begin, watch
from tests.processes import python, until

PROCESS = """
from couveuse.engine.crews import stopped_by_signal
stopping = stopped_by_signal()
print("begun", flush=True)
print(stopping.wait(120), flush=True)
"""


class Member:
    """Works until told to stop, and then ends what it has begun."""

    def __init__(self) -> None:
        self.connection: Connection[Any] | None = None
        self.turn = 0
        self.may_end = threading.Event()
        self.said: list[str] = []

    def run(self, stopping: threading.Event) -> None:
        self.said.append(threading.current_thread().name)
        stopping.wait()
        self.may_end.wait()
        self.said.append("ended")


def test_all_begin_and_each_is_waited_for(monkeypatch) -> None:
    monkeypatch.setattr(silence, "EVERY_SECONDS", 0.01)
    crew, stopping = [Member(), Member()], threading.Event()
    threads = begin(crew, stopping)
    watching = threading.Thread(target=watch, args=("postgresql:///unasked", crew, threads, stopping))
    watching.start()
    until(lambda: all(each.said == ["member"] for each in crew))
    stopping.set()
    crew[0].may_end.set()
    until(lambda: crew[0].said[-1] == "ended")
    assert watching.is_alive()
    crew[1].may_end.set()
    watching.join(120)
    assert not watching.is_alive()
    assert crew[1].said[-1] == "ended"


def test_a_signal_tells_it_to_stop() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with python(PROCESS) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            process.send_signal(number)
            assert process.communicate(timeout=120)[0] == "True\n"
            assert process.returncode == 0
