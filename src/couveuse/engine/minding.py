"""Minding what is due by time: tasks that are overdue, accepted leads without news, digests.

Nothing is looked for that is not due: the next time is asked of an index.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog
from psycopg import Connection

from couveuse.core.notices import NoticeKind
from couveuse.core.recipients import MEMBER, Recipient, channels_of, recipients
from couveuse.core.roster import Promise, Roster, Team
from couveuse.core.times import HOUR_US, SECOND_US, moment
from couveuse.engine.calendars import working_of
from couveuse.engine.clocks import now_us
from couveuse.engine.dispatching import due_after
from couveuse.engine.holding import end_due
from couveuse.engine.loops import Counting, Loop, Step
from couveuse.engine.settling import AT_ONCE as SETTLED_AT_ONCE
from couveuse.engine.settling import settle_due
from couveuse.engine.telling import ToTell, digest_intent, next_time, place_of, tell
from couveuse.store import alerts, holds, leads, minding, settlings
from couveuse.store.alerts import Digest, NewAlert
from couveuse.store.intents import plan_intents
from couveuse.store.minding import DueTask, Looked
from couveuse.store.rosters import load_roster

log = structlog.get_logger("couveuse.engine")

AT_ONCE: Final = 100
# How long the minder sleeps at most: what is made meanwhile may be due sooner.
MOST_SECONDS: Final = 5.0
# A task whose lead is irrelevant, or held, is looked at again so much later: that may be lifted.
AGAIN_US: Final = 6 * HOUR_US


class Minder(Loop):
    """Minds on a connection of its own, until it is told to stop."""

    name = application = "minder"

    def __init__(self, url: str, tally: Counting, clock: Callable[[], int] = now_us) -> None:
        super().__init__(url, log, tally.fail)
        self._tally, self._clock = tally, clock

    def work(self, connection: Connection[Any]) -> int:
        """Mind all that is due; returns how much there was."""
        steps: tuple[tuple[str, Step], ...] = (
            ("holds_ended", end_due), ("looked_at", look_at_tasks), ("digests", make_digests),
        )  # fmt: skip
        done = self._settle(connection)
        return done + self.work_off(connection, steps, full=AT_ONCE, clock=self._clock, tally=self._tally)

    def _settle(self, connection: Connection[Any]) -> int:
        """What people said came of tasks counts, each by itself: none waits for another's lead."""
        done = 0
        while True:
            self.turn += 1
            number = settle_due(connection, self._clock())
            if number:
                self._tally.count("settled", number)
                done += number
            if number < SETTLED_AT_ONCE:
                return done

    def until_stopped(self, connection: Connection[Any], stopping: threading.Event) -> None:
        """Mind what is due, and sleep until the next thing is."""
        while not stopping.is_set():
            self.work(connection)
            self.has_worked()
            stopping.wait(self.until_next(connection))

    def until_next(self, connection: Connection[Any]) -> float:
        """Seconds until the next thing is due, at most `MOST_SECONDS`."""
        asks = (settlings.next_due, holds.next_end, minding.next_look, alerts.next_digest)
        known = [at for ask in asks if (at := ask(connection)) is not None]
        return min([MOST_SECONDS, *(max((at - self._clock()) / SECOND_US, 0.0) for at in known)])


# ---- Tasks -----------------------------------------------------------------------------------------------------------


def look_at_tasks(connection: Connection[Any], now: int) -> int:
    """Look at some tasks whose time has come, in the caller's transaction; returns how many."""
    due = minding.due_tasks(connection, now=now, most=AT_ONCE)
    if not due:
        return 0
    roster = load_roster(connection, since=moment(now).date())
    looked = [_look(roster, each, now) for each in due]
    minding.mark_looked_at(connection, looked, now)
    told = [each.task for each in looked if each.is_told]
    if told:
        owners = leads.load_known(connection, sorted({each.lead_id for each in told}))
        away = roster.away(now)
        telling = []
        for task in told:
            known = owners.get(task.lead_id)
            owner = roster.owner_of(known.traits.get(roster.owner_trait)) if known is not None else None
            to = recipients(roster, task.team, _words(roster, task), member=task.member, owner=owner, away=away)
            telling.append(ToTell(_alert(task), to))
        tell(connection, roster, telling, now)
    return len(due)


def _promise(roster: Roster, team: str) -> Promise:
    known: Team | None = roster.teams.get(team)
    return known.promise if known is not None else Promise()


def _look(roster: Roster, task: DueTask, now: int) -> Looked:
    """What is to be done of a task whose time has come."""
    if task.standing == "accepted":
        return Looked(task, now + _promise(roster, task.team).news_within, is_told=not task.is_aside)
    if task.standing != "open":
        return Looked(task, None)
    soonest = max(task.due_at, task.not_before or 0)
    if soonest > now:
        return Looked(task, soonest)
    if task.is_aside:
        return Looked(task, now + AGAIN_US)
    promise, team = _promise(roster, task.team), roster.teams.get(task.team)
    again = None
    if promise.raise_every is not None and task.times + 1 < promise.raise_times:
        again = due_after(team.hours if team is not None else roster.hours, now, promise.raise_every)
    return Looked(task, again, is_told=task.times < max(promise.raise_times, 1))


def _words(roster: Roster, task: DueTask) -> Sequence[str]:
    """Who is told: of what is overdue whom the team names; of missing news who accepted the lead."""
    if task.standing == "open":
        return _promise(roster, task.team).raise_to
    return (MEMBER,) if task.member is not None else ("lead",)


def _alert(task: DueTask) -> NewAlert:
    kind = NoticeKind.OVERDUE if task.standing == "open" else NoticeKind.NEWS_WANTED
    # Somebody who did something with it begins anew to be told, and each is told once for ever by its key.
    since = f"v{task.version}:" if task.version else ""
    return NewAlert(
        kind, f"{kind}:{task.id}:{since}{task.times + 1}", task.lead_id, task.team, task.handover_id, task.id
    )


# ---- Digests ---------------------------------------------------------------------------------------------------------


def make_digests(connection: Connection[Any], now: int) -> int:
    """Let some digests go that are due, in the caller's transaction; returns how many."""
    due = alerts.due_digests(connection, now=now, most=AT_ONCE)
    if due:
        roster = load_roster(connection, since=moment(now).date())
        for digest in due:
            _make_digest(connection, roster, digest, now)
    return len(due)


def _make_digest(connection: Connection[Any], roster: Roster, digest: Digest, now: int) -> None:
    """One message for all that a member's digest has to tell, by the first way to them."""
    member = roster.members.get(digest.member)
    if member is None:
        alerts.leave_out(connection, digest)
        return
    channel = channels_of(member)[0]
    place = place_of(roster, Recipient(channel.reach, channel.to, member.id))
    (number,) = plan_intents(connection, [digest_intent(digest, place, now)], now)
    if number is not None:
        alerts.take_into(connection, digest, number)
    else:  # it has gone, and this came to it too late
        minutes = member.digest.at if member.digest is not None else 0
        alerts.put_off(connection, digest, next_time(working_of(roster.hours_of(member.id)), minutes, now))
