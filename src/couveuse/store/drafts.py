"""Documents on their way to act: one at a time, from the making of its states to the switch, or given up."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from psycopg import Connection

from couveuse.store.statements import statement

_BEGIN, _OPEN, _ONE, _LOCK = (statement("drafts", name) for name in ("begin", "open", "one", "lock"))
_WORKED_ON, _MADE_AS = statement("drafts", "worked_on"), statement("drafts", "made_as")
_COMPARED, _PUBLISH = statement("drafts", "compared"), statement("drafts", "publish")
_SETTLE, _SETTLE_OF_MODEL = statement("drafts", "settle"), statement("drafts", "settle_of_model")


class Way(StrEnum):
    """How far a draft is on its way."""

    MAKING = "making"
    READY = "ready"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    GIVEN_UP = "given_up"

    @property
    def is_open(self) -> bool:
        """Whether it is on its way, so that no other one may be begun."""
        return self in (Way.MAKING, Way.READY, Way.PUBLISHING)


@dataclass(frozen=True, slots=True)
class Draft:
    """A document on its way; `base_id` acted when it was begun, `restores_id` is the older version that it is again."""

    id: int
    base_id: int
    document: str
    restores_id: int | None
    by: str
    made_at: int
    standing: Way
    model_id: int | None
    job_id: int | None
    diff: Mapping[str, Any] | None
    diff_at: int | None
    per_day: int
    settled_at: int | None
    settled_by: str


def _draft(row: tuple[Any, ...] | None) -> Draft | None:
    return None if row is None else Draft(*(*row[:6], Way(row[6]), *row[7:]))


def begin(
    connection: Connection[Any], *, base_id: int, document: str, restores_id: int | None, by: str, now: int
) -> int | None:
    """A document sets out; returns its number, None where another one is on its way."""
    values = {"base": base_id, "document": document, "restores": restores_id, "by": by, "now": now}
    row = connection.execute(_BEGIN, values).fetchone()
    return None if row is None else int(row[0])


def open_draft(connection: Connection[Any]) -> Draft | None:
    """The one that is on its way."""
    return _draft(connection.execute(_OPEN).fetchone())


def find(connection: Connection[Any], draft_id: int) -> Draft | None:
    """The draft of that number."""
    return _draft(connection.execute(_ONE, [draft_id]).fetchone())


def lock(connection: Connection[Any], draft_id: int) -> Draft | None:
    """The same, held until the transaction ends."""
    return _draft(connection.execute(_LOCK, [draft_id]).fetchone())


def worked_on(connection: Connection[Any], draft_id: int, job_id: int) -> None:
    """Which job works on it."""
    connection.execute(_WORKED_ON, {"id": draft_id, "job": job_id})


def made_as(connection: Connection[Any], draft_id: int, model_id: int) -> None:
    """Which version's states are made for it."""
    connection.execute(_MADE_AS, {"id": draft_id, "model": model_id})


def compared(connection: Connection[Any], draft_id: int, diff: Mapping[str, object], now: int) -> None:
    """It is ready to be looked at."""
    connection.execute(_COMPARED, {"id": draft_id, "diff": json.dumps(diff), "now": now})


def publish(connection: Connection[Any], draft_id: int, *, per_day: int) -> bool:
    """It is to act; False where it is not ready, or somebody else has said so already."""
    return connection.execute(_PUBLISH, {"id": draft_id, "per_day": per_day}).fetchone() is not None


def settle(connection: Connection[Any], draft_id: int, standing: Way, *, by: str, now: int) -> bool:
    """What became of it; False where that is known already."""
    values = {"id": draft_id, "standing": standing.value, "by": by, "now": now}
    return connection.execute(_SETTLE, values).fetchone() is not None


def settle_of_model(connection: Connection[Any], model_id: int, standing: Way, *, by: str, now: int) -> None:
    """What became of the draft of a version, if that has one: in the transaction in which it did."""
    connection.execute(_SETTLE_OF_MODEL, {"model": model_id, "standing": standing.value, "by": by, "now": now})
