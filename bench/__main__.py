"""`python -m bench [NAME ...]`: run the measurements, print them, and write them to bench/results/."""

import argparse
import json
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from bench import cli, core, history
from bench.live import alerting, archive, bulk, engine, front, idle, latency, pages, size, tasks
from couveuse.core import is_compiled

RESULTS = Path(__file__).parent / "results"
# Names of measurements in the order in which they run.
ALL: Mapping[str, Callable[[argparse.Namespace], dict[str, object]]] = {
    "core": core.measure,
    "cli": cli.measure,
    "history": history.measure,
    "engine": engine.measure,
    "front": front.measure,
    "latency": latency.measure,
    "alerts": alerting.measure,
    "tasks": tasks.measure,
    "pages": pages.measure,
    "size": size.measure,
    "import": bulk.measure_import,
    "rescore": bulk.measure_rescore,
    "archive": archive.measure,
    "idle": idle.measure,
}
# Sizes with which everything runs in a minute, to see that it does.
SMOKE = {"runs": 1, "rows": 20_000, "leads": 500, "facts": 2, "seconds": 1.0, "spell": 0.5}


def main() -> None:
    """Run what is asked for, or everything."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*ALL, []], help="what to measure; everything if not said")
    parser.add_argument("--runs", type=int, default=5, help="runs of each; the median is quoted")
    parser.add_argument("--rows", type=int, default=20_000_000, help="events of the large history")
    parser.add_argument("--leads", type=int, default=1_000_000, help="leads that are present, live")
    parser.add_argument("--facts", type=int, default=20, help="stored events of each of them")
    parser.add_argument("--seconds", type=float, default=600.0, help="how long the long run of the engine lasts")
    parser.add_argument("--spell", type=float, default=20.0, help="how long each other measurement of it lasts")
    parser.add_argument("--smoke", action="store_true", help="small sizes, to see that it runs; nothing is kept")
    parser.add_argument("--keep", action="store_true", help="keep the databases for another run, and use those kept")
    parser.add_argument(
        "--data", type=Path, default=Path(__file__).parent / "data", help="where the made history is kept"
    )
    asked = parser.parse_args()
    results = RESULTS
    if asked.smoke:
        vars(asked).update(SMOKE)
        results = asked.data / "results"
    asked.data.mkdir(parents=True, exist_ok=True)
    results.mkdir(exist_ok=True)
    for name in asked.names or ALL:
        print(f"== {name}", flush=True)
        found = {"command": _command(asked), "commit": _commit(), "machine": _machine(), **ALL[name](asked)}
        form = "-compiled" if is_compiled() else ""
        target = results / f"{name}{form}.json"
        target.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"   written to {target}")


def _command(asked: argparse.Namespace) -> str:
    """What was typed, without where this machine keeps its data."""
    words = [word for word in sys.argv[1:] if word not in ("--data", str(asked.data), f"--data={asked.data}")]
    return " ".join(["python -m bench", *words])


def _commit() -> str:
    try:
        asked = ["git", "describe", "--always", "--dirty"]
        return subprocess.run(
            asked, capture_output=True, text=True, check=True, cwd=Path(__file__).parent
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _machine() -> dict[str, object]:
    """What kind of machine this is, without its name."""
    import os

    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load_before": load,
    }


if __name__ == "__main__":
    sys.exit(main())
