"""Long work that people or the clock ask for: done by one process at a time, and taken up again after a kill.

Unlike an intent nothing of it leaves the house, so that what may have happened may be done once more: the work itself
goes on from what it finds done. Who works on one holds its lock by a session; the number of times that it was taken up
tells a process that was thought dead that another has gone on.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from psycopg import Connection

from couveuse.store.statements import statement

# What asking for work tells (a trigger of the table's).
CHANNEL: Final = "couveuse_jobs"
# Advisory locks of two numbers: this one, and the work's.
LOCK: Final = 0x636F776A

_ASK, _ASKED, _ONE = (statement("jobs", name) for name in ("ask", "asked", "one"))
_LATEST, _PAGE, _OPEN = (statement("jobs", name) for name in ("latest", "page", "open"))
_LOCK, _UNLOCK, _TAKE = (statement("jobs", name) for name in ("lock", "unlock", "take"))
_TELL, _SETTLE, _PUT_BACK = (statement("jobs", name) for name in ("tell", "settle", "put_back"))
_GIVE_UP, _AGAIN, _WAKE = (statement("jobs", name) for name in ("give_up", "again", "wake"))


class Standing(StrEnum):
    """Where a piece of work stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    GIVEN_UP = "given_up"

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it by itself."""
        return self in (Standing.DONE, Standing.FAILED, Standing.GIVEN_UP)


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work; `done` of `total` of a `step` (a word); in `said`, in English, why it failed, and the cure."""

    id: int
    kind: str
    key: str | None
    about: Mapping[str, Any]
    by: str
    asked_at: int
    standing: Standing
    takes: int
    tries: int
    began_at: int | None
    ended_at: int | None
    step: str
    done: int
    total: int | None
    give_up_by: str | None
    said: str
    found: Mapping[str, Any]

    @property
    def why(self) -> str:
        """Why it failed, in a word for which pages have a sentence; nothing where it did not, or none is known."""
        return str(self.found.get("why", "")) if self.standing is Standing.FAILED else ""


def _job(row: tuple[Any, ...]) -> Job:
    values = [*row[:6], Standing(row[6]), *row[7:]]
    return Job(*values)


def ask(
    connection: Connection[Any],
    kind: str,
    about: Mapping[str, object],
    by: str,
    now: int,
    *,
    key: str | None = None,
    is_low: bool = False,
    not_before: int = 0,
) -> int:
    """Ask for work, in the caller's transaction; returns its number.

    With a `key` there is one of the kind that waits or runs: whoever asks again is told of that one. `about` holds
    numbers and words of ours, and nothing of a person.
    """
    wanted = {
        "kind": kind, "key": key, "about": json.dumps(about), "by": by, "now": now, "is_low": is_low,
        "not_before": not_before,
    }  # fmt: skip
    while True:
        row = connection.execute(_ASK, wanted).fetchone() or connection.execute(_ASKED, wanted).fetchone()
        if row is not None:  # else the one that was there has ended between the two questions
            return int(row[0])


def find(connection: Connection[Any], job_id: int) -> Job | None:
    """The work of that number."""
    row = connection.execute(_ONE, [job_id]).fetchone()
    return None if row is None else _job(row)


def latest(connection: Connection[Any], kind: str, *, key: str | None = None) -> Job | None:
    """The newest work of a kind, of a key where one is given."""
    row = connection.execute(_LATEST, {"kind": kind, "key": key}).fetchone()
    return None if row is None else _job(row)


def page(connection: Connection[Any], *, before: int, most: int, kinds: Collection[str] | None = None) -> list[Job]:
    """Work with a lower number, the newest first."""
    wanted = {"before": before, "most": most, "kinds": None if kinds is None else sorted(kinds)}
    return [_job(row) for row in connection.execute(_PAGE, wanted).fetchall()]


def give_up(connection: Connection[Any], job_id: int, *, by: str, now: int) -> Standing | None:
    """Give up what waits at once, and what runs when it next tells how far it is; tells where it stands now.

    None where it is over already.
    """
    row = connection.execute(_GIVE_UP, {"id": job_id, "by": by, "now": now}).fetchone()
    return None if row is None else Standing(row[0])


def again(connection: Connection[Any], job_id: int) -> bool:
    """Let what failed wait once more; False where it did not fail, or another of its key waits or runs."""
    with connection.transaction():
        found = connection.execute(_AGAIN, {"id": job_id}).fetchone() is not None
        if found:
            connection.execute(_WAKE)
    return found


# ---- For whoever does the work ---------------------------------------------------------------------------------------


def open_jobs(connection: Connection[Any], *, kinds: Collection[str], now: int, most: int) -> list[int]:
    """The numbers of what waits, or runs somewhere; in the order in which it is to be done."""
    rows = connection.execute(_OPEN, {"kinds": sorted(kinds), "now": now, "most": most}).fetchall()
    return [number for (number,) in rows]


def take(connection: Connection[Any], job_id: int, now: int) -> Job | None:
    """Take up a piece of work if nobody works on it; its lock is the session's until `let_go`, or its end."""
    row = connection.execute(_LOCK, {"lock": LOCK, "id": job_id}).fetchone()
    if row is None or not row[0]:
        return None
    taken = connection.execute(_TAKE, {"id": job_id, "now": now}).fetchone()
    if taken is None:  # it has ended meanwhile
        let_go(connection, job_id)
        return None
    return _job(taken)


def let_go(connection: Connection[Any], job_id: int) -> None:
    """Give its lock back."""
    connection.execute(_UNLOCK, {"lock": LOCK, "id": job_id})


def tell(connection: Connection[Any], job: Job, *, step: str, done: int, total: int | None) -> bool | None:
    """Write how far it is; whether it is to be given up, None where another has taken it up."""
    values = {"id": job.id, "takes": job.takes, "step": step, "done": done, "total": total}
    row = connection.execute(_TELL, values).fetchone()
    return None if row is None else bool(row[0])


def settle(
    connection: Connection[Any],
    job: Job,
    standing: Standing,
    *,
    now: int,
    said: str = "",
    found: Mapping[str, object] | None = None,
) -> bool:
    """Write what became of it, once; False where another has taken it up."""
    values = {
        "id": job.id, "takes": job.takes, "standing": standing.value, "now": now, "said": said,
        "found": json.dumps(found or {}),
    }  # fmt: skip
    return connection.execute(_SETTLE, values).fetchone() is not None


def put_back(connection: Connection[Any], job: Job, *, not_before: int = 0, counts: bool = True) -> None:
    """Let it wait again; `counts`: for a try."""
    values = {"id": job.id, "takes": job.takes, "not_before": not_before, "without": 0 if counts else 1}
    connection.execute(_PUT_BACK, values)
