"""Senders as real clients are: each keeps its message until it is acknowledged, and sends the very same one again.

What was acknowledged is kept as the facts that the front door should have made of it.
"""

import http.client
import json
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Self

from couveuse.collect.normalising import Arrival, fact
from couveuse.core.events import Row
from tests.faults.people import Crowd, Person, Said
from tests.faults.product import PUBLIC_KEY, SERVER, SERVER_KEY, SITE
from tests.processes import until

WAITING = frozenset((429, 503))
"""Answers upon which a client sends again."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the front door is to make of a message, and whether it is a claim."""

    row: Row
    is_claim: bool


def as_sent(said: Said) -> Sent:
    """A message as the fact that is to be stored."""
    arrival = Arrival(time.time_ns() // 1000, SITE if said.is_claim else SERVER, said.is_claim)
    row = fact(said.message["type"], json.loads(json.dumps(said.message)), arrival)
    assert isinstance(row, Row), f"no fact: {said.message}"
    return Sent(row, said.is_claim)


def request(said: Sequence[Said]) -> tuple[str, bytes]:
    """The path and the body by which messages of one key are sent."""
    if len(said) == 1:
        return f"/v1/{said[0].message['type']}", json.dumps(said[0].message).encode()
    return "/v1/batch", json.dumps({"batch": [each.message for each in said]}).encode()


class Line:
    """A connection to the front door, made again when it breaks."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.breaks: Counter[str] = Counter()  # by kind of error
        self._line: http.client.HTTPConnection | None = None

    def post(self, path: str, body: bytes, *, is_claim: bool) -> tuple[int, http.client.HTTPMessage] | None:
        """The answer's status and headers; None where there was none."""
        key = PUBLIC_KEY if is_claim else SERVER_KEY
        headers = {"Authorization": "Basic " + b64encode(f"{key}:".encode()).decode(), "Content-Type": "text/plain"}
        try:
            if self._line is None:
                self._line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
            self._line.request("POST", path, body, headers)
            answer = self._line.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.breaks[type(error).__name__] += 1
            self.close()
            return None
        return answer.status, answer.headers

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None


class Sender(threading.Thread):
    """Sends without end, each message until it is acknowledged; some again though they were."""

    def __init__(self, port: int, crowd: Crowd, *, pause: float = 0.01) -> None:
        super().__init__(name=crowd.name, daemon=True)
        self.line, self._crowd, self._pause = Line(port), crowd, pause
        self._stopping = threading.Event()
        self.acknowledged: list[Sent] = []
        self.answers: Counter[int] = Counter()
        self.wrong: list[str] = []
        self.tries = 0

    def run(self) -> None:
        rng = self._crowd.rng
        while not self._stopping.is_set() and not self.wrong:
            said = self._crowd.messages(rng.choice((1, 1, 2, 10, 20)))
            sent = list(map(as_sent, said))
            path, body = request(said)
            for _ in range(2 if rng.random() < 0.05 else 1):
                self._until_taken(path, body, is_claim=said[0].is_claim)
            self.acknowledged += sent
            self._stopping.wait(self._pause)
        self.line.close()

    def _until_taken(self, path: str, body: bytes, *, is_claim: bool) -> None:
        while not self.wrong:
            self.tries += 1
            answer = self.line.post(path, body, is_claim=is_claim)
            status = 0 if answer is None else answer[0]
            self.answers[status] += 1
            if status == 200:
                return
            if answer is not None and (status not in WAITING or not answer[1]["retry-after"]):
                self.wrong.append(f"{path}: {status}")
            self._stopping.wait(0.02) or time.sleep(0.02)

    def stop(self) -> None:
        """Begin nothing new; what was begun is sent until it is taken."""
        self._stopping.set()


class Load:
    """Several senders at once, of people whom they share."""

    def __init__(
        self, port: int, rng: Random, people: list[Person], *, senders: int = 3, pause: float = 0.01, name: str = "s",
        late: float = 0.1,
    ) -> None:  # fmt: skip
        crowds = (Crowd(Random(rng.random()), f"{name}{i}", people, late=late) for i in range(senders))
        self._senders = [Sender(port, crowd, pause=pause) for crowd in crowds]

    def __enter__(self) -> Self:
        for sender in self._senders:
            sender.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for sender in self._senders:
            sender.stop()
        if error is not None:  # the front door may be away for good
            for sender in self._senders:
                sender.wrong.append("the test failed")
        for sender in self._senders:
            sender.join(60)
        if error is None:
            assert not any(sender.is_alive() for sender in self._senders), "a message was not acknowledged in time"
            assert not [wrong for sender in self._senders for wrong in sender.wrong]

    @property
    def acknowledged(self) -> list[Sent]:
        """What has been acknowledged so far."""
        return [sent for sender in self._senders for sent in tuple(sender.acknowledged)]

    def count(self) -> int:
        """How many messages have been acknowledged so far."""
        return sum(len(sender.acknowledged) for sender in self._senders)

    def breaks(self) -> Counter[str]:
        """How many requests had no answer, by what happened instead."""
        return sum((sender.line.breaks for sender in self._senders), Counter())

    def answers(self) -> Counter[int]:
        """How many answers there were of each status; 0: none came."""
        return sum((sender.answers for sender in self._senders), Counter())

    def wait_for(self, more: int, seconds: float = 60.0) -> None:
        """Wait until so many more are acknowledged."""
        wanted = self.count() + more
        until(lambda: self.count() >= wanted or self.is_wrong(), seconds)
        assert not self.is_wrong(), [sender.wrong for sender in self._senders]

    def is_wrong(self) -> bool:
        """Whether a sender has got an answer that no client expects."""
        return any(sender.wrong for sender in self._senders)


def send_all(port: int, said: Iterable[Said], *, at_once: int = 50) -> list[Sent]:
    """Send messages in their order, each until it is acknowledged; what is to be stored of them."""
    line, found, held = Line(port), [], list(said)
    try:
        while held:
            first = held[0].is_claim
            size = next((i for i, each in enumerate(held[:at_once]) if each.is_claim != first), min(at_once, len(held)))
            part, held = held[:size], held[size:]
            path, body = request(part)
            until(lambda path=path, body=body, first=first: _is_taken(line, path, body, is_claim=first))
            found += map(as_sent, deepcopy(part))
    finally:
        line.close()
    return found


def _is_taken(line: Line, path: str, body: bytes, *, is_claim: bool) -> bool:
    answer = line.post(path, body, is_claim=is_claim)
    assert answer is None or answer[0] in {200, *WAITING}, f"{path}: {answer and answer[0]}"
    return answer is not None and answer[0] == 200
