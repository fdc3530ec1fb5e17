"""Tasks: work handed to people, at most one open for a lead, team and episode; queues of them, and their journals.

What an outcome means, and who may do what, is decided elsewhere.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import inf
from typing import Any, Final

from psycopg import Connection, sql

from couveuse.store.statements import statement

# Who does what nobody did by hand.
OURSELVES: Final = "couveuse"
# Under this name an entry keeps by which request it was written, so that the same one again is known.
REQUEST: Final = "request"
# So many of a team's last assignments are looked at for whose turn it is.
MOST_TURNS: Final = 200
# So many tasks are looked at for one page of a queue, in steps: first few, then many.
FIRST_LOOK: Final = 200
NEXT_LOOK: Final = 2_000
MOST_LOOKED: Final = 6_200

_OPEN, _OF_HANDOVERS = statement("tasks", "open"), statement("tasks", "of_handovers")
_ASKED, _WITHDRAW = statement("tasks", "asked_for"), statement("tasks", "withdraw")
_LOADS, _TURNS = statement("tasks", "loads"), statement("tasks", "turns")
_QUEUE = statement("tasks", "queue")
_OF_TEAMS, _OF_MEMBER = statement("tasks", "of_teams"), statement("tasks", "of_member")
_ENTRIES, _WRITE_ENTRY = statement("tasks", "entries"), statement("tasks", "write_entry")
_ENTRY_OF = statement("tasks", "entry_of")
_SAVE, _APPOINTMENT = statement("tasks", "save"), statement("tasks", "appointment")
_APPOINTMENT_ALERTS, _NEWS = statement("tasks", "appointment_alerts"), statement("tasks", "news")
_SET_ASIDE = statement("tasks", "set_aside")
_LOCK, _UNLOCK = statement("tasks", "lock"), statement("tasks", "unlock")
_TAKE_FIRST = statement("tasks", "take_first")

Key = tuple[int, str, int]
"""By what an open task is one: lead, team, episode."""


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to be opened; `about` is kept with it as what led to it: which rule chose, who was passed over."""

    lead_id: int
    episode_id: int
    handover_id: int | None
    parent_id: int | None
    team: str
    treatment: str
    member: str | None
    assigned_because: str
    due_at: int
    not_before: int | None
    starts_at: int | None
    rate: float
    value: float
    score: float
    look_at: int | None
    by: str = OURSELVES
    about: Mapping[str, object] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """By what it is one."""
        return (self.lead_id, self.team, self.episode_id)


@dataclass(frozen=True, slots=True)
class Opened:
    """The task that is there for what was asked, and whether it was not before."""

    task_id: int
    new: bool


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of the task of a hand-over that was withdrawn: flagged where claimed, left where it `stays`."""

    task_id: int
    handover_id: int
    was_claimed: bool
    stays: bool


@dataclass(frozen=True, slots=True)
class Task:
    """A task; `shown_id` is the lead that holds its lead's facts now, where a list asked for it."""

    shown_id: int
    id: int
    lead_id: int
    episode_id: int
    handover_id: int | None
    parent_id: int | None
    team: str
    treatment: str
    standing: str
    member: str | None
    assigned_because: str
    opened_at: int
    due_at: int
    not_before: int | None
    starts_at: int | None
    rate: float
    value: float
    expected: float
    score: float
    tries: int
    locked_by: str | None
    locked_until: int | None
    flagged_at: int | None
    flagged_because: str | None
    overdue_at: int | None
    overdue_times: int
    look_at: int | None
    outcome: str | None
    outcome_reason: str | None
    outcome_by: str | None
    closed_at: int | None
    sequence: int | None
    version: int
    settles_at: int | None  # an outcome was said, which counts then unless it is taken back

    @property
    def is_open(self) -> bool:
        """Whether anything is left to do."""
        return self.standing in ("open", "accepted")

    def holder(self, now: int) -> str | None:
        """Who has it on screen."""
        return self.locked_by if self.locked_until is not None and self.locked_until > now else None


_NAMES: Final = tuple(each.name for each in fields(Task) if each.name != "shown_id")


def _columns(table: str) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(table, name) for name in _NAMES)


_ONE = statement("tasks", "one").format(columns=_columns("t"), holding=sql.SQL(""))
_HOLD = statement("tasks", "one").format(columns=_columns("t"), holding=sql.SQL("for update"))
_OF_LEAD = statement("tasks", "of_lead").format(columns=_columns("t"))
_LATER, _ACCEPTED, _CLOSED, _OVERDUE = (
    statement("tasks", name).format(columns=_columns("t")) for name in ("later", "accepted", "closed", "overdue")
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened to a task, or what somebody wrote about it."""

    id: int
    at: int
    by: str
    did: str
    note: str
    about: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Appointment:
    """What was said of an appointment: the same task's next word has the next sequence."""

    sequence: int
    starts_at: int
    minutes: int
    place: str
    is_called_off: bool


# ---- Opening and withdrawing -----------------------------------------------------------------------------------------


def open_tasks(connection: Connection[Any], tasks: Sequence[NewTask], now: int) -> list[Opened]:
    """Open tasks, in the order given: one that is open for the lead, team and episode is joined, and not new.

    What is joined is due when the earlier of both was; rate, value and score are the newer ones. A hand-over that had
    its task already, done with or not, opens no second one.
    """
    if not tasks:
        return []
    once: dict[Key, NewTask] = {}
    for task in tasks:
        once[task.key] = _joined(once[task.key], task) if task.key in once else task
    rows = connection.execute(_OPEN, _arrays(list(once.values()), now)).fetchall()
    made = {(lead_id, team, episode_id): Opened(number, new) for lead_id, team, episode_id, number, new in rows}
    if len(made) < len(once):
        made |= _had_before(connection, [task for key, task in once.items() if key not in made])
    opened = []
    for task in tasks:
        opened.append(made[task.key])
        made[task.key] = Opened(made[task.key].task_id, new=False)
    return opened


def _joined(first: NewTask, second: NewTask) -> NewTask:
    newest = {"rate": second.rate, "value": second.value, "score": second.score}
    looks = [each.look_at for each in (first, second) if each.look_at is not None]
    values = {each.name: getattr(first, each.name) for each in fields(NewTask)} | newest
    values["due_at"], values["look_at"] = min(first.due_at, second.due_at), min(looks, default=None)
    return NewTask(**values)


def _arrays(tasks: Sequence[NewTask], now: int) -> dict[str, Any]:
    return {
        "now": now,
        "leads": [each.lead_id for each in tasks],
        "episodes": [each.episode_id for each in tasks],
        "handovers": [each.handover_id for each in tasks],
        "parents": [each.parent_id for each in tasks],
        "teams": [each.team for each in tasks],
        "treatments": [each.treatment for each in tasks],
        "members": [each.member for each in tasks],
        "becauses": [each.assigned_because for each in tasks],
        "dues": [each.due_at for each in tasks],
        "not_befores": [each.not_before for each in tasks],
        "starts": [each.starts_at for each in tasks],
        "rates": [each.rate for each in tasks],
        "values": [each.value for each in tasks],
        "scores": [each.score for each in tasks],
        "looks": [each.look_at for each in tasks],
        "bys": [each.by for each in tasks],
        "abouts": [json.dumps(each.about, ensure_ascii=False) for each in tasks],
    }


def _had_before(connection: Connection[Any], tasks: Sequence[NewTask]) -> dict[Key, Opened]:
    ids = [task.handover_id for task in tasks]
    found = dict(connection.execute(_OF_HANDOVERS, [ids]).fetchall())
    return {task.key: Opened(found[task.handover_id], new=False) for task in tasks}


def withdraw_task(connection: Connection[Any], handover_ids: Collection[int], because: str, now: int) -> list[Fate]:
    """What was asked for by hand-overs that are withdrawn is not asked for any more, and why.

    A task with which nobody has begun is withdrawn. One that is on somebody's screen, was tried, taken or accepted is
    flagged instead. One that another hand-over or a person's outcome asks for too stays.
    """
    wanted = {"ids": list(handover_ids), "because": because, "now": now, "by": OURSELVES}
    # What somebody does with one of them at this moment is waited for, and then seen.
    connection.execute(_ASKED, wanted)
    return [Fate(*row) for row in connection.execute(_WITHDRAW, wanted).fetchall()]


def loads(connection: Connection[Any], team: str) -> dict[str, int]:
    """How many open tasks, of whatever team, each member of a team has; without those who have none."""
    return dict(connection.execute(_LOADS, {"team": team}).fetchall())


def turns(connection: Connection[Any], team: str) -> list[str]:
    """To whom the last tasks of a team were given, the oldest first: as often as they got one."""
    rows = connection.execute(_TURNS, {"team": team, "most": MOST_TURNS}).fetchall()
    return [member for (member,) in reversed(rows)]


# ---- Queues and lists ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of a queue begins: after the task of that number and expected value; `FIRST` is before all."""

    expected: float
    task_id: int


FIRST: Final = Place(inf, 0)


@dataclass(frozen=True, slots=True)
class Page:
    """Tasks of a page, and where the next one begins; None after the last one."""

    tasks: list[Task]
    next: Place | None


def queue_page(
    connection: Connection[Any],
    *,
    model_id: int | None,
    teams: Sequence[str] | None,
    member: str | None,
    cursor: Place | None,
    most: int,
    now: int,
    with_free: bool = False,
    only_free: bool = False,
) -> Page:
    """The tasks to do now, the best expected value first, without leads that are held or are irrelevant.

    Of `teams`; with `member`, those of that member alone (of `teams`, where given), and `with_free` also those of the
    teams that are nobody's; `only_free`, without a member, those alone. A page may hold fewer tasks than `most`, or
    none, and yet not be the last one: no more than `MOST_LOOKED` tasks are looked at for it.
    """
    source = _source(teams, member, with_free)
    place, looked, found = cursor or FIRST, 0, list[Task]()
    while True:
        window, limit = NEXT_LOOK if looked else max(FIRST_LOOK, most + 1), most + 1 - len(found)
        values = {
            "teams": None if teams is None else list(teams), "member": member, "free": member is not None or only_free,
            "after": -place.expected, "after_id": place.task_id, "now": now, "model": model_id,
        }  # fmt: skip
        query = _QUEUE.format(
            source=source.format(window=sql.Literal(window)), window=sql.Literal(window), limit=sql.Literal(limit),
            columns=_columns("kept"),
        )  # fmt: skip
        rows = connection.execute(query, values).fetchall()
        seen, last_expected, last_id, *_ = rows[0]
        read = [(Task(*row[4:]), row[3]) for row in rows if row[3] is not None]
        found += [task for task, is_aside in read if not is_aside]
        if len(found) > most:
            return Page(found[:most], Place(found[most - 1].expected, found[most - 1].id))
        if len(read) == limit:  # what follows the last of them was not read
            place = Place(read[-1][0].expected, read[-1][0].id)
        elif seen < window:
            return Page(found, None)
        else:
            place = Place(last_expected, last_id)
        looked += window
        if looked >= MOST_LOOKED:
            return Page(found, place)


def _source(teams: Sequence[str] | None, member: str | None, with_free: bool) -> sql.SQL:
    if member is None:
        return _OF_TEAMS
    return sql.SQL(f"{_OF_MEMBER.as_string()} union all {_OF_TEAMS.as_string()}") if with_free and teams else _OF_MEMBER


def task(connection: Connection[Any], task_id: int) -> Task | None:
    """A task by its number."""
    row = connection.execute(_ONE, {"id": task_id}).fetchone()
    return None if row is None else Task(*row)


def hold_task(connection: Connection[Any], task_id: int) -> Task | None:
    """A task by its number, held until the transaction ends: nobody else changes it meanwhile."""
    row = connection.execute(_HOLD, {"id": task_id}).fetchone()
    return None if row is None else Task(*row)


def tasks_of_lead(
    connection: Connection[Any], lead_id: int, *, most: int = 200, before: int = 2**63 - 1
) -> list[Task]:  # fmt: skip
    """The tasks of a lead, and of leads that were joined to it or merged into it, the newest first, below a number."""
    wanted = {"lead": lead_id, "most": most, "before": before}
    return [Task(*row) for row in connection.execute(_OF_LEAD, wanted).fetchall()]


def later_tasks(
    connection: Connection[Any], teams: Sequence[str], *, now: int, most: int, member: str | None = None,
    after: tuple[int, int] = (0, 0),
) -> list[Task]:  # fmt: skip
    """Open tasks that are put off, the soonest first, after the one of that `not_before` and number."""
    values = {
        "teams": list(teams), "member": member, "now": now, "after": after[0], "after_id": after[1], "limit": most,
    }  # fmt: skip
    return [Task(*row) for row in connection.execute(_LATER, values).fetchall()]


def accepted_tasks(
    connection: Connection[Any], teams: Sequence[str], *, most: int, member: str | None = None, after: int = 0
) -> list[Task]:
    """What sales have accepted, the oldest first, after the one of that number."""
    values = {"teams": list(teams), "member": member, "after_id": after, "limit": most}
    return [Task(*row) for row in connection.execute(_ACCEPTED, values).fetchall()]


def overdue_tasks(
    connection: Connection[Any], teams: Sequence[str], *, now: int, most: int, member: str | None = None,
    after: tuple[int, int] = (0, 0),
) -> list[Task]:  # fmt: skip
    """Open tasks that are late and not put off, the longest due first, after the one of that `due_at` and number."""
    values = {
        "teams": list(teams), "member": member, "now": now, "after": after[0], "after_id": after[1], "limit": most,
    }  # fmt: skip
    return [Task(*row) for row in connection.execute(_OVERDUE, values).fetchall()]


def closed_tasks(
    connection: Connection[Any], teams: Sequence[str], *, most: int, member: str | None = None,
    after: tuple[int, int] | None = None,
) -> list[Task]:  # fmt: skip
    """Closed tasks, the last closed first, after the one of that `closed_at` and number."""
    closed_at, number = after or (2**62, 0)
    values = {"teams": list(teams), "member": member, "after": -closed_at, "after_id": number, "limit": most}
    return [Task(*row) for row in connection.execute(_CLOSED, values).fetchall()]


# ---- What happens to one ---------------------------------------------------------------------------------------------


def entries(connection: Connection[Any], task_id: int) -> list[Entry]:
    """What was written about a task, and what happened to it, the oldest first."""
    return [Entry(*row) for row in connection.execute(_ENTRIES, [task_id]).fetchall()]


def entry_of(connection: Connection[Any], task_id: int, request: str) -> Entry | None:
    """What a request had done to a task."""
    row = connection.execute(_ENTRY_OF, {"task": task_id, "request": request}).fetchone()
    return None if row is None else Entry(*row)


def write_entry(
    connection: Connection[Any], task_id: int, *, by: str, did: str, now: int, note: str = "",
    about: Mapping[str, object] | None = None,
) -> int:  # fmt: skip
    """Write down what happened to a task, or what somebody says of it; returns the entry's number."""
    wanted = {
        "task": task_id, "by": by, "did": did, "now": now, "note": note,
        "about": json.dumps(about or {}, ensure_ascii=False),
    }  # fmt: skip
    row = connection.execute(_WRITE_ENTRY, wanted).fetchone()
    assert row is not None  # it was inserted
    return int(row[0])


def save_task(connection: Connection[Any], after: Task) -> bool:
    """Write what somebody did with a task, if nobody did anything since it was read: then its version grows."""
    wanted = {name: getattr(after, name) for name in _NAMES}
    return connection.execute(_SAVE, wanted).fetchone() is not None


def appointment(connection: Connection[Any], task_id: int, sequence: int) -> Appointment | None:
    """What was said of a task's appointment at one time; None where nothing was."""
    row = connection.execute(_APPOINTMENT, {"task": task_id, "sequence": sequence}).fetchone()
    return None if row is None else Appointment(sequence, *row)


def last_appointment(connection: Connection[Any], task_id: int) -> Appointment | None:
    """What was last said of a task's appointment; None where there never was one."""
    known = task(connection, task_id)
    return None if known is None or known.sequence is None else appointment(connection, task_id, known.sequence)


def appointment_alerts(connection: Connection[Any], task_id: int) -> list[int]:
    """What was told of a task's appointment and stands, by number."""
    return [number for (number,) in connection.execute(_APPOINTMENT_ALERTS, {"task": task_id}).fetchall()]


def has_news(connection: Connection[Any], task_id: int, look_at: int) -> None:
    """Where sales have accepted the lead of a task, news of it is asked for again at an instant."""
    connection.execute(_NEWS, {"task": task_id, "look": look_at})


def set_aside_by(connection: Connection[Any], lead_ids: Collection[int], outcome: str) -> int | None:
    """The task by whose outcome a lead was last set aside, unless another one was opened after it."""
    row = connection.execute(_SET_ASIDE, {"leads": list(lead_ids), "outcome": outcome}).fetchone()
    return None if row is None else int(row[0])


def lock_task(connection: Connection[Any], task_id: int, *, by: str, until: int, now: int) -> bool:
    """Whether somebody has the task on screen now; not where another one has it, or it is done with."""
    wanted = {"id": task_id, "by": by, "until": until, "now": now}
    return connection.execute(_LOCK, wanted).fetchone() is not None


def unlock_task(connection: Connection[Any], task_id: int, *, by: str) -> bool:
    """Whether somebody had the task on screen, who has it no more."""
    return connection.execute(_UNLOCK, {"id": task_id, "by": by}).fetchone() is not None


def take_first(
    connection: Connection[Any], task_ids: Sequence[int], *, by: str, until: int, now: int
) -> int | None:  # fmt: skip
    """The first of these tasks that may be had on screen, which somebody has from now on; None where none may.

    Of two people who ask at the same instant each gets another one.
    """
    wanted = {"ids": list(task_ids), "by": by, "until": until, "now": now}
    row = connection.execute(_TAKE_FIRST, wanted).fetchone()
    return None if row is None else int(row[0])
