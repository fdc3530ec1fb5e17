"""Requests over kept connections, made as cheaply as Python can: the load must not be what is measured.

`python -m bench.live.load WANTED` sends in a process of its own, the next request on each connection once the one
before is answered, and prints what it found; WANTED and that are JSON.
"""

import base64
import gzip
import itertools
import json
import select
import socket
import statistics
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Self

from bench.core import histories
from bench.live import people
from couveuse.core.events import PAGE_VIEWED, TRAITS_SET, VERDICT_GIVEN, Fact

# So many different things are said; who says them, and the message's id, are new each time.
TEMPLATES = 500
# Bodies that are dear to make are made beforehand, and used again when all were.
MOST_MADE = 2_000
_WHEN = "2026-06-01T08:00:00.000Z"  # of the event and of its sending alike: it happens as it arrives
_MARKS = ("%MESSAGE%", "%USER%", "%DEVICE%")


def _said(fact: Fact) -> dict[str, Any]:
    """A fact as a client sends it: pages as the browser's does, other things as a server's."""
    said: dict[str, Any] = {"messageId": _MARKS[0], "userId": _MARKS[1], "timestamp": _WHEN, "context": fact.context}
    if fact.event == PAGE_VIEWED:
        return {**said, "type": "page", "properties": fact.properties, "anonymousId": _MARKS[2], "integrations": {}}
    if fact.event == TRAITS_SET:
        return {**said, "type": "identify", "traits": fact.traits}
    return {**said, "type": "track", "event": fact.event, "properties": fact.properties}


def messages(*, pages: bool) -> Sequence[Callable[[int, int], bytes]]:
    """What may be said: functions of the message's number and the person's. Single ones are pages, as browsers send."""
    dice = Random(31)
    found = []
    for (fact,) in histories(Random(32), TEMPLATES * 3, 1):
        if fact.event != VERDICT_GIVEN and (fact.event == PAGE_VIEWED) >= pages:
            said = _said(people.dressed(fact, dice))
            if pages:
                said |= {"sentAt": _WHEN, "writeKey": "in the header", "_metadata": {"bundled": ["Segment.io"]}}
            found.append(_message(json.dumps(said, separators=(",", ":"), ensure_ascii=False)))
    return found[:TEMPLATES]


def _message(text: str) -> Callable[[int, int], bytes]:
    template = text.replace("%", "%%")
    for mark, form in zip(_MARKS, ("ajs-next-%(message)024x", "u%(person)d", "%(device)s"), strict=True):
        template = template.replace(mark.replace("%", "%%"), form)
    needs_device = "%(device)s" in template

    def message(number: int, person: int) -> bytes:
        device = people.device(person) if needs_device else ""
        return (template % {"message": number, "person": person, "device": device}).encode()

    return message


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which requests: to which port by which key, how many events each, of how many people."""

    port: int
    key: str
    connections: int = 64
    seconds: float = 10.0
    events: int = 1
    zipped: bool = False
    people: int = 100_000

    def requests(self) -> Iterator[bytes]:
        """Requests, each new."""
        bodies = self._bodies()
        if self.zipped:
            made = [gzip.compress(body, 6) for body in itertools.islice(bodies, MOST_MADE)]
            bodies = itertools.cycle(made)
        head = self.head()
        for body in bodies:
            yield b"%s%d\r\n\r\n%s" % (head, len(body), body)

    def head(self) -> bytes:
        """How a request begins, up to the length of its body."""
        word = base64.b64encode(f"{self.key}:".encode()).decode()
        path = "/v1/p" if self.events == 1 else "/v1/batch"
        zipped = "Content-Encoding: gzip\r\n" if self.zipped else ""
        return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {word}\r\n{zipped}"
                "Content-Type: application/json\r\nContent-Length: ").encode()  # fmt: skip

    def _bodies(self) -> Iterator[bytes]:
        said = messages(pages=self.events == 1)
        dice = Random(time.time_ns())
        run = time.time_ns() << 24
        for number in itertools.count():
            if self.events == 1:
                yield said[number % len(said)](run + number, int(dice.random() * self.people))
                continue
            batch = [said[int(dice.random() * len(said))](run + number * self.events + place,
                     int(dice.random() * self.people)) for place in range(self.events)]  # fmt: skip
            yield b'{"batch":[%s],"sentAt":"%s"}' % (b",".join(batch), _WHEN.encode())


@dataclass(slots=True)
class Line:
    """One connection: since when it waits for an answer, in seconds of the clock; None while it is free."""

    socket: socket.socket
    since: float | None = None
    heard: bytes = b""


@dataclass(slots=True)
class Found:
    """What came back."""

    latencies: list[float] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)
    bytes_sent: int = 0

    def told(self, seconds: float, cpu: float, events: int) -> dict[str, Any]:
        """As JSON has it; times in milliseconds."""
        return {
            "requests": len(self.latencies),
            "codes": self.codes,
            "seconds": round(seconds, 2),
            "requests_per_second": round(len(self.latencies) / seconds, 1),
            "events_per_second": round(len(self.latencies) * events / seconds, 1),
            "bytes_a_request": round(self.bytes_sent / max(len(self.latencies), 1)),
            "load_share_of_a_core": round(cpu / seconds, 3),
            **percentiles([latency * 1000 for latency in self.latencies]),
        }


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """The median, p99 and p99.9, and the worst."""
    ordered = sorted(values)
    places = {"p50": 0.5, "p99": 0.99, "p99_9": 0.999}
    found = {name: ordered[min(int(len(ordered) * place), len(ordered) - 1)] for name, place in places.items()}
    found |= {"worst": ordered[-1], "mean": statistics.fmean(ordered)}
    return {name: round(value, 3) for name, value in found.items()}


class Lines:
    """Kept connections to the front door."""

    def __init__(self, port: int, count: int) -> None:
        self._poll = select.epoll()
        self._lines: dict[int, Line] = {}
        self.free: deque[Line] = deque()
        self.found = Found()
        for _ in range(count):
            line = Line(socket.create_connection(("127.0.0.1", port)))
            line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            self._poll.register(line.socket.fileno(), select.EPOLLIN)
            self._lines[line.socket.fileno()] = line
            self.free.append(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._poll.close()
        for line in self._lines.values():
            line.socket.close()

    def send(self, request: bytes, since: float) -> None:
        """Send on a free connection a request that was due at an instant."""
        line = self.free.popleft()
        line.since = since
        line.socket.sendall(request)
        self.found.bytes_sent += len(request)

    def hear(self, patience: float) -> None:
        """Take the answers that come within so many seconds, if any; their connections are free again."""
        for number, _ in self._poll.poll(patience):
            line = self._lines[number]
            heard = line.socket.recv(65536)
            if not heard:
                raise ConnectionError("the front door has closed a connection")
            line.heard += heard
            if _is_whole(line.heard):
                code = line.heard[9:12].decode()
                self.found.codes[code] = self.found.codes.get(code, 0) + 1
                assert line.since is not None
                self.found.latencies.append(time.perf_counter() - line.since)
                line.heard, line.since = b"", None
                self.free.append(line)


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    _, _, length = head.lower().partition(b"content-length:")
    return len(body) >= int(length.partition(b"\r\n")[0] or 0)


def closed(wanted: Wanted) -> dict[str, Any]:
    """Each connection sends again once it was answered."""
    requests = wanted.requests()
    first = next(requests)
    with Lines(wanted.port, wanted.connections) as lines:
        began, cpu = time.perf_counter(), time.process_time()
        ends = began + wanted.seconds
        lines.send(first, began)
        while time.perf_counter() < ends:
            while lines.free:
                request = next(requests)
                lines.send(request, time.perf_counter())
            lines.hear(1.0)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        return lines.found.told(seconds, cpu, wanted.events)


if __name__ == "__main__":
    print(json.dumps(closed(Wanted(**json.loads(sys.argv[1])))))
