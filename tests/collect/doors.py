"""The front door in this process for tests, what was stored through it, and messages to send."""

import asyncio
import json
import threading
from base64 import b64encode
from collections.abc import Coroutine, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar
from zoneinfo import ZoneInfo

import httpx
import psycopg

from couveuse import configuration
from couveuse.collect.app import FrontDoor, application
from couveuse.core import times
from couveuse.core.events import Fact, Row, check
from couveuse.store.packets import digest_of, lane_of, unpack
from couveuse.store.payloads import Compressor
from couveuse.store.rejects import StoredReject, latest
from couveuse.store.write_keys import KeyKind, create_key

T = TypeVar("T")
UTC = ZoneInfo("UTC")
SERVER_KEY, PUBLIC_KEY = "cvs_test-of-a-server", "cvp_test-of-a-page"
SITE = "https://www.example.com"


def basic(key: str) -> dict[str, str]:
    """The header by which most clients show a key."""
    return {"Authorization": "Basic " + b64encode(f"{key}:".encode()).decode()}


class Door:
    """A front door on a database, in a thread of its own; requests are made in its loop, and waited for."""

    def __init__(self, url: str, environment: Mapping[str, str] | None = None) -> None:
        self.url = url
        self.app: FrontDoor = application(configuration.read(environment or {}), url)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        self.run(self.app.open())
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://couveuse.test")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run(self.app.close())
        self.run(self.client.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def begin(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """A coroutine, begun in the door's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine gives, run in the door's loop."""
        return self.begin(work).result(timeout=60)

    def request(self, method: str, path: str, **said: Any) -> httpx.Response:
        """One request, as httpx makes it."""
        return self.run(self.client.request(method, path, **said))

    def post(
        self, path: str, body: object, *, key: str | None = SERVER_KEY, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """One POST of a JSON value, or of bytes as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        shown = basic(key) if key is not None else {}
        return self.request("POST", path, content=content, headers={**shown, **(headers or {})})

    def send(self, path: str, body: object, **said: Any) -> "Kept":
        """One POST that is taken, and the one fact that was stored of it."""
        answer = self.post(path, body, **said)
        assert (answer.status_code, answer.json()) == (200, {"success": True})
        (kept,) = self.stored()
        return kept

    def stored(self) -> list["Kept"]:
        """The facts stored since the last time, in the order of acceptance."""
        return taken(self.url)

    def rejects(self) -> list[StoredReject]:
        """The rejects stored since the last time, the first one first."""
        with psycopg.connect(self.url) as connection:
            found = list(reversed(latest(connection, 10_000)))
            connection.execute("delete from rejects")
        return found


@dataclass(frozen=True)
class Kept:
    """A stored fact with its identities, and how it came."""

    row: Row
    flags: int
    received_at: int

    @property
    def fact(self) -> Fact:
        return self.row.fact

    @property
    def keys(self) -> tuple[str | None, str | None, str | None]:
        return self.row.email, self.row.user_id, self.row.anonymous_id


def taken(url: str) -> list[Kept]:
    """What waits for the engine, taken away and decoded."""
    with psycopg.connect(url) as connection:
        return taken_by(connection)


def taken_by(connection: psycopg.Connection[Any]) -> list[Kept]:
    """The same; each packet is looked over."""
    compressor = Compressor()
    found = []
    rows = connection.execute("delete from inbox returning id, lane, events, received_at, packet").fetchall()
    for _, lane, events, received_at, packet in sorted(rows):
        accepted = unpack(packet)
        assert (len(accepted), accepted[0].received_at) == (events, received_at)
        for each in accepted:
            message_id, properties, context, traits, user_id, device = compressor.unpack_fact(each.payload)
            fact = Fact(each.at, each.event, message_id, each.source, properties, context, traits)
            assert each.digest == digest_of(each.source, message_id)
            assert lane == lane_of(each.email, each.user_id, each.anonymous_id)
            # The payload holds the keys that are further from the person than the row's own.
            assert user_id == (each.user_id if each.email else None)
            assert device == (each.anonymous_id if each.email or each.user_id else None)
            row = Row(fact, each.email, each.user_id, each.anonymous_id)
            found.append(Kept(row, each.flags, each.received_at))
    return found


def as_a_file_says(row: Row) -> object:
    """What the core makes of the same row where it is a line of a file."""
    fact = row.fact
    line = {
        "event": fact.event, "occurred_at": times.iso(fact.at), "message_id": fact.message_id, "source": fact.source,
        "email": row.email, "user_id": row.user_id, "anonymous_id": row.anonymous_id,
        "properties": fact.properties, "context": fact.context, "traits": fact.traits,
    }  # fmt: skip
    return check(line, zone=UTC, latest=fact.at)


def make_keys(url: str) -> None:
    """A key for servers, and one for pages of one site."""
    with psycopg.connect(url) as connection:
        create_key(connection, kind=KeyKind.SERVER, source="server", key=SERVER_KEY)
        create_key(connection, kind=KeyKind.PUBLIC, source="site", origins=[SITE], key=PUBLIC_KEY)


def a_track(event: str = "Demo Requested", **said: object) -> dict[str, Any]:
    """A track message."""
    return {"type": "track", "event": event, "userId": "u-1", "messageId": "m-1", **said}


def a_batch(messages: Iterable[object], **said: object) -> dict[str, Any]:
    """A batch of messages."""
    return {"batch": list(messages), **said}
