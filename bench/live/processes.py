"""What processes take: processor time and memory of one and of all below it, as Linux tells."""

import os
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        try:
            children = (thread / "children").read_text().split()
        except OSError:
            continue
        for child in children:
            found += family(int(child))
    return found


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and all below it, those included that have ended and were waited for."""
    return sum(_ticks(each) for each in family(pid)) / TICKS


def cpu_seconds_each(pids: Iterable[int]) -> dict[int, float]:
    """Processor time of each of these processes."""
    return {pid: _ticks(pid) / TICKS for pid in pids}


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime: proc_pid_stat(5)


def memory(pids: Iterable[int]) -> dict[str, float]:
    """Megabytes that processes hold together: shared pages counted in part (PSS), and what is theirs alone (USS)."""
    found = {"pss": 0, "uss": 0}
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        sizes = {line.partition(":")[0]: int(line.split()[1]) for line in lines[1:]}
        found["pss"] += sizes["Pss"]
        found["uss"] += sizes["Private_Clean"] + sizes["Private_Dirty"]
    return {name: round(kilobytes / 1024, 1) for name, kilobytes in found.items()}


def name_of(pid: int) -> str:
    """The words with which a process was started."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""
