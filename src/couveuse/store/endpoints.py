"""Where webhooks go: endpoints, the events that each wants, and the secrets that their messages are signed with."""

import base64
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from couveuse.store import audit
from couveuse.store.sealed import Box
from couveuse.store.statements import statement

# A message is signed with the newest secrets, so that whoever receives it may change to the newest one in their time.
MOST_SECRETS: Final = 2
_ADD, _ALL, _ONE = (statement("endpoints", name) for name in ("add", "all", "one"))
_RESEAL, _CHANGE = statement("endpoints", "reseal"), statement("endpoints", "change")
_DISABLE, _ENABLE = statement("endpoints", "disable"), statement("endpoints", "enable")
_MARK_FAILING, _MARK_WELL = statement("endpoints", "mark_failing"), statement("endpoints", "mark_well")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as people read it; no events: all."""

    id: str
    url: str
    events: Sequence[str]
    made_at: int
    disabled_at: int | None
    disabled_because: str
    failing_since: int | None


def a_secret() -> str:
    """A new secret, in the form of Standard Webhooks."""
    return "whsec_" + base64.b64encode(os.urandom(32)).decode("ascii")


def add_endpoint(
    connection: Connection[Any], box: Box, id: str, url: str, events: Sequence[str], *, by: str, now: int
) -> str | None:
    """A new endpoint; its secret, which is shown this once, or None where there is one of that id."""
    secret = a_secret()
    wanted = {"id": id, "url": url, "events": list(events), "sealed": _sealed(box, id, [secret]), "now": now}
    with connection.transaction():
        if connection.execute(_ADD, wanted).fetchone() is None:
            return None
        audit.record(connection, by=by, did="added an endpoint", about={"endpoint": id}, now=now)
    return secret


def rotate_secret(connection: Connection[Any], box: Box, id: str, *, by: str, now: int) -> str | None:
    """A new secret beside the last one; None where there is no such endpoint."""
    with connection.transaction():
        found = load_endpoint(connection, box, id)
        if found is None:
            return None
        secret = a_secret()
        kept = [secret, *found[1]][:MOST_SECRETS]
        connection.execute(_RESEAL, {"id": id, "sealed": _sealed(box, id, kept)})
        audit.record(connection, by=by, did="rotated an endpoint's secret", about={"endpoint": id}, now=now)
    return secret


def change_endpoint(
    connection: Connection[Any], id: str, url: str, events: Sequence[str], *, by: str, now: int
) -> bool:
    """Another address and other events for an endpoint; False where there is none."""
    with connection.transaction():
        wanted = {"id": id, "url": url, "events": list(events)}
        is_done = connection.execute(_CHANGE, wanted).fetchone() is not None
        if is_done:
            audit.record(connection, by=by, did="changed an endpoint", about={"endpoint": id}, now=now)
    return is_done


def list_endpoints(connection: Connection[Any]) -> list[Endpoint]:
    """Every endpoint, by id."""
    return [Endpoint(*row) for row in connection.execute(_ALL).fetchall()]


def load_endpoint(connection: Connection[Any], box: Box, id: str) -> tuple[Endpoint, list[str]] | None:
    """An endpoint with its secrets, the newest first; None where there is none of that id. Raises CannotOpen."""
    row = connection.execute(_ONE, [id]).fetchone()
    if row is None:
        return None
    return Endpoint(*row[:-1]), json.loads(box.open(_name(id), row[-1]))


def disable_endpoint(connection: Connection[Any], id: str, *, because: str, by: str, now: int) -> bool:
    """Nothing is sent to an endpoint any more; False where there is none, or it was disabled before."""
    with connection.transaction():
        is_done = connection.execute(_DISABLE, {"id": id, "because": because, "now": now}).fetchone() is not None
        if is_done:
            audit.record(connection, by=by, did="disabled an endpoint", about={"endpoint": id}, now=now)
    return is_done


def enable_endpoint(connection: Connection[Any], id: str, *, by: str, now: int) -> bool:
    """An endpoint gets again what is planned from now on; False where there is none."""
    with connection.transaction():
        is_done = connection.execute(_ENABLE, [id]).fetchone() is not None
        if is_done:
            audit.record(connection, by=by, did="enabled an endpoint", about={"endpoint": id}, now=now)
    return is_done


def mark(connection: Connection[Any], id: str, *, is_well: bool, now: int) -> None:
    """Note whether an endpoint takes what it gets: since when it fails is shown."""
    if is_well:
        connection.execute(_MARK_WELL, [id])
    else:
        connection.execute(_MARK_FAILING, {"id": id, "now": now})


def _sealed(box: Box, id: str, secrets: Sequence[str]) -> bytes:
    return box.seal(_name(id), json.dumps(list(secrets)))


def _name(id: str) -> str:
    return f"endpoint {id}"
