"""Alerts: what people of ours were told, each once by its key; and those that wait for a member's digest."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from psycopg import Connection

from couveuse.core.notices import NoticeKind
from couveuse.store.statements import statement

_INSERT, _ONE = statement("alerts", "insert"), statement("alerts", "one")
_OF_HANDOVERS, _OF_TASK = statement("alerts", "of_handovers"), statement("alerts", "of_task")
_WAITING = statement("alerts", "waiting")
_WITHDRAW, _REST_ON = statement("alerts", "withdraw"), statement("alerts", "rest_on")
_ACKNOWLEDGE, _PAGE = statement("alerts", "acknowledge"), statement("alerts", "page")
_PUT_BY, _SENT = statement("alerts", "put_by"), statement("alerts", "sent")
_TOLD_OF, _NOTES = statement("alerts", "told_of"), statement("alerts", "notes")
_DUE_DIGESTS, _NEXT_DIGEST = statement("alerts", "due_digests"), statement("alerts", "next_digest")
_ALONE, _DROP_ITEMS = statement("alerts", "alone"), statement("alerts", "drop_items")
_PUT_OFF, _LEAVE_OUT = statement("alerts", "put_off"), statement("alerts", "leave_out")
_DIGEST, _IN_DIGEST = statement("alerts", "digest"), statement("alerts", "in_digest")
# Whoever makes digests holds this lock of the transaction's.
DIGEST_LOCK: Final = 1_684_628_340

Place = tuple[int, int]
"""Where a page begins: after the alert of that instant and number."""
NEWEST: Final[Place] = (2**63 - 1, 2**63 - 1)


class Standing(StrEnum):
    """How an alert stands."""

    UNSEEN = "unseen"
    ACKNOWLEDGED = "acknowledged"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class NewAlert:
    """An alert to be made; `key` is what it is about, once."""

    kind: NoticeKind
    key: str
    lead_id: int
    team: str
    handover_id: int | None = None
    task_id: int | None = None
    of_id: int | None = None  # the alert that it withdraws, or raises again
    because: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that was made."""

    id: int
    kind: NoticeKind
    key: str
    lead_id: int
    handover_id: int | None
    task_id: int | None
    of_id: int | None
    team: str
    at: int
    because: str
    withdrawn_at: int | None
    acknowledged_at: int | None
    acknowledged_by: str | None

    @property
    def standing(self) -> Standing:
        """How it stands: what was withdrawn stays so, whoever has seen it."""
        if self.withdrawn_at is not None:
            return Standing.WITHDRAWN
        return Standing.UNSEEN if self.acknowledged_at is None else Standing.ACKNOWLEDGED


@dataclass(frozen=True, slots=True)
class Sent:
    """Where an alert went, or may have gone, alone or in a digest, as it stands in the queue."""

    alert_id: int
    channel: str
    audience: str
    target: Mapping[str, Any]
    member: str | None


@dataclass(frozen=True, slots=True)
class TaskTold:
    """The task of which an alert tells, as it is now."""

    id: int
    standing: str
    treatment: str
    member: str | None
    due_at: int
    not_before: int | None
    starts_at: int | None
    expected: float
    rate: float
    score: float


@dataclass(frozen=True, slots=True)
class HandOverTold:
    """The hand-over for which an alert stands."""

    id: int
    model_id: int
    treatment: str
    cause: str
    band: str
    score: float
    rate: float
    value: float
    why: Sequence[Mapping[str, Any]]
    withdrawn_because: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """What an alert tells of, as it is now; `temperature` and `stage` as in `lead_states`."""

    task: TaskTold | None
    handover: HandOverTold | None
    temperature: int | None
    stage: int | None


@dataclass(frozen=True, slots=True)
class Item:
    """An alert that waits for a member's digest."""

    alert_id: int
    member: str
    due_at: int


@dataclass(frozen=True, slots=True)
class Digest:
    """A member's digest that is due, with the numbers of its alerts."""

    member: str
    due_at: int
    alerts: tuple[int, ...]


def insert_alerts(connection: Connection[Any], alerts: Sequence[NewAlert], now: int) -> list[int | None]:
    """Make alerts; their numbers in the order given, None where there is one of that key already."""
    if not alerts:
        return []
    wanted = {
        "now": now,
        "kinds": [str(each.kind) for each in alerts],
        "keys": [each.key for each in alerts],
        "leads": [each.lead_id for each in alerts],
        "handovers": [each.handover_id for each in alerts],
        "tasks": [each.task_id for each in alerts],
        "ofs": [each.of_id for each in alerts],
        "teams": [each.team for each in alerts],
        "becauses": [each.because for each in alerts],
    }
    made = dict(connection.execute(_INSERT, wanted).fetchall())
    return [made.get(each.key) for each in alerts]


def alert(connection: Connection[Any], number: int) -> Alert | None:
    """An alert by its number."""
    row = connection.execute(_ONE, [number]).fetchone()
    return None if row is None else _alert(row)


def told_of(connection: Connection[Any], number: int) -> Told | None:
    """What an alert tells of, as it is now; None where there is no such alert."""
    row = connection.execute(_TOLD_OF, [number]).fetchone()
    if row is None:
        return None
    task, handover = row[:10], row[10:20]
    return Told(
        None if task[0] is None else TaskTold(*task),
        None if handover[0] is None else HandOverTold(*handover),
        row[20],
        row[21],
    )


def notes_of(connection: Connection[Any], task_id: int) -> tuple[str, ...]:
    """What was written about a task and about those that led to it, the oldest first."""
    return tuple(note for (note,) in connection.execute(_NOTES, {"task": task_id}).fetchall())


def alerts_of_handovers(connection: Connection[Any], ids: Collection[int]) -> list[Alert]:
    """What was told of some hand-overs and stands, by number."""
    return [_alert(row) for row in connection.execute(_OF_HANDOVERS, [list(ids)]).fetchall()]


def alerts_of_task(connection: Connection[Any], task_id: int) -> list[Alert]:
    """What was told of a task, the oldest first."""
    return [_alert(row) for row in connection.execute(_OF_TASK, [task_id]).fetchall()]


def withdraw_alerts(connection: Connection[Any], ids: Collection[int], now: int) -> None:
    """What these alerts told is not so any more."""
    connection.execute(_WITHDRAW, {"ids": list(ids), "now": now})


def rest_on(connection: Connection[Any], others: Mapping[int, int]) -> None:
    """Alerts, by number, go on to stand for other hand-overs."""
    connection.execute(_REST_ON, {"ids": list(others), "handovers": list(others.values())})


def sent_to(connection: Connection[Any], ids: Collection[int]) -> list[Sent]:
    """Where some alerts went, or may have gone, in the order in which it was planned."""
    return [Sent(*row) for row in connection.execute(_SENT, {"ids": list(ids)}).fetchall()]


def acknowledge(connection: Connection[Any], number: int, *, by: str, now: int) -> bool:
    """Somebody has seen an alert, the first one counts; whether there is such an alert."""
    wanted = {"id": number, "by": by, "now": now}
    return connection.execute(_ACKNOWLEDGE, wanted).fetchone() is not None


def alerts_page(
    connection: Connection[Any], *, after: Place = NEWEST, most: int, teams: Collection[str] | None = None,
    lead_id: int | None = None, kinds: Collection[NoticeKind] | None = None, standing: Standing | None = None,
) -> tuple[list[Alert], Place | None]:  # fmt: skip
    """Alerts, the newest first, from a place on, and where the next page begins; None after the last one.

    Of a lead are those of leads that were joined to it or merged into it, too.
    """
    wanted = {
        "at": after[0], "id": after[1], "most": most + 1, "lead": lead_id,
        "standing": None if standing is None else str(standing),
        "teams": None if teams is None else list(teams), "kinds": None if kinds is None else [str(k) for k in kinds],
    }  # fmt: skip
    found = [_alert(row) for row in connection.execute(_PAGE, wanted).fetchall()]
    page = found[:most]
    return page, (page[-1].at, page[-1].id) if len(found) > most else None


# ---- Digests ---------------------------------------------------------------------------------------------------------


def put_by(connection: Connection[Any], items: Sequence[Item]) -> None:
    """Alerts wait for members' digests."""
    wanted = {
        "alerts": [each.alert_id for each in items],
        "members": [each.member for each in items],
        "dues": [each.due_at for each in items],
    }
    connection.execute(_PUT_BY, wanted)


def waiting_for(connection: Connection[Any], number: int) -> list[Item]:
    """For whose digests an alert waits."""
    return [Item(number, *row) for row in connection.execute(_WAITING, [number]).fetchall()]


def due_digests(connection: Connection[Any], *, now: int, most: int) -> list[Digest]:
    """The digests that are due and have something to tell; none where another process makes them."""
    row = connection.execute(_ALONE, [DIGEST_LOCK]).fetchone()
    if row is None or not row[0]:
        return []
    connection.execute(_DROP_ITEMS, {"now": now})
    rows = connection.execute(_DUE_DIGESTS, {"now": now, "most": most}).fetchall()
    return [Digest(member, due_at, tuple(found)) for member, due_at, found in rows]


def put_off(connection: Connection[Any], digest: Digest, due_at: int) -> None:
    """What came too late for a digest waits for the next one."""
    connection.execute(_PUT_OFF, {"member": digest.member, "alerts": list(digest.alerts), "due": due_at})


def leave_out(connection: Connection[Any], digest: Digest) -> None:
    """Nobody is left whom a digest would tell."""
    connection.execute(_LEAVE_OUT, {"member": digest.member, "alerts": list(digest.alerts)})


def take_into(connection: Connection[Any], digest: Digest, intent_id: int) -> None:
    """A digest goes out, with its alerts."""
    connection.execute(_DIGEST, {"intent": intent_id, "member": digest.member, "alerts": list(digest.alerts)})


def alerts_in_digest(connection: Connection[Any], intent_id: int) -> list[Alert]:
    """What a digest tells of and stands, the oldest first."""
    return [_alert(row) for row in connection.execute(_IN_DIGEST, [intent_id]).fetchall()]


def next_digest(connection: Connection[Any]) -> int | None:
    """When the next digest is due."""
    row = connection.execute(_NEXT_DIGEST).fetchone()
    assert row is not None  # an aggregate always answers
    return None if row[0] is None else int(row[0])


def _alert(row: Sequence[Any]) -> Alert:
    number, kind, *rest = row
    return Alert(number, NoticeKind(kind), *rest)
