"""Dispatching: hand-overs become tasks, alerts and what goes out, each in one transaction with its mark.

Several dispatchers share the work: who claims a hand-over has it alone, and who gives tasks of a team gives them alone,
so that turns and loads are exact. A hand-over of a lead that is irrelevant, or that somebody holds, waits, set aside,
until it is so no more.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import structlog
from psycopg import Connection

from couveuse.configuration import Configuration
from couveuse.core.assigning import MOST_TURNS, Chosen, choose
from couveuse.core.errors import NeverOpen
from couveuse.core.notices import NoticeKind
from couveuse.core.recipients import recipients
from couveuse.core.roster import Hours, Promise, Roster
from couveuse.core.times import moment
from couveuse.engine.calendars import working_of
from couveuse.engine.clocks import now_us
from couveuse.engine.loops import Counting, Loop, Step, hear
from couveuse.engine.outside import tell_closed, tell_crossings
from couveuse.engine.telling import Event, ToTell, tell, tell_endpoints
from couveuse.engine.withdrawing import close_ended, withdraw_fallen
from couveuse.store import dispatch, leads, tasks
from couveuse.store.alerts import NewAlert
from couveuse.store.dispatch import Due
from couveuse.store.rosters import load_roster
from couveuse.store.tasks import NewTask

log = structlog.get_logger("couveuse.engine")

# So many hand-overs are dispatched in one transaction: their teams give no other tasks meanwhile.
AT_ONCE: Final = 50
# So many of them are a full batch, after which more may wait: some may be left because somebody is at their task.
FULL: Final = AT_ONCE // 2
# Even if nothing tells of hand-overs they are looked for this often, and those set aside are looked at.
LOOK_SECONDS: Final = 5.0
NOBODY: Final = Chosen(None, "", "")


class Dispatcher(Loop):
    """Dispatches on a connection of its own, until it is told to stop."""

    name = application = "dispatcher"

    def __init__(self, url: str, settings: Configuration, tally: Counting, clock: Callable[[], int] = now_us) -> None:
        super().__init__(url, log, tally.fail)
        self._settings, self._tally, self._clock = settings, tally, clock

    def work(self, connection: Connection[Any], *, everything: bool = True) -> int:
        """Dispatch what waits, withdrawals and ends of episodes first; returns how much there was.

        `everything`: what was set aside is looked at, too.
        """
        steps: list[tuple[str, Step]] = [
            ("withdrawn", withdraw_fallen), ("episodes_ended", close_ended), ("dispatched", dispatch_waiting),
            ("crossings_told", tell_crossings), ("closings_told", tell_closed),
        ]  # fmt: skip
        if everything:
            steps.append(("taken_up", take_up))
        return self.work_off(connection, steps, full=FULL, clock=self._clock, tally=self._tally)

    def until_stopped(self, connection: Connection[Any], stopping: threading.Event) -> None:
        """Dispatch what is handed over as soon as it is told; what was set aside is looked at now and then."""
        connection.execute(f"listen {dispatch.CHANNEL}")
        look_at = 0.0
        while not stopping.is_set():
            everything = time.monotonic() >= look_at
            self.work(connection, everything=everything)
            self.has_worked()
            if everything:
                look_at = time.monotonic() + LOOK_SECONDS
            hear(connection, stopping, look_at - time.monotonic())


# ---- One batch -------------------------------------------------------------------------------------------------------


def dispatch_waiting(connection: Connection[Any], now: int) -> int:
    """Dispatch some hand-overs, in the caller's transaction; returns how many were claimed."""
    return _dispatch(connection, dispatch.claim_handovers(connection, most=AT_ONCE, now=now), now)


def take_up(connection: Connection[Any], now: int) -> int:
    """Dispatch some hand-overs that had been set aside and need not wait any more; returns how many were claimed."""
    return _dispatch(connection, dispatch.claim_set_aside(connection, most=AT_ONCE, now=now), now)


def _dispatch(connection: Connection[Any], claimed: Sequence[Due], now: int) -> int:
    if not claimed:
        return 0
    waiting = {each.id for each in claimed if (each.is_irrelevant or each.is_held) and not each.is_over}
    if waiting:
        dispatch.set_aside(connection, waiting, now)
    # Of an episode that was over before anybody heard of it nothing is left to do.
    going = [each for each in claimed if each.id not in waiting and not each.is_over]
    left = _make(connection, going, now) if going else set[int]()
    done = [each.id for each in claimed if each.id not in waiting | left]
    dispatch.mark_dispatched(connection, done, now)
    return len(claimed) - len(left)


def _make(connection: Connection[Any], going: Sequence[Due], now: int) -> set[int]:
    """Tasks, alerts and what goes out of some hand-overs; what joins a task is told to nobody.

    Returns those that are left for the next time: somebody is saying what came of the task that they would join.
    """
    roster = load_roster(connection, since=moment(now).date())
    dispatch.lock_teams(connection, {each.team for each in going})
    held, busy = dispatch.hold_open(connection, sorted({each.lead_id for each in going}))
    left = {each.id for each in going if each.key in busy}
    going = [each for each in going if each.id not in left]
    giving = _Giving(connection, roster, going, held, now)
    given = [giving.task(each) for each in going]
    opened = tasks.open_tasks(connection, given, now)
    telling: list[ToTell] = []
    events: list[Event] = []
    for due, task, made in zip(going, given, opened, strict=True):
        if not made.new:
            continue
        alert = NewAlert(
            NoticeKind.HANDED_OVER, f"handed_over:{due.id}", due.lead_id, due.team, due.id, made.task_id
        )  # fmt: skip
        team = roster.teams.get(due.team)
        told = recipients(
            roster, due.team, team.alert if team is not None else (), member=task.member,
            owner=giving.owner(due.lead_id), away=giving.away,
        )  # fmt: skip
        telling.append(ToTell(alert, told))
    for number, each in zip(tell(connection, roster, telling, now), telling, strict=True):
        if number is not None:
            events += _events(each.alert, number)
    tell_endpoints(connection, events, now)
    return left


def _events(alert: NewAlert, number: int) -> list[Event]:
    """What endpoints outside hear of an alert's task and hand-over."""
    assert alert.handover_id is not None
    assert alert.task_id is not None  # both are what it was made of
    about = {"alert": number, "handover": alert.handover_id, "task": alert.task_id}
    return [
        Event("lead.handed_over", "handover", alert.handover_id, about),
        Event("task.created", "task", alert.task_id, about),
    ]


class _Giving:
    """Whose the tasks of a batch are, and by when they are due: what one gives, the next one knows."""

    def __init__(
        self,
        connection: Connection[Any],
        roster: Roster,
        going: Sequence[Due],
        taken: Collection[dispatch.Key],
        now: int,
    ) -> None:
        self._roster, self._now = roster, now
        self.away: Collection[str] = roster.away(now)
        self._known = leads.load_known(connection, sorted({each.lead_id for each in going}))
        self._taken = set(taken)
        teams = {each.team for each in going}
        # Of whatever team: who is in two has the tasks of both.
        self._load = Counter(
            {
                member: number
                for team in sorted(teams & roster.teams.keys())
                for member, number in tasks.loads(connection, team).items()
            }
        )
        self._turns: Mapping[str, list[str]] = {
            team: list(tasks.turns(connection, team)) for team in teams if team in roster.teams
        }

    def owner(self, lead_id: int) -> str | None:
        """The member who owns a lead."""
        known = self._known.get(lead_id)
        return self._roster.owner_of(known.traits.get(self._roster.owner_trait)) if known is not None else None

    def task(self, due: Due) -> NewTask:
        """The task that a hand-over asks for; where it joins one that is open, it takes nobody's turn."""
        chosen = self._choose(due) if due.key not in self._taken else NOBODY
        self._taken.add(due.key)
        by = self._due_at(due)
        return NewTask(
            lead_id=due.lead_id, episode_id=due.episode_id, handover_id=due.id, parent_id=None, team=due.team,
            treatment=due.treatment, member=chosen.member, assigned_because=chosen.because, due_at=by, not_before=None,
            starts_at=None, rate=due.rate, value=due.value, score=due.score, look_at=by,
            about={"rule": chosen.rule, "passed_over": list(chosen.passed_over)} if chosen.rule else {},
        )  # fmt: skip

    def _choose(self, due: Due) -> Chosen:
        team = self._roster.teams.get(due.team)
        if team is None:
            return NOBODY
        known = self._known.get(due.lead_id)
        turns = self._turns[due.team]
        chosen = choose(
            self._roster, team, lookup=looked_up(known) if known is not None else {},
            owner=known.traits.get(self._roster.owner_trait) if known is not None else None,
            load=self._load, turns=turns[-MOST_TURNS:], away=self.away,
        )  # fmt: skip
        if chosen.member is not None:
            self._load[chosen.member] += 1
            turns.append(chosen.member)
        return chosen

    def _due_at(self, due: Due) -> int:
        """By the promise of the team, in its working time, from when it was handed over."""
        team = self._roster.teams.get(due.team)
        promise = team.promise if team is not None else Promise()
        hours = team.hours if team is not None else self._roster.hours
        since = self._now if due.was_set_aside else due.made_at
        return due_after(hours, since, promise.by_treatment.get(due.treatment, promise.within))


def due_after(hours: Hours, since: int, span: int) -> int:
    """When so much working time has passed; of hours that never come, when that much time has."""
    try:
        return working_of(hours).after(since, span)
    except NeverOpen:
        return since + span


def looked_up(known: leads.Known) -> dict[str, object]:
    """What conditions read of a lead: its traits, those within others by their path, and its groups."""
    found: dict[str, object] = {"groups": frozenset(known.groups)}
    waiting: list[tuple[str, Mapping[str, object]]] = [("traits", known.traits)]
    while waiting:
        path, values = waiting.pop()
        for name, value in values.items():
            found[f"{path}.{name}"] = value
            if isinstance(value, Mapping):
                waiting.append((f"{path}.{name}", value))
    email = found.get("traits.email")
    if isinstance(email, str) and "@" in email:
        found.setdefault("traits.email_domain", email.rpartition("@")[2].strip().lower())
    return found
