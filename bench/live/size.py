"""Bytes an event: page views as browsers send them, through the front door and the engine, digest and indexes included.

With COUVEUSE_TEST_DATA set, the page views among the requests that real clients sent are used, each with ids of its
own; without it, invented ones of the same kind.
"""

import argparse
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from psycopg import Connection

from bench.live.front import serving
from bench.live.ground import ground, until
from bench.live.load import Lines, Wanted, messages
from couveuse.store import connections, inbox

EVENTS, VISITORS = 200_000, 10_000
BATCH = 100


def measure(asked: argparse.Namespace) -> dict[str, object]:
    """Load so many page views of each kind, fold them, and weigh the tables."""
    count = min(EVENTS, asked.rows)
    found: dict[str, object] = {"events": count, "visitors": min(VISITORS, count)}
    with ground(asked.data, keep=asked.keep) as place:
        for name, pages in {"invented": _invented(), **_captured()}.items():
            url = place.make("weighed")
            with serving(place, url) as (_, port, key), place.running("engine", url=url):
                _send(port, key, pages, count)
                with connections.connect(url, "bench", autocommit=True, statement_ms=0) as connection:
                    until(lambda c=connection: inbox.backlog(c)[0] == 0, patience=600)
            with connections.connect(url, "bench", autocommit=True, statement_ms=0) as connection:
                found[name] = _weighed(connection)
            print(f"   {name}: {found[name]}", flush=True)
    return found


Page = Callable[[str, str], dict[str, Any]]
"""A page view of a message's id and a visitor's."""


def _invented() -> Sequence[Page]:
    return [_told(json.loads(said(0, 0))) for said in messages(pages=True)]


def _captured() -> dict[str, Sequence[Page]]:
    """The page views that clients sent, by client."""
    folder = os.environ.get("COUVEUSE_TEST_DATA")
    found: dict[str, Sequence[Page]] = {}
    for file in sorted(Path(folder, "captures").glob("*.json")) if folder else ():
        requests = json.loads(file.read_text(encoding="utf-8"))["requests"]
        pages = [_told(said) for request in requests for said in _pages(request)]
        if pages:
            found[file.stem] = pages
    return found


def _pages(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    body = request.get("body_json")
    if isinstance(body, dict):
        for said in body["batch"] if isinstance(body.get("batch"), list) else [body]:
            if said.get("type") == "page":
                yield said


def _told(said: dict[str, Any]) -> Page:
    """The same page viewed by others: with another id, at another instant, by keys of their own.

    Of each sort as the client sent them: beside a user id a browser's id is stored too, which weighs.
    """
    form = str(said.get("messageId", ""))
    has_user, has_device = bool(said.get("userId")), bool(said.get("anonymousId"))

    def page(message: str, visitor: str) -> dict[str, Any]:
        # An id as long as the client's own, and as much of chance in it.
        name = form[: -len(message)] + message if len(form) > len(message) else message
        device = visitor if has_device or not has_user else None
        user = f"u-{visitor[:8]}" if has_user else None
        return {**said, "messageId": name, "anonymousId": device, "userId": user}

    return page


def _send(port: int, key: str, pages: Sequence[Page], count: int) -> None:
    dice = Random(41)
    visitors = [str(uuid.UUID(int=dice.getrandbits(128), version=4)) for _ in range(min(VISITORS, count))]
    head = Wanted(port, key, events=BATCH).head()
    with Lines(port, 4) as lines:
        sent = 0
        while sent < count or len(lines.free) < 4:
            while sent < count and lines.free:
                batch = [
                    dice.choice(pages)(str(uuid.UUID(int=dice.getrandbits(128), version=4)), dice.choice(visitors))
                    for _ in range(BATCH)
                ]
                body = json.dumps({"batch": batch}, separators=(",", ":"), ensure_ascii=False).encode()
                lines.send(b"%s%d\r\n\r\n%s" % (head, len(body), body), time.perf_counter())
                sent += BATCH
            lines.hear(1.0)
        if set(lines.found.codes) != {"200"}:
            raise RuntimeError(f"the front door answered {lines.found.codes}")


def _weighed(connection: Connection[Any]) -> dict[str, float]:
    """Bytes an event in each of its tables, indexes included; and what its visitors weigh beside."""
    connection.execute("vacuum analyze")
    row = connection.execute("select count(*), avg(length(payload)) from events").fetchone()
    assert row is not None  # an aggregate always answers
    count, payload = row
    sizes = dict(
        connection.execute(
            """select coalesce(pg_partition_root(oid)::regclass, oid::regclass)::text, sum(pg_total_relation_size(oid))
            from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace group by 1"""
        ).fetchall()
    )
    events, seen = float(sizes["events"]) / count, float(sizes["seen"]) / count
    visitors = sum(float(sizes[name]) for name in ("identities", "standings", "leads", "lead_states")) / count
    return {
        "bytes_an_event": round(events + seen, 1),
        "of_them_events": round(events, 1),
        "of_them_digests": round(seen, 1),
        "payload": round(float(payload), 1),
        "beside_it_visitors": round(visitors, 1),
        "stored": count,
    }
