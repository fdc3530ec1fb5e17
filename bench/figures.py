"""`python -m bench.figures`: the README's rows of the live product, from what stands in bench/results/."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
Found = Mapping[str, Any]
Row = tuple[str, str]
# Stands beside the other pages: it is made for whoever asks for it.
ON_DEMAND = "the ledger of a lead of 100,000 events, its lines"


def _engine(found: Found) -> Iterator[Row]:
    run = found["long_run"]
    over = f"{found['leads']:,} leads and {found['stored_events']:,} events, {run['seconds'] / 60:.0f} minutes"
    yield f"one engine over {over}: events to stored scores", f"{run['events_per_second']:,} a second"
    yield "as a share of a bare binary `COPY` of the same rows", f"{found['share_of_a_bare_copy']:.0%}"
    engine, postgres = run["engine_cpu_us_per_event"], run["postgres_cpu_us_per_event"]
    yield "its processor time an event, and PostgreSQL's", f"{engine:.0f} µs, {postgres:.0f} µs"
    yield "two engines", f"{found['two_engines']['events_per_second']:,} a second"
    more_leads, more_events = found["times_for_more_leads"]["cpu"], found["times_for_more_events"]["cpu"]
    yield "processor time an event with 100 times the leads", f"{more_leads['median']:.2f} times"
    yield "with 20 times the stored events", f"{more_events['median']:.2f} times"


def _front(found: Found) -> Iterator[Row]:
    it = found["single events"]
    each, p50, p99 = (it[name]["median"] for name in ("requests_per_second", "p50", "p99"))
    yield (
        "front door, single events over 64 connections, durable before the answer",
        f"{each:,.0f} a second; p50 {p50:.0f} ms, p99 {p99:.0f} ms",
    )
    plain, zipped = (found[f"batches of 100{form}"]["events_per_second"]["median"] for form in ("", ", gzip"))
    yield "batches of 100, plain and gzipped", f"{plain:,.0f} and {zipped:,.0f} events a second"


def _latency(found: Found) -> Iterator[Row]:
    it = found["milliseconds"]
    what = f"from an event sent to its lead's score readable, at {found['offered_per_second']:.0f} events a second"
    yield what, f"p50 {it['p50']:.0f} ms, p99 {it['p99']:.0f} ms, p99.9 {it['p99_9']:.0f} ms"


def _alerts(found: Found) -> Iterator[Row]:
    it = found["milliseconds"]
    what = (
        f"from an event received to its alert at the mail server, at {found['offered_per_second']:.0f} events a second"
    )
    yield what, f"p50 {it['p50']:.0f} ms, p99 {it['p99']:.0f} ms"


def _tasks(found: Found) -> Iterator[Row]:
    it = found["milliseconds"]["a team's next pages"]
    what = f"a page of a team's queue, with {found['tasks']:,} tasks in history"
    yield what, f"p50 {it['p50']:.1f} ms, p99 {it['p99']:.1f} ms"


def _pages(found: Found) -> Iterator[Row]:
    over = f", with {found['leads']:,} leads and {found['stored_events']:,} events, one request after the other"
    for name in ("leads", "a lead", "desk"):
        yield f"the page of {name}{over if name == 'leads' else ''}", _page(found["pages"][name])
    others = [page for name, page in found["pages"].items() if name != ON_DEMAND]
    yield f"the slowest of {len(others)} pages", _page(max(others, key=lambda page: page["p95_ms"]))
    if ON_DEMAND in found["pages"]:
        yield f"{ON_DEMAND}, which one asks for", _page(found["pages"][ON_DEMAND])


def _page(it: Found) -> str:
    return f"p50 {it['p50_ms']:.0f} ms, p95 {it['p95_ms']:.0f} ms"


def _size(found: Found) -> Iterator[Row]:
    browser = found.get("segment-analytics-next-1.84.3-snippet") or found["invented"]
    yield "a browser's page view, stored, its digest and indexes included", f"{browser['bytes_an_event']:.0f} bytes"


def _import(found: Found) -> Iterator[Row]:
    what = f"`import` of {found['rows']:,} events from a gzipped file to final scores"
    yield what, f"{found['rows_per_second']:,} a second"


def _rescore(found: Found) -> Iterator[Row]:
    yield f"`rescore` of {found['leads']:,} leads with {found['events']:,} events", f"{found['seconds']:.0f} s"


def _archive(found: Found) -> Iterator[Row]:
    what = f"`archive run` of {found['events']:,} events of {found['months']} months to Parquet"
    yield what, f"{found['seconds']:.0f} s, {found['bytes_an_event']:.1f} bytes an event"


def _idle(found: Found) -> Iterator[Row]:
    share, memory = found["share_of_a_core"], found["megabytes_pss"]
    yield "`couveuse up` with nothing to do, without PostgreSQL", f"{share:.2%} of a core, {memory:.0f} MB"


ROWS: Mapping[str, Callable[[Found], Iterator[Row]]] = {
    "engine": _engine,
    "front": _front,
    "latency": _latency,
    "alerts": _alerts,
    "tasks": _tasks,
    "pages": _pages,
    "size": _size,
    "import": _import,
    "rescore": _rescore,
    "archive": _archive,
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
