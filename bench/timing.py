"""Timing: whole processes and pieces of one, several runs, the median quoted with the extremes."""

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Spread:
    """Several measurements of one thing."""

    median: float
    low: float
    high: float
    runs: int

    def told(self) -> dict[str, float]:
        """As JSON has it."""
        return {
            "median": round(self.median, 4),
            "min": round(self.low, 4),
            "max": round(self.high, 4),
            "runs": self.runs,
        }


def spread(values: Sequence[float]) -> Spread:
    """The median and the extremes."""
    return Spread(statistics.median(values), min(values), max(values), len(values))


def cpu_seconds(work: Callable[[], object]) -> float:
    """Processor time of this process for a piece of work: steadier than the clock on a shared machine."""
    before = time.process_time()
    work()
    return time.process_time() - before


def wall_seconds(work: Callable[[], object]) -> float:
    """Time on the clock for a piece of work."""
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


@dataclass(frozen=True, slots=True)
class Finished:
    """What one run of a command took: seconds on the clock and of processor, peak memory with all its children."""

    wall: float
    cpu: float
    peak_bytes: int


def run_command(arguments: Sequence[str], settings: Mapping[str, str] = MappingProxyType({})) -> Finished:
    """Run a command of Python's, with settings in its environment, and measure it whole; raises where it fails."""
    environment = {**os.environ, "PYTHONHASHSEED": "0", **settings}
    before = os.times()
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
    )
    peak = _Peak(process.pid)
    peak.start()
    _, errors = process.communicate()
    wall = time.perf_counter() - started
    peak.stop()
    if process.returncode:
        raise RuntimeError(errors.decode())
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Finished(wall, cpu, peak.bytes)


class _Peak(threading.Thread):
    """Looks ten times a second how much memory a process and all below it hold together, each page counted once."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.bytes = 0
        self._done = threading.Event()

    def run(self) -> None:
        """Look until told to stop."""
        while not self._done.wait(0.1):
            self.bytes = max(self.bytes, sum(_proportional(pid) for pid in _family(self.pid)))

    def stop(self) -> None:
        """Look no more."""
        self._done.set()
        self.join()


def _family(pid: int) -> list[int]:
    found = [pid]
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return found
    for child in children:
        found += _family(int(child))
    return found


def _proportional(pid: int) -> int:
    """A process's share of memory (PSS), in bytes; 0 where it has gone or the system does not say."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0
