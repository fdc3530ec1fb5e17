"""The queue of what goes out: a row for each thing and place, written before any attempt, settled by whoever began it.

A row waits, flies (somebody has claimed it; an attempt is under way once it has begun), and is then done, withdrawn,
dead (given up) or parked (nobody knows whether it arrived). What an attempt's outcome means is `engine.delivering`'s.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection
from psycopg.types.json import Jsonb

from couveuse.store import audit
from couveuse.store.statements import statement
from couveuse.store.switches import BEGIN_LOCK

# What writing an intent tells (a trigger of the table's).
CHANNEL: Final = "couveuse_intents"
# Advisory locks of two numbers: this one, and the deliverer's.
NUMBER_LOCK: Final = 0x636F7664
# The same for a channel's name, where its places are served one after the other.
CLAIM_LOCK: Final = 0x636F7663
TEAM, OUTSIDE, PROSPECT = "team", "outside", "prospect"
WAITING, DONE, PARKED, DEAD, WITHDRAWN = "waiting", "done", "parked", "dead", "withdrawn"
STANDINGS: Final = (WAITING, "flying", DONE, PARKED, DEAD, WITHDRAWN)
TROUBLED: Final = (PARKED, DEAD)

_PLAN, _WITHDRAW = statement("intents", "plan"), statement("intents", "withdraw")
_HORIZON, _CLAIM = statement("intents", "horizon"), statement("intents", "claim")
_LOCK_CLAIMS = statement("intents", "lock_claims")
_LOCK_BEGIN, _BEGIN = statement("intents", "lock_begin"), statement("intents", "begin")
_SETTLE, _DROP, _RELEASE = statement("intents", "settle"), statement("intents", "drop"), statement("intents", "release")
_PUT_OFF = statement("intents", "put_off")
_CLAIMANTS, _LEFT_BY = statement("intents", "claimants"), statement("intents", "left_by")
_LOCK_NUMBER, _IS_FREE = statement("intents", "lock_number"), statement("intents", "is_free")
_NEXT_NUMBER, _MEMBER = statement("intents", "next_number"), statement("intents", "member")
_LEAVE_ALONE, _REPLAY, _WAKE = (statement("intents", name) for name in ("leave_alone", "replay", "wake"))
_OF_ALERT, _COUNTS = statement("intents", "of_alert"), statement("intents", "counts")
_PAGE, _ATTEMPTS, _LOOK = (statement("intents", name) for name in ("page", "attempts", "look"))
_PAGE_ENDPOINT: Final = statement("intents", "page_endpoint")


@dataclass(frozen=True, slots=True)
class NewIntent:
    """One thing that is to go to one place; `about` holds numbers of what it tells of, and nothing of a person."""

    key: str
    channel: str
    audience: str
    kind: str
    target: Mapping[str, Any]
    about: Mapping[str, Any]
    alert_id: int | None
    due_at: int


@dataclass(frozen=True, slots=True)
class Intent:
    """An intent that a deliverer has claimed; `attempts` are those before."""

    id: int
    key: str
    channel: str
    audience: str
    kind: str
    target: Mapping[str, Any]
    about: Mapping[str, Any]
    alert_id: int | None
    due_at: int
    attempts: int
    unknowns: int
    replayed_after: int
    claimed_by: int


@dataclass(frozen=True, slots=True)
class Taken:
    """An intent whose alert was withdrawn: `may_be_known` where it has left, or may have."""

    id: int
    alert_id: int
    key: str
    channel: str
    target: Mapping[str, Any]
    may_be_known: bool


@dataclass(frozen=True, slots=True)
class Begun:
    """Whether an attempt has begun: its number, else None; and what is switched on."""

    attempt: int | None
    is_stopped: bool
    is_rehearsal: bool


@dataclass(frozen=True, slots=True)
class Settlement:
    """How an intent stands after an attempt; `outcome` and `answer` are noted with the attempt."""

    standing: str
    due_at: int
    outcome: str
    answer: str = ""
    reference: str = ""
    is_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """An intent as people read it."""

    id: int
    key: str
    channel: str
    audience: str
    kind: str
    target: Mapping[str, Any]
    about: Mapping[str, Any]
    alert_id: int | None
    standing: str
    made_at: int
    due_at: int
    attempts: int
    unknowns: int
    settled_at: int | None
    reference: str
    answer: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt as people read it."""

    number: int
    at: int
    ended_at: int | None
    outcome: str
    answer: str


@dataclass(frozen=True, slots=True)
class Look:
    """How all that goes out stands; `switched` are the switches that are on: since when, by whom, why."""

    waiting: Mapping[str, int]
    under_way: int
    parked: int
    dead: int
    oldest_due: int | None
    switched: Mapping[str, tuple[int, str, str]]


def plan_intents(connection: Connection[Any], intents: Sequence[NewIntent], now: int) -> list[int | None]:
    """Write intents, in the caller's transaction; their numbers, None where the key is there already."""
    wanted = {
        "now": now,
        "keys": [each.key for each in intents],
        "channels": [each.channel for each in intents],
        "audiences": [each.audience for each in intents],
        "kinds": [each.kind for each in intents],
        "targets": [json.dumps(each.target, ensure_ascii=False) for each in intents],
        "abouts": [json.dumps(each.about, ensure_ascii=False) for each in intents],
        "alerts": [each.alert_id for each in intents],
        "dues": [each.due_at for each in intents],
    }
    found = dict(connection.execute(_PLAN, wanted).fetchall())
    return [found.pop(each.key, None) for each in intents]


def withdraw_intents(connection: Connection[Any], alert_ids: Collection[int], now: int) -> list[Taken]:
    """What some alerts would still send is not sent; tells of each whether it has left, or may have."""
    rows = connection.execute(_WITHDRAW, {"alerts": list(alert_ids), "now": now}).fetchall()
    return [Taken(*row) for row in rows]


def horizon(connection: Connection[Any], channels: Sequence[str]) -> dict[str, int]:
    """When the next intent of each channel is due; without those that have none, and empty while all is stopped."""
    rows = connection.execute(_HORIZON, {"channels": list(channels)}).fetchall()
    return {channel: due_at for channel, due_at in rows if due_at is not None}


def claim_intents(
    connection: Connection[Any], channel: str, *, by: int, most: int, alone: bool, now: int
) -> list[Intent]:
    """Claim some of a channel's intents that are due, the longest due first.

    `alone`: to a place to which one is under way goes no other.
    """
    wanted = {"channel": channel, "by": by, "most": most, "alone": alone, "now": now}
    with connection.transaction():
        if alone:
            connection.execute(_LOCK_CLAIMS, {"lock": CLAIM_LOCK, "channel": channel})
        found = [Intent(*row) for row in connection.execute(_CLAIM, wanted).fetchall()]
    return sorted(found, key=lambda intent: (intent.due_at, intent.id))


def begin_attempt(connection: Connection[Any], intent: Intent, now: int) -> Begun:
    """Begin an attempt; nothing may leave before this has returned its number."""
    with connection.transaction():
        connection.execute(_LOCK_BEGIN, {"lock": BEGIN_LOCK})
        row = connection.execute(_BEGIN, {"id": intent.id, "by": intent.claimed_by, "now": now}).fetchone()
    assert row is not None  # an aggregate always answers
    stop, rehearsal, attempt = row
    return Begun(attempt, stop, rehearsal)


def settle(connection: Connection[Any], intent: Intent, attempt: int, settlement: Settlement, now: int) -> str | None:
    """Note what an attempt came to; how the intent stands now, or None where it is not ours any more."""
    wanted = {
        "id": intent.id, "by": intent.claimed_by, "attempt": attempt, "now": now, "standing": settlement.standing,
        "due_at": settlement.due_at, "outcome": settlement.outcome, "answer": settlement.answer,
        "reference": settlement.reference, "unknown": int(settlement.is_unknown),
    }  # fmt: skip
    row = connection.execute(_SETTLE, wanted).fetchone()
    return None if row is None else str(row[0])


def drop(connection: Connection[Any], intent: Intent, *, standing: str, answer: str, now: int) -> bool:
    """An intent that was claimed is not attempted; False where it is not ours any more."""
    wanted = {"id": intent.id, "by": intent.claimed_by, "standing": standing, "answer": answer, "now": now}
    return connection.execute(_DROP, wanted).fetchone() is not None


def release(connection: Connection[Any], intents: Collection[Intent]) -> None:
    """Intents that were claimed and have not begun wait again."""
    for by in {intent.claimed_by for intent in intents}:
        ids = [intent.id for intent in intents if intent.claimed_by == by]
        connection.execute(_RELEASE, {"ids": ids, "by": by})


def put_off(connection: Connection[Any], intent: Intent, at: int) -> None:
    """An intent that was claimed waits for an instant instead of being attempted."""
    connection.execute(_PUT_OFF, {"id": intent.id, "by": intent.claimed_by, "at": at})


# ---- The numbers of deliverers ---------------------------------------------------------------------------------------


def take_number(connection: Connection[Any], wanted: int | None = None) -> int:
    """A deliverer's number, the one that it had if it is free; it is this session's until it ends."""
    number = wanted if wanted is not None else _next_number(connection)
    while connection.execute(_LOCK_NUMBER, {"lock": NUMBER_LOCK, "number": number}).fetchone() != (True,):
        number = _next_number(connection)
    return number


def _next_number(connection: Connection[Any]) -> int:
    row = connection.execute(_NEXT_NUMBER).fetchone()
    assert row is not None  # a sequence always answers
    return int(row[0])


def claimants(connection: Connection[Any]) -> list[int]:
    """The numbers of deliverers that have claimed something."""
    return [number for (number,) in connection.execute(_CLAIMANTS).fetchall()]


def is_free(connection: Connection[Any], number: int) -> bool:
    """Whether the deliverer of a number is gone; nobody else finds it so until the transaction ends."""
    return connection.execute(_IS_FREE, {"lock": NUMBER_LOCK, "number": number}).fetchone() == (True,)


def left_by(connection: Connection[Any], number: int) -> list[tuple[Intent, bool]]:
    """What a deliverer has left, each with whether an attempt was under way; locked until the transaction ends."""
    return [(Intent(*row[:-1]), bool(row[-1])) for row in connection.execute(_LEFT_BY, [number]).fetchall()]


# ---- Places ----------------------------------------------------------------------------------------------------------


def leave_alone(connection: Connection[Any], channel: str, target: Mapping[str, Any], until: int) -> None:
    """Nothing is claimed for a place until then."""
    connection.execute(_LEAVE_ALONE, {"channel": channel, "target": Jsonb(target), "until": until})


def address_of_member(connection: Connection[Any], member: str) -> tuple[str, str] | None:
    """The name and the e-mail of a member of the team; None for one that is gone."""
    row = connection.execute(_MEMBER, [member]).fetchone()
    return None if row is None else (str(row[0]), str(row[1]))


# ---- By hand ---------------------------------------------------------------------------------------------------------


def replay(
    connection: Connection[Any], ids: Collection[int] | None, *, standings: Sequence[str] = TROUBLED, by: str, now: int
) -> list[int]:
    """Send on what was given up or parked: those with these numbers, or all of some standings; returns which."""
    with connection.transaction():
        wanted = {"ids": None if ids is None else list(ids), "standings": list(standings), "now": now}
        found = sorted(number for (number,) in connection.execute(_REPLAY, wanted).fetchall())
        if found:
            audit.record(connection, by=by, did="replayed intents", about={"intents": found}, now=now)
            connection.execute(_WAKE)
    return found


def page(
    connection: Connection[Any],
    *,
    standings: Sequence[str] | None = None,
    channel: str | None = None,
    endpoint: str | None = None,
    before: int | None = None,
    most: int = 50,
) -> list[Row]:
    """Intents, the newest first, below a number; of an endpoint, only what went there or is to go."""
    wanted = {
        "standings": None if standings is None else list(standings),
        "channel": channel,
        "endpoint": endpoint,
        "before": 2**63 - 1 if before is None else before,
        "most": most,
    }
    query = _PAGE if endpoint is None else _PAGE_ENDPOINT
    return [Row(*row) for row in connection.execute(query, wanted).fetchall()]


def one(connection: Connection[Any], id: int) -> tuple[Row, list[Attempt]] | None:
    """An intent with its attempts; None where there is none of that number."""
    found = page(connection, before=id + 1, most=1)
    if not found or found[0].id != id:
        return None
    return found[0], [Attempt(*row) for row in connection.execute(_ATTEMPTS, [id]).fetchall()]


def of_alert(connection: Connection[Any], alert_id: int) -> list[Row]:
    """What goes out of an alert, alone or in a digest, in the order in which it was planned."""
    return [Row(*row) for row in connection.execute(_OF_ALERT, {"alert": alert_id}).fetchall()]


def counts(connection: Connection[Any]) -> dict[str, dict[str, int]]:
    """How much of each channel waits, is under way, was parked or given up: by channel, then by standing."""
    found: dict[str, dict[str, int]] = {}
    for channel, standing, number in connection.execute(_COUNTS).fetchall():
        found.setdefault(channel, {})[standing] = number
    return found


def look(connection: Connection[Any]) -> Look:
    """How all that goes out stands."""
    row = connection.execute(_LOOK).fetchone()
    assert row is not None  # a select without a table has one
    waiting, under_way, parked, dead, oldest_due, switched = row
    on = {name: (int(told[0]), str(told[1]), str(told[2])) for name, told in switched.items()}
    return Look(waiting, under_way, parked, dead, oldest_due, on)
