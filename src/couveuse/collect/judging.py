"""From the messages of a request to what is stored of it: facts, each in its lane, and rejects with their reasons."""

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import Any, Final

from couveuse.collect.bodies import MOST_EVENT
from couveuse.collect.messages import Batch, decoded, may_hold_nul
from couveuse.collect.normalising import Arrival, fact, instant
from couveuse.collect.routes import Call
from couveuse.core import events
from couveuse.core.events import Refused, Row
from couveuse.core.events import Reject as Reason
from couveuse.store.packets import Accepted, Flag, digest_of, lane_of
from couveuse.store.payloads import Compressor
from couveuse.store.rejects import Reject

# So much of a reject's body is kept, and so much of all those of one request.
MOST_BODY_TEXT: Final = 8 << 10
MOST_BODY_TEXTS: Final = 1 << 20
# A long batch lets others in after so many seconds, looked at after so many events.
TURN, SLICE = 0.01, 16


def cure(reason: Reason) -> str:
    """What the sender of a reject is to do."""
    return events.cure(reason, is_live=True)


@dataclass(slots=True)
class Judged:
    """What a request comes to."""

    facts: list[tuple[int, Accepted]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    size: int = 0
    texts: int = 0


class Judge:
    """Judges messages one after another; one for each event loop, since it holds a compressor."""

    def __init__(self) -> None:
        self._compressor = Compressor()

    def one(self, call: Call, message: dict[str, Any], body: bytes, arrival: Arrival, key: str) -> Judged:
        """A message that came alone."""
        judged = Judged()
        found = fact(call, message, arrival, may_hold_nul=may_hold_nul(body))
        self._add(judged, found, body, arrival, key, call)
        return judged

    async def all(self, batch: Batch, arrival: Arrival, key: str) -> Judged:
        """The messages of a batch, each by itself."""
        judged = Judged()
        arrival = replace(arrival, sent_at=instant(batch.sent_at) or arrival.sent_at, context=batch.context)
        began = time.monotonic()
        for number, written in enumerate(batch.events):
            if number % SLICE == 0 and time.monotonic() - began > TURN:
                await asyncio.sleep(0)
                began = time.monotonic()
            found = _judged(written, arrival, batch.context_may_hold_nul or may_hold_nul(written))
            self._add(judged, found, written, arrival, key, f"batch {number + 1}")
        if batch.beyond:
            detail = f"{batch.beyond:,} events beyond the first {len(batch.events):,}; the first of them is kept"
            self._reject(judged, Reason.TOO_MANY, batch.excess, arrival, key, f"batch {len(batch.events) + 1}", detail)
        return judged

    def _add(
        self, judged: Judged, found: Row | Refused, written: bytes, arrival: Arrival, key: str, place: str
    ) -> None:
        if isinstance(found, Refused):
            self._reject(judged, found.reason, written, arrival, key, place)
            return
        accepted = self._accepted(found, arrival)
        judged.facts.append((lane_of(found.email, found.user_id, found.anonymous_id), accepted))
        judged.size += len(accepted.payload) + 200

    def _accepted(self, row: Row, arrival: Arrival) -> Accepted:
        """A fact as it waits. Keys that are further from the person than the row's own stand in the payload."""
        fact, email, user_id = row.fact, row.email, row.user_id
        payload = self._compressor.pack_fact(
            fact, user_id if email else None, row.anonymous_id if email or user_id else None
        )
        return Accepted(
            fact.at, arrival.received_at, fact.event, fact.source, digest_of(fact.source, fact.message_id), email,
            user_id, row.anonymous_id, int(Flag.CLAIM if arrival.is_public else Flag.NONE), payload,
        )  # fmt: skip

    @staticmethod
    def _reject(
        judged: Judged, reason: Reason, written: bytes, arrival: Arrival, key: str, place: str, detail: str = ""
    ) -> None:
        text = kept_text(written, key) if judged.texts < MOST_BODY_TEXTS else ""
        judged.texts += len(text)
        judged.size += len(text) + 200
        judged.rejects.append(Reject(arrival.received_at, arrival.source, reason.value, detail, str(place), text))


def _judged(written: bytes, arrival: Arrival, nul: bool) -> Row | Refused:
    if len(written) > MOST_EVENT:
        return Refused(Reason.TOO_LARGE)
    message = decoded(written)
    if isinstance(message, Reason):
        return Refused(message)
    if not isinstance(message, dict):
        return Refused(Reason.NOT_AN_OBJECT)
    return fact(message.get("type"), message, arrival, may_hold_nul=nul)


def kept_text(written: bytes, key: str) -> str:
    """What is kept of a reject's body: its beginning, as text that can be stored, and without the write key."""
    text = written[: MOST_BODY_TEXT + len(key)].decode("utf-8", "replace").replace("\x00", "�").replace(key, "***")
    return text[:MOST_BODY_TEXT]
