"""A history brought in, and a model published anew over all that is stored, by the commands that people type."""

import argparse
import os
from pathlib import Path
from typing import Any

import duckdb

from bench.data import MODEL, write_events
from bench.live import base
from bench.live.ground import Ground, ground
from bench.timing import Finished, run_command

FACTS = 20  # events of each lead of the imported history
COUVEUSE = ["-m", "couveuse.cli"]
CONSENT = ["--basis", "legitimate-interest", "--consent-source", "the bench", "--consent-date", "2025-01-01"]


def measure_import(asked: argparse.Namespace) -> dict[str, object]:
    """A file of NDJSON, gzipped, to final scores, in an empty database."""
    rows = min(asked.rows, 1_000_000)
    file = _history(asked.data, rows)
    with ground(asked.data, keep=asked.keep) as place:
        url = place.make("imported")
        with place.running("engine", url=url):
            took = _run(place, url, "import", str(file), *CONSENT)
        stored = _counted(place, "imported")
    rate = rows / took.wall
    print(f"   {rows:,} rows in {took.wall:.0f} s: {rate:,.0f} a second", flush=True)
    return {"rows": rows, **stored, "rows_per_second": round(rate), **_told(took)}


def measure_rescore(asked: argparse.Namespace) -> dict[str, object]:
    """The bench's model with another line, over so many leads with so many events each."""
    model = asked.data / "another.yaml"
    model.write_text(_another(MODEL.read_text(encoding="utf-8")), encoding="utf-8")
    with ground(asked.data, keep=asked.keep) as place:
        name = base.ready(place, leads=asked.leads, facts=asked.facts)
        url = place.url(name)
        with place.running("engine", url=url):
            took = _run(place, url, "rescore", str(model), "--yes")
        stored = _counted(place, name)
    print(f"   {stored['leads']:,} leads with {stored['events']:,} events in {took.wall:.0f} s", flush=True)
    return {**stored, "events_per_second": round(stored["events"] / took.wall), **_told(took)}


def _history(folder: Path, rows: int) -> Path:
    file = folder / f"events-{rows}.ndjson.gz"
    if not file.exists():
        made = folder / f"events-{rows}-of-{FACTS}.parquet"
        write_events(made, rows=rows, leads=max(rows // FACTS, 1))
        with duckdb.connect() as connection:
            connection.execute("set timezone = 'UTC'")
            connection.execute(f"copy (from '{made}') to '{file}' (format json, compression gzip)")
        made.unlink()
    return file


def _another(text: str) -> str:
    """A model of which most leads' scores are other ones."""
    return text.replace(
        "{id: opened, event: Email Opened, points: 0.2}", "{id: opened, event: Email Opened, points: 0.4}"
    )


def _run(place: Ground, url: str, *words: str) -> Finished:
    """One of our commands, measured whole."""
    settings = {"COUVEUSE_DATABASE_URL": url, "COUVEUSE_DATA": str(place.folder), "COUVEUSE_LOG": "warning"}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        return run_command([*COUVEUSE, *words])
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _counted(place: Ground, name: str) -> dict[str, int]:
    return {table: place.ask(name, f"select count(*) from {table}") for table in ("leads", "events")}


def _told(took: Finished) -> dict[str, Any]:
    return {
        "seconds": round(took.wall, 1),
        "cpu_seconds": round(took.cpu, 1),
        "peak_megabytes": round(took.peak_bytes / 1e6),
    }
