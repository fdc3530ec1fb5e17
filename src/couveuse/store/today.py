"""What the first page asks of journals and tasks: who ripened, what is late, what nobody has acknowledged."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection, sql

from couveuse.store.statements import statement
from couveuse.store.states import table_of

# So many rows are looked at, of which a page shows a few and tells the number: beyond that it says "over".
MOST: Final = 2_000
# So many open tasks that are overdue are looked at: of these the longest overdue are shown.
MOST_TASKS: Final = 10_000

NEWEST: Final = (2**63 - 1, 2**63 - 1)

_RIPENED, _HANDED_OVER, _LATE, _UNSEEN, _SEE_ALL = (
    statement("today", name) for name in ("ripened", "handed_over", "late", "unseen", "see_all")
)


@dataclass(frozen=True, slots=True)
class Lead:
    """Who a lead is, as far as lists say it; `company` is what its domain's is called."""

    id: int
    key: str
    traits: Mapping[str, Any]
    company: str | None


@dataclass(frozen=True, slots=True)
class Ripe:
    """A lead that ripened, or was handed over: when, why (a rule or a band), and the open task, if there is one."""

    id: int
    at: int
    cause: str | None
    score: float
    temperature: int
    stage: int | None
    routes: Sequence[Mapping[str, str]]
    lead: Lead
    task_id: int | None


@dataclass(frozen=True, slots=True)
class Late:
    """A task that is overdue, and since when."""

    id: int
    team: str
    treatment: str
    member: str | None
    due_at: int
    lead: Lead


@dataclass(frozen=True, slots=True)
class Unseen:
    """An alert that nobody has acknowledged."""

    id: int
    kind: str
    team: str
    at: int
    lead: Lead


def ripened(connection: Connection[Any], model_id: int, *, since: int, shown: int) -> tuple[list[Ripe], int]:
    """Leads that became hot since an instant and are, the newest first, and how many there are, up to `MOST`."""
    rows = _rows(connection, _RIPENED, model_id, {"since": since, "shown": shown})
    return [_ripe(row) for row in rows], _number(rows)


def handed_over(
    connection: Connection[Any], model_id: int, *, teams: Collection[str], since: int, shown: int
) -> tuple[list[Ripe], int]:
    """Leads that were handed over to some teams since an instant, the newest first, and how many, up to `MOST`."""
    rows = _rows(connection, _HANDED_OVER, model_id, {"since": since, "shown": shown, "teams": list(teams)})
    return [_ripe(row) for row in rows], _number(rows)


def late(
    connection: Connection[Any],
    model_id: int,
    *,
    teams: Collection[str] | None,
    member: str | None,
    now: int,
    shown: int,
) -> tuple[list[Late], int]:
    """Tasks that are overdue, a member's own first, and how many, up to `MOST_TASKS`; teams None: of all."""
    wanted = {"now": now, "shown": shown, "member": member, "teams": None if teams is None else list(teams)}
    rows = _rows(connection, _LATE, model_id, wanted, MOST_TASKS)
    return [_late(row) for row in rows], _number(rows)


def unseen(
    connection: Connection[Any],
    *,
    teams: Collection[str] | None,
    since: int,
    shown: int,
    before: tuple[int, int] = NEWEST,
) -> tuple[list[Unseen], int]:
    """Alerts since an instant that nobody has acknowledged, the newest first, before a place (instant, number).

    And how many there are from there, up to `MOST`.
    """
    wanted = {
        "since": since, "shown": shown, "most": MOST, "teams": None if teams is None else list(teams),
        "before": before[0], "before_id": before[1],
    }  # fmt: skip
    rows = connection.execute(_UNSEEN, wanted).fetchall()
    return [Unseen(row[0], row[1], row[3], row[4], Lead(row[2], *row[5:8])) for row in rows], _number(rows)


def see_all(
    connection: Connection[Any], *, teams: Collection[str] | None, since: int, until: int, by: str, now: int
) -> int:
    """Somebody has seen all alerts up to an instant that nobody had; how many those were."""
    wanted = {
        "since": since, "until": until, "by": by, "now": now, "teams": None if teams is None else list(teams),
    }  # fmt: skip
    row = connection.execute(_SEE_ALL, wanted).fetchone()
    return 0 if row is None else int(row[0])


def _rows(
    connection: Connection[Any], query: sql.SQL, model_id: int, wanted: dict[str, Any], most: int = MOST
) -> list[tuple[Any, ...]]:
    asked = query.format(states=sql.Identifier(table_of(model_id)))
    return connection.execute(asked, {**wanted, "most": most}).fetchall()


def _ripe(row: Sequence[Any]) -> Ripe:
    id, lead_id, at, cause, score, temperature, stage, routes, key, traits, company, task_id, _ = row
    return Ripe(id, at, cause, score, temperature, stage, routes or (), Lead(lead_id, key, traits, company), task_id)


def _late(row: Sequence[Any]) -> Late:
    id, lead_id, team, treatment, member, due_at, key, traits, company, _ = row
    return Late(id, team, treatment, member, due_at, Lead(lead_id, key, traits, company))


def _number(rows: Sequence[Sequence[Any]]) -> int:
    return int(rows[0][-1]) if rows else 0
