"""A recorded history made live: moved in time so that it ends now, its last days sent through the front door."""

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from couveuse.core import times
from couveuse.core.events import PAGE_VIEWED, TRAITS_SET
from couveuse.core.times import DAY_US
from couveuse.engine.clocks import now_us
from couveuse.errors import CouveuseError

WEEK_US: Final = 7 * DAY_US
UTC: Final = ZoneInfo("UTC")
# The front door is asked again so often while it starts or is restarted.
TRIES, PAUSE = 20, 0.5


class NotTaken(CouveuseError):
    """The front door does not take events: see what couveuse up says."""


@dataclass(frozen=True, slots=True)
class Split:
    """A history moved to now: a file of what is past, and the rows that are still to come, in order."""

    past: Path
    rows: int
    coming: Sequence[Mapping[str, Any]]


def split(events: Path, into: Path, *, now: int, last: int) -> Split:
    """Move a history of NDJSON by whole weeks so that it ends now, and keep its last rows (microseconds) for later.

    By whole weeks, so that Mondays stay Mondays.
    """
    with events.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    instants = [times.instant(str(row["occurred_at"]), UTC) or 0 for row in rows]
    end = max(instants)
    shift = (now - end) // WEEK_US * WEEK_US
    coming: list[tuple[int, Mapping[str, Any]]] = []
    count = 0
    with into.open("w", encoding="utf-8") as past:
        for row, at in zip(rows, instants, strict=True):
            if at > end - last:
                coming.append((at, row))
                continue
            count += 1
            past.write(json.dumps({**row, "occurred_at": times.iso(at + shift)}, ensure_ascii=False) + "\n")
    coming.sort(key=lambda pair: pair[0])
    return Split(into, count, [row for _, row in coming])


def message(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A row as an existing SDK sends it: identify, page or track; it happens when it is sent."""
    keys = {"event", "occurred_at", "message_id", "source", "email", "user_id", "anonymous_id", "traits", "properties"}
    properties = {key: value for key, value in row.items() if key not in keys} | dict(row.get("properties") or {})
    email = row.get("email")
    said: dict[str, Any] = {"messageId": name, "timestamp": times.iso(now_us())}
    said |= {"userId": row.get("user_id"), "anonymousId": row.get("anonymous_id")}
    if row["event"] == TRAITS_SET:
        return {**said, "type": "identify", "traits": {**row.get("traits", {}), **({"email": email} if email else {})}}
    context = {"context": {"traits": {"email": email}}} if email else {}
    if row["event"] == PAGE_VIEWED:
        return {**said, **context, "type": "page", "properties": properties}
    return {**said, **context, "type": "track", "event": row["event"], "properties": properties}


@dataclass(slots=True)
class Sender:
    """Sends events as a server's SDK does."""

    url: str
    key: str

    def send(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Send a batch; the same again where there is no answer. Raises NotTaken."""
        body = json.dumps({"batch": messages, "sentAt": times.iso(now_us())}).encode()
        word = base64.b64encode(f"{self.key}:".encode()).decode()
        headers = {"Authorization": f"Basic {word}", "Content-Type": "application/json"}
        said = ""
        for _ in range(TRIES):
            try:
                asked = urllib.request.Request(f"{self.url}/v1/batch", body, headers)
                with urllib.request.urlopen(asked, timeout=10):
                    return
            except urllib.error.HTTPError as error:
                said = f"{error.code} {error.read(500).decode(errors='replace')}"
                if error.code < 429:
                    break
            except OSError as error:
                said = str(error)
            time.sleep(PAUSE)
        raise NotTaken(f"the front door does not take events ({said}): see what couveuse up says")


def paced(rows: Sequence[Mapping[str, Any]], seconds: float) -> Iterator[Sequence[Mapping[str, Any]]]:
    """The rows in small handfuls, spread over so many seconds."""
    began = time.monotonic()
    done = 0
    while done < len(rows):
        due = min(int(len(rows) * (time.monotonic() - began) / seconds) + 1, len(rows))
        if due > done:
            yield rows[done:due]
            done = due
        else:
            time.sleep(min(seconds / len(rows), 0.2))
