"""`couveuse bench`: how quickly this machine scores a history, and where the time goes."""

import json
import resource
import statistics
import sys
import time
from pathlib import Path

from couveuse.cli.asking import Asked
from couveuse.history.scoring import ORDER, Scoring

STEPS = ("read and sort", "fold", "write", "all")


def bench(asked: Asked, runs: int, form: str) -> None:
    """Score a history several times, and print medians: seconds of each step, facts a second, peak memory."""
    request = asked.request()
    took: dict[str, list[float]] = {step: [] for step in STEPS}
    facts = rows = 0
    for _ in range(runs):
        with Scoring(request) as scoring:
            started = time.perf_counter()
            prepared = scoring.prepare()
            sorted_at = time.perf_counter()
            scoring.fold(prepared)
            folded_at = time.perf_counter()
            scoring.write(f"select * from scores order by {ORDER}", scoring.folder / "scores.parquet")
            written_at = time.perf_counter()
            facts, rows = prepared.rows, scoring.counts.rows
        for step, seconds in zip(
            STEPS,
            (sorted_at - started, folded_at - sorted_at, written_at - folded_at, written_at - started),
            strict=True,
        ):
            took[step].append(seconds)
    medians = {step: statistics.median(values) for step, values in took.items()}
    told = {
        "rows": rows,
        "facts": facts,
        "runs": runs,
        "seconds": {step: round(seconds, 3) for step, seconds in medians.items()},
        "rows_per_second": round(rows / medians["all"]),
        "peak_megabytes": _peak_megabytes(),
    }
    if form == "json":
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        _print(told, medians, took, tuple(Path(name).name for name in asked.events))


def _peak_megabytes() -> int:
    """The largest of this process and its children, each by itself; on macOS the system counts in bytes."""
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return peak // (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _print(
    told: dict[str, object], medians: dict[str, float], took: dict[str, list[float]], names: tuple[str, ...]
) -> None:
    from couveuse.cli.tables import print_rows

    rows = [[step, f"{medians[step]:.2f}", f"{min(took[step]):.2f}", f"{max(took[step]):.2f}"] for step in STEPS]
    columns = ("step", "seconds (median)", "least", "most")
    print_rows(f"{', '.join(names)}: {told['rows']:,} rows, {told['runs']} runs", columns, rows, right=columns[1:])
    print(f"\n{told['rows_per_second']:,} rows a second; at most {told['peak_megabytes']:,} MB in one process")
