"""A process of ours as threads, each of which works on a connection of its own: begun together, watched, and ended.

And a pool of processes that share one piece of work with the one that asked for them.
"""

import os
import signal
import threading
from collections.abc import Sequence
from typing import Protocol

from couveuse.engine import silence
from couveuse.engine.silence import Waiting, Watchdog
from couveuse.store import tethers


class Running(Waiting, Protocol):
    """A part of the process that works in a thread of its own."""

    def run(self, stopping: threading.Event) -> None:
        """Work until told to stop."""
        ...


def stopped_by_signal() -> threading.Event:
    """What SIGTERM and SIGINT set from now on; called by the process's first thread."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def begin(crew: Sequence[Running], stopping: threading.Event) -> list[threading.Thread]:
    """Begin everybody's work."""
    threads = [
        threading.Thread(target=each.run, args=(stopping,), name=type(each).__name__.lower()) for each in crew
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    return threads


def watch(url: str, crew: Sequence[Running], threads: Sequence[threading.Thread], stopping: threading.Event) -> None:
    """Hang up where nobody will ever answer, until told to stop; what has been begun is waited for."""
    watchdog = Watchdog(url, crew)
    while not stopping.wait(silence.EVERY_SECONDS):
        watchdog.look()
    for thread in threads:
        thread.join()


def begin_in_pool(parent: int) -> None:
    """First in each process of a pool: Ctrl-C is the first process's to answer; its end is everybody's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if not tethers.tie(parent, signal.SIGKILL):
        os._exit(1)
