"""What real clients sent, byte for byte: everything is taken, and all of it is found again."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from couveuse.core.events import key_text
from couveuse.core.times import instant
from couveuse.store.packets import Flag
from couveuse.store.write_keys import KeyKind, create_key
from tests import outside
from tests.collect.doors import UTC, Door, Kept, as_a_file_says

pytestmark = pytest.mark.real_data

# The site that the browsers were on, and the keys that the clients had been given.
SITE, BROWSER_KEY, SERVER_KEY, JITSU_KEY = "http://127.0.0.1:8802", "wk_test", "wk_test", "k:s"
# What is asked of others than us: scripts, which are not the front door's to give.
SCRIPTS = ("/analytics.js/", "/analytics-next/")
EVENTS = {"identify": "Traits Set", "page": "Page Viewed", "screen": "Screen Viewed", "group": "Traits Set",
          "alias": "Identities Joined"}  # fmt: skip


@dataclass(frozen=True)
class Captured:
    """A request as a client sent it, and what it says."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    said: Any


def requests_of(file: Path) -> Iterator[Captured]:
    for request in json.loads(file.read_text(encoding="utf-8"))["requests"]:
        headers = {name.lower(): value for name, value in request["headers"]}
        body = base64.b64decode(request["raw_b64"] or "")
        if not request["path"].startswith(SCRIPTS):
            yield Captured(request["method"], request["path"], headers, body, request["body_json"])


def files() -> list[Path]:
    folder = outside.folder()
    vendors = ("segment", "analytics", "rudder", "jitsu")
    found = sorted((folder / "captures").glob("*.json")) if folder else []
    return [file for file in found if file.name.startswith(vendors)]


@pytest.fixture
def own_door(database: str) -> Iterator[Door]:
    """A front door that knows the keys of the captures."""
    with psycopg.connect(database) as connection:
        create_key(connection, kind=KeyKind.SERVER, source="server", key=JITSU_KEY)
    with Door(database) as door:
        yield door


@pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)
def test_what_a_client_sent_is_stored_and_found_again(own_door: Door, file: Path) -> None:
    captured = list(requests_of(file))
    is_browser = any("origin" in request.headers for request in captured)
    with psycopg.connect(own_door.url) as connection:
        kind, origins = (KeyKind.PUBLIC, [SITE]) if is_browser else (KeyKind.SERVER, [])
        create_key(connection, kind=kind, source="site", origins=origins, key=BROWSER_KEY)
    told = 0
    for request in captured:
        answer = own_door.request(request.method, request.path, headers=dict(request.headers), content=request.body)
        assert answer.is_success, answer.text
        if request.method != "POST":
            continue
        assert answer.json() == {"success": True}
        stored = {kept.fact.message_id: kept for kept in own_door.stored()}
        messages = request.said.get("batch", [request.said])
        assert stored.keys() == {message["messageId"] for message in messages}
        for message in messages:
            kept = stored[message["messageId"]]
            compare(kept, message, message.get("sentAt") or request.said.get("sentAt"))
            assert kept.flags == (Flag.CLAIM if is_browser else Flag.NONE)
            told += 1
    assert told > 0
    assert own_door.rejects() == []


def compare(kept: Kept, message: dict[str, Any], sent_at: str | None) -> None:
    """A stored fact says what its message says."""
    fact = kept.fact
    assert as_a_file_says(kept.row) == kept.row
    assert fact.event == EVENTS.get(message["type"], message.get("event"))
    written = message.get("timestamp") or message["originalTimestamp"]
    assert sent_at is not None
    age = (instant(sent_at, UTC) or 0) - (instant(written, UTC) or 0)
    assert fact.at == kept.received_at - max(age, 0)
    traits = message.get("traits") or {}
    if message["type"] == "group":
        assert fact.traits == {"company": {"id": message["groupId"], **traits}}
    else:
        assert traits.items() <= fact.traits.items()
    assert (message.get("properties") or {}).items() <= fact.properties.items()
    for name in ("name", "category"):
        if message["type"] in ("page", "screen") and message.get(name):
            assert fact.properties[name] == message[name]
    assert message.get("context", {}).items() <= fact.context.items()
    device = message["previousId"] if message["type"] == "alias" else message.get("anonymousId")
    if message["type"] == "alias" and device == message["userId"]:
        device = message["anonymousId"]
    email = (fact.traits if message["type"] == "identify" else message.get("context", {}).get("traits", {})).get(
        "email"
    )
    assert kept.keys == (email, key_text(message.get("userId")), key_text(device))


def test_a_retry_is_known_by_its_digest(own_door: Door, test_data: Path) -> None:
    with psycopg.connect(own_door.url) as connection:
        create_key(connection, kind=KeyKind.SERVER, source="server", key=SERVER_KEY)
    file = test_data / "captures" / "segment-analytics-python-2.4.0-retry500.json"
    for request in requests_of(file):
        own_door.request(request.method, request.path, headers=dict(request.headers), content=request.body)
    stored = own_door.stored()
    assert len(stored) == 3
    assert len({(kept.fact.source, kept.fact.message_id) for kept in stored}) == 1
