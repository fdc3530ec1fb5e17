"""What a task's page shows, read in one go: who is rung up waits for the page, and not for a dozen questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from psycopg import Connection, sql

from couveuse.core.consent import Purpose, Said
from couveuse.core.events import VERDICT_GIVEN
from couveuse.store.cards import Card
from couveuse.store.events import Stored, read_rows
from couveuse.store.payloads import Compressor
from couveuse.store.registers import Register
from couveuse.store.statements import statement
from couveuse.store.tasks import Entry, Task

_COLUMNS: Final = [each.name for each in fields(Task) if each.name != "shown_id"]
_SHEET = statement("sheets", "sheet").format(columns=sql.SQL(", ").join(sql.Identifier("t", each) for each in _COLUMNS))
_NAMED, _WAITING = statement("sheets", "named"), statement("sheets", "waiting")
_NEWEST = statement("sheets", "newest_facts")
# A person reads so many entries of a task; who wants more asks the API.
MOST_ENTRIES: Final = 100


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a lead was handed over; `why` holds the ledger's weightiest lines then."""

    model_id: int
    cause: str
    at: int
    score: float
    band: str
    rate: float
    why: Sequence[Mapping[str, Any]]
    withdrawn_because: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """An alert that nobody has seen."""

    id: int
    kind: str
    at: int


@dataclass(frozen=True, slots=True)
class Following:
    """Who the lead of the next task is."""

    traits: Mapping[str, Any]
    key: str
    company: str | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A task and what is known of it; `earlier` are notes of the tasks that led to it, the oldest first."""

    task: Task
    card: Card | None
    state: bytes | None
    sort_score: float | None
    temperature: int | None
    is_known: bool
    said: Sequence[Said]
    reason: Reason | None
    entries: Sequence[Entry]
    earlier: Sequence[Entry]
    alerts: Sequence[Told]
    following: Following | None
    waiting: Sequence["Waiting"]


@dataclass(frozen=True, slots=True)
class Named:
    """Who a lead is, with its score for lists, and the state that says its score now."""

    card: Card
    sort_score: float | None
    temperature: int | None
    state: bytes | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What somebody said of a task, which counts at `until`."""

    task_id: int
    until: int
    outcome: str
    traits: Mapping[str, Any]
    key: str


def sheet(
    connection: Connection[Any], task_id: int, model_id: int | None, *, by: str, now: int, next_lead: int | None = None
) -> Sheet | None:
    """A task's sheet, its lead's state being that under a model; None where there is no such task.

    With it come the lead of the task after it, and what somebody has said of others that counts in a moment.
    """
    wanted = {"task": task_id, "model": model_id, "most": MOST_ENTRIES, "next": next_lead, "by": by, "now": now}
    row = connection.execute(_SHEET, wanted).fetchone()
    if row is None:
        return None
    width = len(_COLUMNS)
    lead_id, *who = row[width : width + 8]
    state, sort_score, temperature, is_known, said, reason, *lists, following, waiting = row[width + 8 :]
    entries, earlier, alerts = lists
    task = Task(row[_COLUMNS.index("lead_id")] if lead_id is None else lead_id, *row[:width])
    return Sheet(
        task,
        None if lead_id is None else Card(lead_id, *who),
        None if state is None else bytes(state),
        sort_score,
        temperature,
        is_known,
        [_said(*each) for each in said],
        None if reason is None else _reason(reason),
        [Entry(*each) for each in entries],
        [Entry(*each) for each in earlier],
        [Told(*each) for each in alerts],
        None if following is None else Following(*following),
        [Waiting(*each) for each in waiting],
    )


def _said(
    is_given: bool, at: int, basis: str | None, source: str | None, wording: str | None, is_claim: bool,
    is_declared: bool, root: int,
) -> Said:  # fmt: skip
    return Said(
        Purpose.PHONE, is_given, at, basis or "", source or "", wording or "", is_claim, is_declared, root
    )  # fmt: skip


def _reason(words: Mapping[str, Any]) -> Reason:
    return Reason(
        words["model"], words["cause"], words["at"], words["score"], words["band"], words["rate"], words["why"],
        words["withdrawn_because"],
    )  # fmt: skip


def named(connection: Connection[Any], lead_ids: Sequence[int], model_id: int | None) -> dict[int, Named]:
    """Who leads are, by number."""
    rows = connection.execute(_NAMED, {"leads": list(lead_ids), "model": model_id}).fetchall()
    return {row[0]: Named(Card(*row[:8]), row[8], row[9], None if row[10] is None else bytes(row[10])) for row in rows}


def waiting_of(connection: Connection[Any], by: str, now: int) -> list[Waiting]:
    """What somebody has said that counts in a moment, the newest first."""
    rows = connection.execute(_WAITING, {"by": by, "now": now}).fetchall()
    return [Waiting(*row) for row in rows]


def newest_facts(
    connection: Connection[Any], lead_id: int, *, since: int, most: int, names: Register, sources: Register,
    payloads: Compressor,
) -> list[Stored]:  # fmt: skip
    """The newest facts of a lead since an instant, with its verdicts since then; in no order, one perhaps twice.

    Those of months that are only in the archive are left out.
    """
    wanted = {"lead": lead_id, "since": since, "most": most, "verdict": VERDICT_GIVEN}
    rows = connection.execute(_NEWEST, wanted, binary=True).fetchall()
    return read_rows(connection, rows, names=names, sources=sources, payloads=payloads)
