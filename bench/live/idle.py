"""`couveuse up` with nothing to do: processor and memory of all its processes but PostgreSQL's."""

import argparse
import os
import shutil
import subprocess
import time

from bench.live.front import a_port, answers
from bench.live.ground import until
from bench.live.processes import cpu_seconds_each, family, memory, name_of
from couveuse.cli.supervising import command

# What start-up brings goes away before it is measured.
SETTLE_SECONDS = 20.0


def measure(asked: argparse.Namespace) -> dict[str, object]:
    """Over a minute, on a data folder of its own."""
    seconds = min(asked.seconds, 60.0)
    folder = asked.data / "idle"
    shutil.rmtree(folder, ignore_errors=True)
    port = a_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COUVEUSE_")}
    environment |= {"COUVEUSE_DATA": str(folder), "COUVEUSE_PORT": str(port), "COUVEUSE_LOG": "warning"}
    product = subprocess.Popen(command("up"), env=environment, start_new_session=True)
    try:
        until(lambda: answers(port))
        time.sleep(min(SETTLE_SECONDS, 10 * seconds))
        before = cpu_seconds_each(_ours(product.pid))
        time.sleep(seconds)
        after = cpu_seconds_each(_ours(product.pid))
        held = {pid: memory([pid]) for pid in _ours(product.pid)}
        names = {pid: _short(name_of(pid)) for pid in held}
    finally:
        product.terminate()
        product.wait()
        shutil.rmtree(folder, ignore_errors=True)
    share = sum(after[pid] - before.get(pid, 0.0) for pid in after) / seconds
    pss, uss = (round(sum(each[kind] for each in held.values()), 1) for kind in ("pss", "uss"))
    print(f"   {share:.2%} of a core, {pss:.0f} MB (PSS), in {len(held)} processes", flush=True)
    return {
        "seconds": seconds,
        "share_of_a_core": round(share, 5),
        "megabytes_pss": pss,
        "megabytes_uss": uss,
        "processes": [
            {"command": names[pid], "share_of_a_core": round((after.get(pid, 0.0) - before.get(pid, 0.0)) / seconds, 5),
             **held[pid]} for pid in held
        ],
    }  # fmt: skip


def _ours(pid: int) -> list[int]:
    """A process and all below it but PostgreSQL's."""
    return [each for each in family(pid) if "postgres" not in name_of(each).split(" ")[0]]


def _short(words: str) -> str:
    """A command without the paths of this machine."""
    return " ".join(word.rpartition("/")[2] for word in words.split()[:6])
