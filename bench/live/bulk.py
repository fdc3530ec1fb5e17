"""A history brought in, and a model published anew over all that is stored, by the commands that people type."""

import argparse
from pathlib import Path
from typing import Any

import duckdb

from bench.data import MODEL, write_events
from bench.live import base
from bench.live.ground import Ground, ground
from bench.timing import run_command

FACTS = 20  # events of each lead of the imported history
COUVEUSE = ["-m", "couveuse.cli"]
CONSENT = ["--basis", "legitimate-interest", "--consent-source", "the bench", "--consent-date", "2025-01-01"]


def measure_import(asked: argparse.Namespace) -> dict[str, object]:
    """A file of NDJSON, gzipped, to final scores, in an empty database, beside an engine with nothing else to do."""
    rows = min(asked.rows, 1_000_000)
    file = _history(asked.data, rows)
    with ground(asked.data, keep=asked.keep) as place:
        place.make("imported")
        found = _run(place, "imported", "import", str(file), *CONSENT)
        place.drop("imported")
    rate = rows / found["seconds"]
    print(f"   {rows:,} rows in {found['seconds']:.0f} s: {rate:,.0f} a second", flush=True)
    return {"rows": rows, "rows_per_second": round(rate), **found}


def measure_rescore(asked: argparse.Namespace) -> dict[str, object]:
    """The bench's model with another line, over so many leads with so many events each."""
    model = asked.data / "another.yaml"
    model.write_text(_another(MODEL.read_text(encoding="utf-8")), encoding="utf-8")
    with ground(asked.data, keep=asked.keep) as place:
        name = base.ready(place, leads=asked.leads, facts=asked.facts)
        found = _run(place, name, "rescore", str(model), "--yes")
        place.drop(name)  # another model acts in it now
    print(f"   {found['leads']:,} leads with {found['events']:,} events in {found['seconds']:.0f} s", flush=True)
    return {"events_per_second": round(found["events"] / found["seconds"]), **found}


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


def _run(place: Ground, name: str, *words: str) -> dict[str, Any]:
    """One of our commands on a database, measured whole, and PostgreSQL beside it."""
    url = place.url(name)
    settings = {"COUVEUSE_DATABASE_URL": url, "COUVEUSE_DATA": str(place.folder), "COUVEUSE_LOG": "warning"}
    with place.running("engine", url=url):
        postgres = place.cpu_seconds()
        took = run_command([*COUVEUSE, *words], settings)
        postgres = place.cpu_seconds() - postgres
    return {
        **{table: place.ask(name, f"select count(*) from {table}") for table in ("leads", "events")},
        "seconds": round(took.wall, 1),
        "cpu_seconds": round(took.cpu, 1),
        "postgres_cpu_seconds": round(postgres, 1),
        "peak_megabytes": round(took.peak_bytes / 1e6),
    }
