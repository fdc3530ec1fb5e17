"""The front door under its own server: single events and batches, each answered once it is durable."""

import argparse
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from bench.live.ground import Ground, ground, until
from bench.live.load import Wanted
from bench.live.processes import cpu_seconds
from bench.timing import spread
from couveuse.store import connections
from couveuse.store.write_keys import KeyKind, create_key

KINDS: dict[str, dict[str, Any]] = {
    "single events": {"events": 1},
    "batches of 100": {"events": 100, "connections": 16},
    "batches of 100, gzip": {"events": 100, "connections": 16, "zipped": True},
}
FIGURES = ("requests_per_second", "events_per_second", "p50", "p99", "p99_9", "load_share_of_a_core",
           "front_door_cpu_us_per_event", "postgres_cpu_us_per_event")  # fmt: skip


def measure(asked: argparse.Namespace) -> dict[str, object]:
    """Each kind in turns, several runs, with no engine beside it; then single events beside an engine, or two doors."""
    with ground(asked.data, keep=asked.keep) as place:
        url = place.make("door")
        with serving(place, url) as (web, port, key):
            runs: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
            for _ in range(asked.runs):
                for kind, settings in KINDS.items():
                    runs[kind].append(_run(place, url, web, Wanted(port, key, seconds=asked.spell, **settings)))
                    _say(kind, runs[kind][-1])
            with place.running("engine", url=url):
                beside = _run(place, url, web, Wanted(port, key, seconds=asked.spell), all_waits=False)
                _say("single events beside an engine", beside)
        with serving(place, url, workers=2) as (web, port, key):
            two = _run(place, url, web, Wanted(port, key, seconds=asked.spell))
            _say("single events, two processes", two)
    alone = {kind: _told(found) for kind, found in runs.items()}
    return {**alone, "single events beside an engine": beside, "single events, two processes": two}


@contextmanager
def serving(place: Ground, url: str, *, workers: int = 1) -> Iterator[tuple[subprocess.Popen[bytes], int, str]]:
    """The front door on a port of its own, in so many processes, with a key; never full."""
    port = a_port()
    with connections.connect(url, "bench", autocommit=True) as connection:
        key = create_key(connection, kind=KeyKind.SERVER, source="web")
    settings = {"port": str(port), "backlog": "1000000000", "web_workers": str(workers)}
    with place.running("web", "--serve", "intake", url=url, **settings) as web:
        until(lambda: answers(port))
        yield web, port, key


def a_port() -> int:
    """A port that is free now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _run(
    place: Ground, url: str, web: subprocess.Popen[bytes], wanted: Wanted, *, all_waits: bool = True
) -> dict[str, Any]:
    """One run of one kind; what it has stored is counted, and taken away again.

    Where nobody folds, `all_waits`: whatever was acknowledged has to be there.
    """
    with connections.connect(url, "bench", autocommit=True) as connection:
        connection.execute("truncate inbox")
        cpu, postgres = cpu_seconds(web.pid), place.cpu_seconds()
        sent = [sys.executable, "-m", "bench.live.load", json.dumps(asdict(wanted))]
        found = json.loads(subprocess.run(sent, capture_output=True, check=True).stdout)
        events = found["requests"] * wanted.events
        found["front_door_cpu_us_per_event"] = round((cpu_seconds(web.pid) - cpu) / events * 1e6, 1)
        found["postgres_cpu_us_per_event"] = round((place.cpu_seconds() - postgres) / events * 1e6, 1)
        row = connection.execute("select coalesce(sum(events), 0) from inbox").fetchone()
        found["stored_and_waiting"] = int(row[0]) if row else 0
        connection.execute("truncate inbox")
    if set(found["codes"]) != {"200"}:
        raise RuntimeError(f"the front door answered {found['codes']}")
    if all_waits and found["stored_and_waiting"] < events:
        raise RuntimeError(f"{events:,} events were acknowledged, and {found['stored_and_waiting']:,} are stored")
    return dict(found)


def _told(runs: list[dict[str, Any]]) -> dict[str, Any]:
    first = runs[0]
    return {
        "bytes_a_request": first["bytes_a_request"],
        **{name: spread([run[name] for run in runs]).told() for name in FIGURES},
    }


def _say(kind: str, it: dict[str, Any]) -> None:
    print(f"   {kind}: {it['requests_per_second']:,.0f} requests/s, {it['events_per_second']:,.0f} events/s, "
          f"p50 {it['p50']:.1f} ms, p99 {it['p99']:.1f} ms; load {it['load_share_of_a_core']:.0%} of a core",
          flush=True)  # fmt: skip
