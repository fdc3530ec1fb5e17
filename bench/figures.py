"""`python -m bench.figures`: the README's rows of the live product, from what stands in bench/results/."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
Found = Mapping[str, Any]


def _engine(found: Found) -> Iterator[tuple[str, str]]:
    run, leads, stored = found["long_run"], found["leads"], found["stored_events"]
    more_leads, more_events = found["times_for_more_leads"]["cpu"], found["times_for_more_events"]["cpu"]
    yield (
        (
            f"one engine over {leads:,} leads and {stored:,} events, for {run['seconds'] / 60:.0f} minutes: durable events "
            "to stored scores"
        ),
        f"{run['events_per_second']:,} a second",
    )
    yield "the same, as a share of a bare binary `COPY` of the same rows", f"{found['share_of_a_bare_copy']:.0%}"
    yield (
        "processor an event, the engine's and PostgreSQL's",
        (f"{run['engine_cpu_us_per_event']:.0f} µs and {run['postgres_cpu_us_per_event']:.0f} µs"),
    )
    yield "two engines", f"{found['two_engines']['events_per_second']:,} a second"
    yield "cost of an event at 100 times the leads", f"{more_leads['median']:.2f} times"
    yield "cost of an event at 20 times the stored events", f"{more_events['median']:.2f} times"


def _front(found: Found) -> Iterator[tuple[str, str]]:
    single, batches, gzip = found["single events"], found["batches of 100"], found["batches of 100, gzip"]
    yield (
        "front door, single events over 64 connections, each durable before its answer",
        (
            f"{single['requests_per_second']['median']:,.0f} a second; p50 {single['p50']['median']:.0f} ms, "
            f"p99 {single['p99']['median']:.0f} ms"
        ),
    )
    yield (
        "front door, batches of 100, plain and gzipped",
        (
            f"{batches['events_per_second']['median']:,.0f} and {gzip['events_per_second']['median']:,.0f} events a second"
        ),
    )


def _latency(found: Found) -> Iterator[tuple[str, str]]:
    it = found["milliseconds"]
    yield (
        f"from an event sent to its lead's score readable, at {found['offered_per_second']:.0f} events a second",
        (f"p50 {it['p50']:.0f} ms, p99 {it['p99']:.0f} ms, p99.9 {it['p99_9']:.0f} ms"),
    )


def _size(found: Found) -> Iterator[tuple[str, str]]:
    browser = found.get("segment-analytics-next-1.84.3-snippet") or found["invented"]
    yield "a browser's page view, stored, its digest and indexes included", f"{browser['bytes_an_event']:.0f} bytes"


def _import(found: Found) -> Iterator[tuple[str, str]]:
    yield (
        f"`import` of {found['rows']:,} events from a gzipped file to final scores",
        (f"{found['rows_per_second']:,} a second"),
    )


def _rescore(found: Found) -> Iterator[tuple[str, str]]:
    yield f"`rescore` of {found['leads']:,} leads with {found['events']:,} events", f"{found['seconds']:.0f} s"


def _idle(found: Found) -> Iterator[tuple[str, str]]:
    yield (
        "`couveuse up` with nothing to do, without PostgreSQL",
        (f"{found['share_of_a_core']:.2%} of a core, {found['megabytes_pss']:.0f} MB"),
    )


ROWS: Mapping[str, Callable[[Found], Iterator[tuple[str, str]]]] = {
    "engine": _engine,
    "front": _front,
    "latency": _latency,
    "size": _size,
    "import": _import,
    "rescore": _rescore,
    "idle": _idle,
}


def rows(results: Path = RESULTS) -> Iterator[str]:
    """The rows of the table, of the measurements that were made."""
    for name, told in ROWS.items():
        file = results / f"{name}.json"
        if file.exists():
            for what, figure in told(json.loads(file.read_text(encoding="utf-8"))):
                yield f"| {what} | {figure} |"


if __name__ == "__main__":
    print("| what | figure |\n|---|---|")
    print("\n".join(rows()))
