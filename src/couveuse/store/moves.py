"""Episodes, hand-overs, tasks and alerts that go on as another lead's: after a merge, and back when it is undone."""

from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from couveuse.store.handovers import Standing
from couveuse.store.statements import statement

BECAUSE: Final = "merged"
_BY: Final = "couveuse"
_MOVE_EPISODE, _END_EPISODE = statement("moves", "move_episode"), statement("moves", "end_episode")
_MEETING, _JOIN_HANDOVERS = statement("moves", "meeting"), statement("moves", "join_handovers")
_MOVE_HANDOVERS, _MOVE_HANDOVER = statement("moves", "move_handovers"), statement("moves", "move_handover")
_JOIN_TASKS, _MOVE_TASKS = statement("moves", "join_tasks"), statement("moves", "move_tasks")
_MOVE_TASK = statement("moves", "move_task")
_MOVE_ALERTS, _MOVE_ALERTS_OF = statement("moves", "move_alerts"), statement("moves", "move_alerts_of")
_PARTED, _OPEN_AGAIN = statement("moves", "parted"), statement("moves", "open_again")
_TASK_AGAIN, _TASK_GOES = statement("moves", "task_again"), statement("moves", "task_goes")
_HANDOVER_AGAIN, _NOTE_PARTED = statement("moves", "handover_again"), statement("moves", "note_parted")
UNMERGED: Final = "unmerged"


@dataclass(frozen=True, slots=True)
class Joined:
    """Two tasks that a merge had made one: the one withdrawn then, and the one that stayed.

    `is_gone_own`: the one withdrawn was the absorbed lead's, else the other was. `handover` asked for that lead's, as
    it stood; None: an outcome did.
    """

    withdrawn: int
    kept: int
    is_gone_own: bool
    handover: Standing | None


def move_episode(connection: Connection[Any], episode_id: int, gone: int, lead_id: int, number: int) -> None:
    """A lead's open episode, with all of its work, goes on as another lead's, under that number."""
    wanted = {"episode": episode_id, "into": episode_id, "gone": gone, "lead": lead_id, "number": number}
    connection.execute(_MOVE_EPISODE, wanted)
    connection.execute(_MOVE_HANDOVERS, wanted)
    connection.execute(_MOVE_TASKS, wanted)
    _move_alerts(connection, gone, lead_id, {}, {})


def join_episodes(connection: Connection[Any], episode_id: int, gone: int, into: int, lead_id: int, now: int) -> None:
    """The work of a lead's open episode goes on in another lead's: what both have is one from now on."""
    wanted = {
        "episode": episode_id, "gone": gone, "into": into, "lead": lead_id, "now": now, "because": BECAUSE, "by": _BY,
    }  # fmt: skip
    met = dict(connection.execute(_MEETING, wanted).fetchall())
    connection.execute(_JOIN_HANDOVERS, {**wanted, "ids": list(met)})
    connection.execute(_MOVE_HANDOVERS, wanted)
    joined = dict(connection.execute(_JOIN_TASKS, wanted).fetchall())
    connection.execute(_MOVE_TASKS, wanted)
    _move_alerts(connection, gone, lead_id, met, joined)
    connection.execute(_END_EPISODE, wanted)


def give_back(connection: Connection[Any], handover_id: int, lead_id: int, into: int) -> None:
    """A hand-over goes on as another lead's, with its task where no other one asks for that; else it gets its own."""
    wanted = {"id": handover_id, "lead": lead_id, "into": into}
    has_task = connection.execute(_MOVE_TASK, wanted).fetchone() is not None
    connection.execute(_MOVE_HANDOVER, {**wanted, "has_task": has_task})
    if has_task:
        connection.execute(_MOVE_ALERTS_OF, wanted)


def _move_alerts(
    connection: Connection[Any], gone: int, lead_id: int, handovers: dict[int, int], tasks: dict[int, int]
) -> None:
    wanted = {
        "gone": gone, "lead": lead_id, "handovers": list(handovers), "into_handovers": list(handovers.values()),
        "tasks": list(tasks), "into_tasks": list(tasks.values()),
    }  # fmt: skip
    connection.execute(_MOVE_ALERTS, wanted)


# ---- Parted again ----------------------------------------------------------------------------------------------------


def joined_by(connection: Connection[Any], merge: int, lead_id: int) -> list[Joined]:
    """The tasks that a merge had made one, one of which is open still, held until the transaction ends."""
    wanted = {"merge": merge, "gone": lead_id, "because": BECAUSE}
    found = []
    for withdrawn, kept, is_gone_own, number, model_id, team, kind, causes in connection.execute(
        _PARTED, wanted
    ).fetchall():
        standing = None
        if number is not None:
            all_causes = tuple((each["cause"], each["at"]) for each in causes)
            standing = Standing(number, lead_id, model_id, team, kind, all_causes)
        found.append(Joined(withdrawn, kept, is_gone_own, standing))
    return found


def open_again(connection: Connection[Any], lead_id: int) -> int | None:
    """The lead's episode that a merge had ended goes on; None where the lead's last one is another one."""
    row = connection.execute(_OPEN_AGAIN, {"lead": lead_id, "because": BECAUSE}).fetchone()
    return None if row is None else int(row[0])


def part(
    connection: Connection[Any], joined: Joined, *, lead_id: int, episode_id: int, stayed: int, stayed_episode: int,
    now: int,
) -> None:  # fmt: skip
    """Two tasks that were one are two again: each lead has its own, in its own episode."""
    if joined.is_gone_own:
        own = {"lead": lead_id, "episode": episode_id}
    else:
        own = {"lead": stayed, "episode": stayed_episode}
        connection.execute(_TASK_GOES, {"task": joined.kept, "lead": lead_id, "episode": episode_id})
    connection.execute(_TASK_AGAIN, {"task": joined.withdrawn, **own})
    if joined.handover is not None:
        connection.execute(_HANDOVER_AGAIN, {"handover": joined.handover.id, "episode": episode_id})
    entry = {"one": joined.withdrawn, "other": joined.kept, "now": now, "by": _BY, "because": UNMERGED}
    connection.execute(_NOTE_PARTED, entry)
