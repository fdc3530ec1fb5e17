"""From an event received to the alert handed to the mail server: a steady offer, of which some make a lead ripe.

It is measured from the instant at which the event was due to be sent to the instant at which the mail server has the
whole mail: the front door, the engine, the dispatching, the deliverer and the mail's own way are all in it.
"""

import argparse
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from bench.live import base
from bench.live.front import a_port, answers, serving
from bench.live.ground import Ground, ground, until
from bench.live.latency import RATE
from bench.live.load import Lines, Wanted, messages, percentiles
from bench.live.processes import cpu_seconds
from couveuse.documents.team import parse_team
from couveuse.store import connections, rosters

EVERY = 25  # one event in so many asks for a quote: twenty alerts a second
PATIENCE = 60.0
TEAM = """
couveuse: 1
team: bench
members:
  - {id: ada, name: Ada, email: ada@example.com}
  - {id: bob, name: Bob, email: bob@example.com}
teams:
  - {id: telemarketing, members: [ada], assignment: round_robin, alert: [member]}
  - {id: sales, members: [bob], assignment: round_robin, alert: [member]}
"""


def measure(asked: argparse.Namespace) -> dict[str, object]:
    """At the offered rate, for as long as is asked."""
    seconds = min(asked.seconds, 120.0)
    with ground(asked.data, keep=asked.keep) as place:
        url = place.url(base.ready(place, leads=asked.leads, facts=1))
        with connections.connect(url, "bench", autocommit=True) as connection:
            rosters.apply_roster(connection, parse_team(TEAM, "the bench's"), by="the bench", now=_now())
        with (
            sink() as mails,
            serving(place, url) as (web, port, key),
            place.running("engine", url=url) as engine,
            delivering(place, url, mails) as deliverer,
        ):
            offer = Offer(port, key, asked.leads, mails)
            offer.run(max(asked.spell / 4, 2.0))  # warm
            offer.latencies.clear()
            before = cpu_seconds(web.pid), cpu_seconds(engine.pid), cpu_seconds(deliverer.pid), place.cpu_seconds()
            offer.run(seconds)
            after = cpu_seconds(web.pid), cpu_seconds(engine.pid), cpu_seconds(deliverer.pid), place.cpu_seconds()
    found = percentiles([latency * 1000 for latency in offer.latencies])
    print(f"   {RATE:.0f} events/s offered, {len(offer.latencies)} alerts: p50 {found['p50']:.0f} ms, "
          f"p99 {found['p99']:.0f} ms", flush=True)  # fmt: skip
    names = ("front_door", "engine", "deliverer", "postgres")
    return {
        "leads": asked.leads,
        "offered_per_second": RATE,
        "seconds": seconds,
        "alerts": len(offer.latencies),
        "milliseconds": found,
        "share_of_a_core": {name: round((b - a) / seconds, 3) for name, a, b in zip(names, before, after, strict=True)},
    }


def _now() -> int:
    return time.time_ns() // 1000


class Mails:
    """What the sink has got: when, of which lead."""

    def __init__(self, port: int, process: subprocess.Popen[str]) -> None:
        self.port = port
        self.got: dict[str, int] = {}
        self.count = 0
        self._process = process
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            at, key = line.split()
            self.got.setdefault(key, int(at))
            self.count += 1


@contextmanager
def sink() -> Iterator[Mails]:
    """A mail server in a process of its own."""
    port = a_port()
    words = [sys.executable, "-m", "bench.live.sink", str(port), r"(\S+@\S+\.\w+)"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        until(lambda: answers(port))
        yield Mails(port, process)
    finally:
        process.kill()
        process.wait()


@contextmanager
def delivering(place: Ground, url: str, mails: Mails) -> Iterator[subprocess.Popen[bytes]]:
    """A deliverer that sends to the sink."""
    with place.running("deliver", url=url, mail_url=f"smtp://127.0.0.1:{mails.port}") as process:
        yield process


class Offer:
    """Single pages at a steady rate, and among them requests of a quote by people who are handed over by it."""

    def __init__(self, port: int, key: str, leads: int, mails: Mails) -> None:
        self.port, self.key, self.leads, self.mails = port, key, leads, mails
        self.latencies: list[float] = []
        self._said, self._dice = messages(pages=True), Random(time.time_ns())
        self._number = time.time_ns() << 20
        head = Wanted(port, key).head()
        self._page, self._track = head, head.replace(b"POST /v1/p ", b"POST /v1/track ")
        self._new = 0

    def run(self, seconds: float) -> None:
        """Offer for so many seconds, then wait for the mails that are under way."""
        due_at: dict[str, int] = {}
        with Lines(self.port, 64) as lines:
            began, sent = time.perf_counter(), 0
            offset = time.time_ns() - time.perf_counter_ns()
            while (now := time.perf_counter()) < began + seconds:
                due = began + sent / RATE
                if now >= due and lines.free:
                    if sent % EVERY == 0:
                        who, request = self._quote()
                        due_at[who] = int(due * 1e9) + offset
                    else:
                        request = self._view()
                    lines.send(request, due)
                    sent += 1
                    continue
                lines.hear(max(due - time.perf_counter(), 0.0))
            until(lambda: self._all_got(lines, due_at), PATIENCE)
        self.latencies += [(self.mails.got[who] - due) / 1e9 for who, due in due_at.items()]

    def _all_got(self, lines: Lines, due_at: dict[str, int]) -> bool:
        lines.hear(0.01)
        assert all(code == "200" for code in lines.found.codes)
        return due_at.keys() <= self.mails.got.keys()

    def _view(self) -> bytes:
        self._number += 1
        body = self._said[self._number % len(self._said)](self._number, int(self._dice.random() * self.leads))
        return b"%s%d\r\n\r\n%s" % (self._page, len(body), body)

    def _quote(self) -> tuple[str, bytes]:
        """Somebody of whom nothing was known before: a lead with its first fact, ripe at once."""
        self._new += 1
        self._number += 1
        who = f"new-{self._number}-{self._new}@example.com"
        said = {"event": "Quote Requested", "messageId": f"quote-{self._number}", "userId": f"user-{self._number}",
                "context": {"traits": {"email": who}}, "properties": {}}  # fmt: skip
        body = json.dumps(said).encode()
        return who, b"%s%d\r\n\r\n%s" % (self._track, len(body), body)
