"""From an event sent to the lead's score readable: a steady offer, and a look at the leads that wait, again and again.

It is measured from the instant at which the event was due to be sent to the instant at which its lead's row says it:
what the front door, the engine and the look take is all in it.
"""

import argparse
import time
from dataclasses import dataclass, field
from random import Random
from typing import Any

from psycopg import Connection

from bench.live import base
from bench.live.front import serving
from bench.live.ground import ground, until
from bench.live.load import Lines, Wanted, messages, percentiles
from bench.live.processes import cpu_seconds
from couveuse.store import arrays, connections

RATE = 500.0
LOOK_SECONDS = 0.01
PATIENCE = 30.0


def measure(asked: argparse.Namespace) -> dict[str, object]:
    """At the offered rate, over all the leads, for as long as is asked."""
    seconds = min(asked.seconds, 120.0)
    with ground(asked.data, keep=asked.keep) as place:
        url = place.url(base.ready(place, leads=asked.leads, facts=1))
        with serving(place, url) as (web, port, key), place.running("engine", url=url) as engine:
            offer = Offer(url, port, key, asked.leads)
            offer.run(asked.spell / 4)  # warm
            offer.latencies.clear()
            before = cpu_seconds(web.pid), cpu_seconds(engine.pid), place.cpu_seconds(), time.process_time()
            offer.run(seconds)
            after = cpu_seconds(web.pid), cpu_seconds(engine.pid), place.cpu_seconds(), time.process_time()
    names = ("front_door", "engine", "postgres", "load_and_look")
    found = percentiles([latency * 1000 for latency in offer.latencies])
    print(f"   {RATE:.0f} events/s offered: p50 {found['p50']:.0f} ms, p99 {found['p99']:.0f} ms, "
          f"p99.9 {found['p99_9']:.0f} ms", flush=True)  # fmt: skip
    return {
        "leads": asked.leads,
        "offered_per_second": RATE,
        "seconds": seconds,
        "events": len(offer.latencies),
        "milliseconds": found,
        "share_of_a_core": {name: round((b - a) / seconds, 3) for name, a, b in zip(names, before, after, strict=True)},
    }


@dataclass(slots=True)
class Offer:
    """Single events at a steady rate, each of a lead of which none is under way."""

    url: str
    port: int
    key: str
    leads: int
    latencies: list[float] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        """Offer for so many seconds, then wait for what is under way."""
        under_way: dict[int, tuple[float, int]] = {}  # lead: when it was due, by the two clocks
        with connections.connect(self.url, "bench", autocommit=True) as connection, Lines(self.port, 64) as lines:
            requests = _Requests(self.port, self.key, self.leads)
            began = time.perf_counter()
            look_at, sent = began, 0
            while (now := time.perf_counter()) < began + seconds or under_way:
                due = began + sent / RATE
                if now >= due and now < began + seconds and lines.free:
                    number, request = requests.next(under_way)
                    under_way[base.lead_id(number)] = (due, time.time_ns() // 1000)
                    lines.send(request, due)
                    sent += 1
                    continue
                if now >= look_at:
                    self._look(connection, under_way)
                    look_at = now + LOOK_SECONDS
                if now > began + seconds + PATIENCE:
                    raise TimeoutError(f"{len(under_way)} events were not folded within {PATIENCE:g} s")
                lines.hear(max(min(due, look_at) - time.perf_counter(), 0.0))
            until(lambda: _all_answered(lines))

    def _look(self, connection: Connection[Any], under_way: dict[int, tuple[float, int]]) -> None:
        """Which leads' rows say what was sent of them."""
        if not under_way:
            return
        rows = connection.execute(
            "select lead_id, last_event_at from lead_states where lead_id = any(%s::text::bigint[])",
            [arrays.numbers(under_way)],
        ).fetchall()
        now = time.perf_counter()
        for lead, last in rows:
            due, since = under_way[lead]
            if last is not None and last >= since:
                self.latencies.append(now - due)
                del under_way[lead]


def _all_answered(lines: Lines) -> bool:
    lines.hear(0.01)
    return all(code == "200" for code in lines.found.codes)


class _Requests:
    """Single pages of people of whom nothing is under way."""

    def __init__(self, port: int, key: str, people: int) -> None:
        self._head = Wanted(port, key).head()
        self._said, self._people, self._dice = messages(pages=True), people, Random(time.time_ns())
        self._number = time.time_ns() << 20

    def next(self, under_way: dict[int, tuple[float, int]]) -> tuple[int, bytes]:
        """A person and the request."""
        while True:
            number = int(self._dice.random() * self._people)
            if base.lead_id(number) not in under_way:
                break
        self._number += 1
        body = self._said[self._number % len(self._said)](self._number, number)
        return number, b"%s%d\r\n\r\n%s" % (self._head, len(body), body)
