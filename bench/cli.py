"""The command line as a person feels it: start-up included."""

import argparse
import json
from pathlib import Path
from random import Random

from bench.core import histories
from bench.data import MODEL
from bench.timing import run_command, spread
from couveuse.core.times import iso

COUVEUSE = ["-c", "from couveuse.cli import main; main()"]


def measure(asked: argparse.Namespace) -> dict[str, object]:
    """Seconds on the clock, medians over the runs, after one run that is not counted."""
    small = asked.data / "events-10k.ndjson"
    _write_small(small)
    commands = {
        "help": ["--help"],
        "score_10000_events": ["score", str(small), "--model", str(MODEL), "--format", "json"],
    }
    found: dict[str, object] = {}
    for name, arguments in commands.items():
        run_command([*COUVEUSE, *arguments])
        runs = [run_command([*COUVEUSE, *arguments]) for _ in range(asked.runs)]
        seconds, cpu = spread([run.wall for run in runs]), spread([run.cpu for run in runs])
        print(
            f"   {name}: {seconds.median:.2f} s ({seconds.low:.2f} to {seconds.high:.2f}), "
            f"{cpu.median:.2f} s of processor"
        )
        found[name] = {"seconds": seconds.told(), "cpu_seconds": cpu.told()}
    return found


def _write_small(path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for lead, facts in enumerate(histories(Random(9), 250, 40)):
            for fact in facts:
                row = {"event": fact.event, "occurred_at": iso(fact.at), "message_id": fact.message_id,
                       "source": fact.source,
                       "email": f"lead{lead}@example.com", **fact.properties}  # fmt: skip
                if fact.traits:
                    row["traits"] = fact.traits
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
