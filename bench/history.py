"""A whole history from file to file: how many events a second, in how much memory, and where the time goes.

Quoted beside it, in the same run: a bare scan and a bare sort of the same file by DuckDB.
"""

import argparse
from pathlib import Path

import duckdb

from bench.cli import COUVEUSE
from bench.data import MODEL, write_events, write_leads
from bench.timing import Finished, run_command, spread, wall_seconds

EVENTS_PER_LEAD = 40
SMALL_SHARE = 10  # the small history is so many times smaller


def measure(asked: argparse.Namespace) -> dict[str, object]:
    """Medians over the runs, the two sizes and the bare queries in turn."""
    large, large_leads = _made(asked.data, asked.rows)
    small, small_leads = _made(asked.data, asked.rows // SMALL_SHARE)
    runs: dict[str, list[Finished]] = {"large": [], "small": []}
    scans, sorts = [], []
    for number in range(asked.runs):
        runs["small"].append(_score(small, small_leads, asked.data))
        runs["large"].append(_score(large, large_leads, asked.data))
        scans.append(wall_seconds(lambda: _bare(large, asked.data, sort=False)))
        sorts.append(wall_seconds(lambda: _bare(large, asked.data, sort=True)))
        took = runs["large"][-1]
        print(f"   run {number + 1}: {took.wall:.1f} s, {took.cpu:.1f} s of processor, {took.peak_bytes / 1e9:.2f} GB; "
              f"small {runs['small'][-1].wall:.1f} s; bare scan {scans[-1]:.1f} s, bare sort {sorts[-1]:.1f} s",
              flush=True)  # fmt: skip
    rows = duckdb.sql(f"select count(*) from '{large}'").fetchall()[0][0]
    seconds = spread([run.wall for run in runs["large"]])
    rate = spread([rows / run.wall for run in runs["large"]])
    growth = spread([a.wall / b.wall for a, b in zip(runs["large"], runs["small"], strict=True)])
    print(
        f"   {rows:,} events: {rate.median:,.0f} a second; {SMALL_SHARE} times the events take "
        f"{growth.median:.1f} times as long"
    )
    return {
        "events": rows,
        "leads": rows // EVENTS_PER_LEAD,
        "seconds": seconds.told(),
        "events_per_second": rate.told(),
        "cpu_seconds": spread([run.cpu for run in runs["large"]]).told(),
        "peak_gigabytes": spread([run.peak_bytes / 1e9 for run in runs["large"]]).told(),
        "seconds_small": spread([run.wall for run in runs["small"]]).told(),
        "growth_for_10_times": growth.told(),
        "bare_scan_seconds": spread(scans).told(),
        "bare_sort_seconds": spread(sorts).told(),
        "times_a_bare_sort": spread([run.wall / bare for run, bare in zip(runs["large"], sorts, strict=True)]).told(),
    }


def _made(folder: Path, rows: int) -> tuple[Path, Path]:
    events, leads = folder / f"events-{rows}.parquet", folder / f"leads-{rows}.parquet"
    if not events.exists():
        print(f"   making {rows:,} events ...", flush=True)
        write_events(events, rows=rows, leads=rows // EVENTS_PER_LEAD)
    if not leads.exists():
        write_leads(leads, leads=rows // EVENTS_PER_LEAD)
    return events, leads


def _score(events: Path, leads: Path, folder: Path) -> Finished:
    out = str(folder / "scores.parquet")
    return run_command([*COUVEUSE, "score", str(events), "--leads", str(leads), "--model", str(MODEL), "--out", out])


def _bare(events: Path, folder: Path, *, sort: bool) -> None:
    """What DuckDB alone takes to read every column that the score needs, or to sort them as the fold wants them."""
    columns = 'email, occurred_at, source, message_id, event, path, url, type, kind, "of", verdict, "group"'
    with duckdb.connect() as connection:
        connection.execute(
            f"set memory_limit = '900MB'; set temp_directory = '{folder / 'spill'}'; set enable_progress_bar = false"
        )
        if sort:
            target = folder / "sorted.parquet"
            connection.execute(
                f"copy (select {columns} from '{events}' order by email, occurred_at, source, message_id) "
                f"to '{target}' "
                "(format parquet, compression lz4)"
            )
            target.unlink()
        else:
            read = ", ".join(f"max({column})" for column in columns.split(", ") if column != "occurred_at")
            connection.execute(f"select max(epoch_us(occurred_at)), {read} from '{events}'").fetchall()
