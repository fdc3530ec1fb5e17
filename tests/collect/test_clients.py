"""Clients that others wrote, unchanged, against a started front door: all that they send is found again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import rudderstack.analytics
import segment.analytics

from couveuse.core.times import microseconds
from tests.collect.doors import SERVER_KEY, Kept, as_a_file_says, make_keys, taken
from tests.collect.served import Served, a_failure, served

CONTEXT = {"ip": "203.0.113.9", "userAgent": "Mozilla/5.0", "campaign": {"source": "linkedin", "name": "q3"}}
TRAITS = {"email": "Ana@Example.com", "company": {"name": "Example SA", "employees": 120}, "title": "CFO"}
Client = Any


@contextmanager
def segment_client(door: Served, **said: Any) -> Iterator[Client]:
    """Segment's client for Python; on leaving, everything has been sent, and nothing was given up."""
    errors: list[object] = []
    client = segment.analytics.Client(
        SERVER_KEY, host=door.url, on_error=lambda *error: errors.append(error), **{"upload_interval": 0.1, **said}
    )
    yield client
    if client.consumers:  # else each message was sent when it was said
        client.flush()
        client.join()
    assert errors == []


@contextmanager
def rudder_client(door: Served, **said: Any) -> Iterator[Client]:
    """RudderStack's, which is gzipped by default."""
    errors: list[object] = []
    client = rudderstack.analytics.Client(
        SERVER_KEY, host=door.url, on_error=lambda *error: errors.append(error), **{"upload_interval": 0.1, **said}
    )
    yield client
    client.flush()
    client.join()
    assert errors == []


CLIENTS = [
    pytest.param(segment_client, {}, id="segment"),
    pytest.param(segment_client, {"gzip": True}, id="segment-gzip"),
    pytest.param(segment_client, {"sync_mode": True}, id="segment-sync"),
    pytest.param(rudder_client, {}, id="rudder"),
    pytest.param(rudder_client, {"gzip": False}, id="rudder-plain"),
]
Make = Callable[..., Any]


def say_everything(client: Client) -> None:
    client.identify("u-1", TRAITS, context=CONTEXT)
    client.track("u-1", "Demo Requested", {"plan": "pro", "value": 1200.5, "tags": ["a", "é"]}, context=CONTEXT)
    client.page("u-1", "Docs", "Pricing", {"url": "https://example.com/pricing?x=1"})
    client.screen("u-1", "App", "Home", {"a": 1})
    client.group("u-1", "acme", {"name": "Acme", "employees": 420})
    client.alias("anon-77", "u-1")
    client.track(anonymous_id="anon-77", event="Form Viewed", properties={"form": "contact"})


def check_everything(stored: list[Kept]) -> None:
    traits, demo, page, screen, company, joined, form = stored
    assert all(as_a_file_says(kept.row) == kept.row for kept in stored)
    assert (traits.fact.event, traits.fact.traits) == ("Traits Set", TRAITS)
    assert traits.keys == ("ana@example.com", "u-1", None)
    assert (demo.fact.event, demo.fact.properties) == (
        "Demo Requested", {"plan": "pro", "value": 1200.5, "tags": ["a", "é"]},
    )  # fmt: skip
    for kept in (traits, demo):
        assert CONTEXT.items() <= kept.fact.context.items()
        assert "library" in kept.fact.context
    assert (page.fact.event, page.fact.properties) == (
        "Page Viewed",
        {"url": "https://example.com/pricing?x=1", "path": "/pricing", "name": "Pricing", "category": "Docs"},
    )
    assert (screen.fact.event, screen.fact.properties) == ("Screen Viewed", {"a": 1, "name": "Home", "category": "App"})
    assert company.fact.traits == {"company": {"id": "acme", "name": "Acme", "employees": 420}}
    assert (joined.fact.event, joined.keys) == ("Identities Joined", (None, "u-1", "anon-77"))
    assert (form.fact.event, form.fact.properties) == ("Form Viewed", {"form": "contact"})
    assert form.keys == (None, None, "anon-77")
    assert {kept.fact.source for kept in stored} == {"server"}


def in_order(url: str, ids: list[str]) -> list[Kept]:
    """What was stored, in the order in which it was said."""
    return sorted(taken(url), key=lambda kept: ids.index(kept.fact.message_id))


@contextmanager
def remembering(client: Client, ids: list[str]) -> Iterator[None]:
    """Notes the ids that a client gives to its messages."""
    enqueue = client._enqueue

    def noted(message: dict[str, Any]) -> Any:
        told, queued = enqueue(message)
        ids.append(queued["messageId"])
        return told, queued

    client._enqueue = noted
    yield


@pytest.mark.parametrize(("make", "said"), CLIENTS)
def test_all_that_a_client_sends_is_found_again(
    database: str, tmp_path: Path, make: Make, said: dict[str, Any]
) -> None:
    make_keys(database)
    ids: list[str] = []
    with served(database, tmp_path) as door:
        with make(door, **said) as client, remembering(client, ids):
            say_everything(client)
        check_everything(in_order(database, ids))
        is_gzipped = {"content-encoding" in request["headers"] for request in door.seen()}
    assert is_gzipped == {said.get("gzip", make is rudder_client)}


@pytest.mark.parametrize("make", [segment_client, rudder_client])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("status", [500, 429])
def test_what_is_sent_again_is_known_by_its_digest(
    database: str, tmp_path: Path, make: Make, after: bool, status: int
) -> None:
    make_keys(database)
    headers = {"retry_after": "1"} if status == 429 else {}
    failures = [a_failure(status, after=after, **headers)]
    with served(database, tmp_path, failures) as door:
        with make(door) as client:
            client.track("u-1", "Demo Requested", {"plan": "pro"})
        seen = door.seen()
    assert [request["failed"] is not None for request in seen] == [True, False]
    stored = taken(database)
    assert len(stored) == (2 if after else 1)
    assert len({(kept.fact.source, kept.fact.message_id) for kept in stored}) == 1
    if status == 429 and make is segment_client:
        assert seen[1]["at"] - seen[0]["at"] >= 1.0  # it waits as long as it is told


def test_a_large_batch_of_rudderstacks_is_taken_whole(database: str, tmp_path: Path) -> None:
    make_keys(database)
    with served(database, tmp_path) as door:
        with rudder_client(door, gzip=False, upload_size=150, upload_interval=2) as client:
            for number in range(140):
                client.track("u-1", "Read", {"text": "x" * 30_000, "n": number})
        sizes = [int(request["headers"]["content-length"]) for request in door.seen()]
    assert max(sizes) > 4 << 20
    assert sorted(kept.fact.properties["n"] for kept in taken(database)) == list(range(140))  # type: ignore[type-var]


def test_a_clients_clock_is_that_of_its_events(database: str, tmp_path: Path) -> None:
    from datetime import UTC, datetime, timedelta

    make_keys(database)
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    with served(database, tmp_path) as door, segment_client(door) as client:
        client.track("u-1", "Demo Requested", timestamp=hour_ago)
    (kept,) = taken(database)
    assert abs(kept.fact.at - microseconds(hour_ago)) < 30_000_000


def test_an_unknown_key_is_told_at_once_and_not_tried_again(database: str, tmp_path: Path) -> None:
    errors: list[Any] = []
    with served(database, tmp_path) as door:
        client = segment.analytics.Client(
            "nobody's", host=door.url, on_error=lambda error, _: errors.append(error), upload_interval=0.1
        )
        client.track("u-1", "Demo Requested")
        client.flush()
        client.join()
        other = rudderstack.analytics.Client("nobody's", host=door.url, on_error=lambda error, _: errors.append(error))
        other.track("u-1", "Demo Requested")
        other.flush()
        other.join()
        assert len(door.seen()) == 2
    assert [(error.status, error.code) for error in errors] == [(401, "unknown_write_key")] * 2


def test_a_body_in_chunks_is_taken(database: str, tmp_path: Path) -> None:
    make_keys(database)

    def parts() -> Iterator[bytes]:
        yield b'{"batch": ['
        for number in range(100):
            yield b'{"type": "track", "event": "X", "userId": "u", "messageId": "%d"},' % number
        yield b'{"type": "track", "event": "X", "userId": "u", "messageId": "last"}]}'

    with served(database, tmp_path) as door:
        answer = httpx.post(f"{door.url}/v1/batch", content=parts(), auth=(SERVER_KEY, ""))
        assert answer.json() == {"success": True}
        endless = httpx.post(f"{door.url}/v1/batch", content=(b" " * 65536 for _ in range(80)), auth=(SERVER_KEY, ""))
        assert endless.status_code == 413
    assert len(taken(database)) == 101
