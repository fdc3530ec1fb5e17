"""What people do with tasks: take them on screen, give them to somebody, write notes, and say what came of them.

Every action is one transaction: the task, what is written down of it, the facts that it is, and what it opens. Whoever
acts tells the version of the task that they saw; of two who act on the same, one is refused. A refusal is a value.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final

from psycopg import Connection

from couveuse.core import outcomes
from couveuse.core.events import LEAD_CLASS
from couveuse.core.model import Route
from couveuse.core.outcomes import TABLE, Becomes, Desk, Opens, Outcome, Row, Told
from couveuse.core.recipients import Recipient, channels_of
from couveuse.core.roster import Roster, Team
from couveuse.core.times import HOUR_US, MINUTE_US
from couveuse.engine.dispatching import due_after
from couveuse.engine.follow_ups import (
    MINUTES,
    Asked,
    Meeting,
    announce,
    end_episode,
    follow_up,
    promised,
    sales_route,
    save,
    set_meeting,
)
from couveuse.engine.recording import Whose, lock_lead, record, whose
from couveuse.store import audit, dispatch, leads, tasks
from couveuse.store.rosters import load_roster
from couveuse.store.tasks import Task

# A task is on somebody's screen for so long, unless they say so again.
ON_SCREEN_US: Final = 15 * MINUTE_US
# Where nobody answered it is tried again after so much of the team's working time: half a day.
TRY_AGAIN_US: Final = 4 * HOUR_US
# Whoever detects projects may say so of such a task even in the team that sells.
DETECT: Final = "detect-project"


class Why(StrEnum):
    """Why something could not be done."""

    NO_SUCH_TASK = "no_such_task"
    HELD = "held"  # somebody else has it on screen
    CHANGED = "changed"  # somebody did something with it meanwhile
    OVER = "over"  # it is done with
    NOT_OFFERED = "not_offered"  # that outcome is not of this task
    INVALID = "invalid"
    ERASED = "erased"
    SETTLING = "settling"  # an outcome was said, and may be taken back still


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was done, nor changed; `field` is what has to be corrected, `holder` who has the task."""

    why: Why
    reason: str
    field: str = ""
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """The task as it is now, the task that was opened or joined by it, and how many facts were recorded.

    `again`: it was done by an earlier request that said the very same.
    """

    task: Task
    follow_up: Task | None = None
    facts: int = 0
    again: bool = False


@dataclass(frozen=True, slots=True)
class Again:
    """A lead is set aside by nobody any more; the task that was opened again, if its last one had set it aside."""

    lead_id: int
    task: Task | None


class NotDone(Exception):
    """A way out of a transaction, never seen outside of the engine."""

    def __init__(self, refused: Refused) -> None:
        self.refused = refused


# ---- On screen, and whose it is --------------------------------------------------------------------------------------


def claim(connection: Connection[Any], task_id: int, *, by: str, now: int, span: int = ON_SCREEN_US) -> Done | Refused:
    """Take a task on screen for a while, or keep it there; a second person is told who has it."""
    with connection.transaction():
        task = tasks.hold_task(connection, task_id)
        try:
            held = _usable(task, task_id, by, now)
        except NotDone as no:
            return no.refused
        tasks.lock_task(connection, task_id, by=by, until=now + span, now=now)
        if held.holder(now) != by:
            tasks.write_entry(connection, task_id, by=by, did="claimed", now=now)
        return Done(replace(held, locked_by=by, locked_until=now + span))


def release(connection: Connection[Any], task_id: int, *, by: str, now: int) -> Done | Refused:
    """Leave a task that one has on screen, or had; nobody leaves it for another one."""
    with connection.transaction():
        task = tasks.hold_task(connection, task_id)
        if task is None:
            return no_such(task_id)
        holder = task.holder(now)
        if holder is not None and holder != by:
            return _held(holder)
        if tasks.unlock_task(connection, task_id, by=by) and holder is not None:
            tasks.write_entry(connection, task_id, by=by, did="released", now=now)
        return Done(replace(task, locked_by=None, locked_until=None) if task.locked_by == by else task)


def assign(
    connection: Connection[Any], task_id: int, member: str | None, *, version: int, by: str, now: int
) -> Done | Refused:
    """Give a task to a member, who hears of it unless they took it themselves; None: to whoever takes it.

    Said again, it answers the task as it is.
    """
    roster = load_roster(connection)
    if member is not None and member not in roster.members:
        return Refused(Why.INVALID, f"{member}: there is no such member; give an id of the team's document", "member")
    request = request_of("assign", version, by, member)

    def act() -> Done:
        task = mine(connection, task_id, version, by, now)
        after = save(connection, replace(task, member=member, assigned_because="by_hand" if member else ""))
        about = {"member": member, "was": task.member, tasks.REQUEST: request}
        tasks.write_entry(connection, task_id, by=by, did="assigned", now=now, about=about)
        if member is not None and member not in (by, task.member):
            person = roster.members[member]
            told = [Recipient(each.reach, each.to, member, person.digest) for each in channels_of(person)]
            announce(connection, roster, after, f"assigned:{task_id}:{after.version}", told, now)
        return Done(after)

    return _once(connection, task_id, request, act)


def note(connection: Connection[Any], task_id: int, text: str, *, by: str, now: int) -> Done | Refused:
    """Write a note; it goes along to whatever the task opens. Of a lead that sales accepted it is news."""
    text = text.strip()
    if not text or len(text) > outcomes.MOST_NOTE or "\x00" in text:
        return Refused(Why.INVALID, f"write a note of 1 to {outcomes.MOST_NOTE:,} characters", "note")
    with connection.transaction():
        task = tasks.hold_task(connection, task_id)
        if task is None:
            return no_such(task_id)
        tasks.write_entry(connection, task_id, by=by, did="noted", now=now, note=text)
        if task.standing == "accepted":
            task = replace(task, look_at=now + _team(load_roster(connection), task).promise.news_within)
            tasks.has_news(connection, task_id, task.look_at or now)
        return Done(task)


def put_off(
    connection: Connection[Any], task_id: int, until: int, *, version: int, by: str, now: int, text: str = ""
) -> Done | Refused:
    """Put a task off until an instant, without counting a try: it comes again then, and is due by the team's promise.

    Said again to the letter, it answers the task as it is. What waits for its appointment is moved with that.
    """
    text = text.strip()
    if not now < until <= now + outcomes.MOST_AHEAD:
        return Refused(Why.INVALID, "choose a day to come, within two years", "until")
    if len(text) > outcomes.MOST_NOTE or "\x00" in text:
        return Refused(Why.INVALID, f"write a note of at most {outcomes.MOST_NOTE:,} characters", "note")
    request = request_of("put_off", version, by, [until, text])

    def act() -> Done:
        task = mine(connection, task_id, version, by, now)
        if task.starts_at is not None and task.starts_at > now:
            raise NotDone(Refused(Why.NOT_OFFERED, "it waits for its appointment; move that, or call it off"))
        roster = load_roster(connection)
        after = replace(task, not_before=until, locked_by=None, locked_until=None)
        if task.standing == "accepted":
            news_within = _team(roster, task).promise.news_within
            after = replace(after, look_at=until + news_within, overdue_at=None)
        else:
            due_at = promised(roster, task.team, task.treatment, until)
            after = replace(after, due_at=due_at, look_at=due_at, overdue_times=0, overdue_at=None)
        after = save(connection, after)
        about = {"not_before": until, tasks.REQUEST: request}
        tasks.write_entry(connection, task_id, by=by, did="put_off", now=now, note=text, about=about)
        return Done(after)

    return _once(connection, task_id, request, act)


# ---- What came of it -------------------------------------------------------------------------------------------------


def settle(connection: Connection[Any], task_id: int, told: Told, *, version: int, by: str, now: int) -> Done | Refused:
    """Say what came of a task: its facts are recorded, and what it opens is opened, with it or not at all.

    Said again to the letter, it answers what came of it, and records nothing.
    """
    request = request_of("settle", version, by, asdict(told))
    wrong = outcomes.check(told, now=now)
    if wrong is not None:  # the second time something may be over that was to come
        known = _done_before(connection, task_id, request)
        return known if known is not None else Refused(Why.INVALID, wrong.reason, wrong.field)
    return _once(
        connection, task_id, request, lambda: settle_now(connection, task_id, told, version, by, now, request)
    )  # fmt: skip


def settle_now(
    connection: Connection[Any], task_id: int, told: Told, version: int, by: str, now: int, request: str
) -> Done:
    """The same in the caller's transaction; raises NotDone."""
    lead = lead_of(connection, task_id)
    row, route, roster = TABLE[told.outcome], sales_route(connection), load_roster(connection)
    lock_lead(connection, lead.lead_id)
    if row.opens is not Opens.NOTHING:
        dispatch.lock_teams(connection, [route.team])
    task = mine(connection, task_id, version, by, now)
    refuse_unoffered(task, row, route)
    after = save(connection, _after(roster, task, told, row, by, now))
    gives_up = after.outcome_reason == outcomes.UNREACHABLE
    said = outcomes.facts(told, at=now, gives_up=gives_up)
    record(connection, lead, said, prefix=f"task-{task.id}-{after.version}", now=now)
    for each in said:
        if outcomes.ends_episode(each):
            end_episode(connection, lead.lead_id, each.event, now)
    opened = None
    if row.opens is not Opens.NOTHING:
        value = told.amount if told.amount is not None else task.value
        asked = Asked(lead.lead_id, after, route, value, by, now)
        opened = follow_up(connection, roster, asked, _meeting(told))
    _write_down(connection, after, told, opened, by, now, request)
    return Done(after, opened, len(said))


def _meeting(told: Told) -> Meeting | None:
    return None if told.starts_at is None else Meeting(told.starts_at, told.minutes or MINUTES, told.place)


def _after(roster: Roster, task: Task, told: Told, row: Row, by: str, now: int) -> Task:
    """The task as an outcome leaves it; whoever called a lead that was nobody's has it from now on."""
    is_taken = task.member is None and by in roster.members
    after = replace(
        task, locked_by=None, locked_until=None, overdue_times=0, overdue_at=None,
        member=by if is_taken else task.member, assigned_because="by_hand" if is_taken else task.assigned_because,
    )  # fmt: skip
    team = _team(roster, task)
    if row.becomes is Becomes.CLOSED:
        return _closed(after, told.outcome, str(told.lead_class or told.reason), by, now)
    if row.becomes is Becomes.ACCEPTED:
        look_at = now + team.promise.news_within
        return replace(after, standing="accepted", outcome=told.outcome, outcome_by=by, look_at=look_at)
    if told.outcome is Outcome.NO_ANSWER:
        after = replace(after, tries=task.tries + 1)
        if after.tries >= team.tries and task.standing == "open":
            return _closed(after, told.outcome, outcomes.UNREACHABLE, by, now)
    not_before = told.call_at or due_after(team.hours, now, TRY_AGAIN_US)
    if task.standing == "accepted":
        return replace(after, not_before=not_before, look_at=not_before + team.promise.news_within)
    due_at = promised(roster, task.team, task.treatment, not_before)
    return replace(after, not_before=not_before, due_at=due_at, look_at=due_at)


def _closed(task: Task, outcome: str, reason: str, by: str, now: int) -> Task:
    return replace(
        task, standing="closed", outcome=str(outcome), outcome_reason=reason or None, outcome_by=by, closed_at=now,
        look_at=None,
    )  # fmt: skip


def _write_down(
    connection: Connection[Any], after: Task, told: Told, opened: Task | None, by: str, now: int, request: str
) -> None:
    did = {"closed": "closed", "accepted": "accepted"}.get(after.standing, "tried")
    if TABLE[told.outcome].becomes is Becomes.LATER and after.standing == "accepted":
        did = "tried"
    about = {
        "outcome": str(told.outcome), "reason": after.outcome_reason, "amount": told.amount, "currency": told.currency,
        "not_before": after.not_before if did == "tried" else None, "opened": None if opened is None else opened.id,
        tasks.REQUEST: request,
    }  # fmt: skip
    known = {name: value for name, value in about.items() if value not in (None, "")}
    tasks.write_entry(connection, after.id, by=by, did=did, now=now, note=told.note.strip(), about=known)


# ---- Said again ------------------------------------------------------------------------------------------------------


def request_of(action: str, version: int, by: str, said: object) -> str:
    """By what a request is known when it comes again: all that it says."""
    written = json.dumps([action, version, by, said], ensure_ascii=False, sort_keys=True, default=str)
    return blake2b(written.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _once(connection: Connection[Any], task_id: int, request: str, act: Callable[[], Done]) -> Done | Refused:
    """Do something in a transaction; what is refused because it was done by the same request is answered by that."""
    try:
        with connection.transaction():
            return act()
    except NotDone as no:
        return _done_before(connection, task_id, request) or no.refused


def _done_before(connection: Connection[Any], task_id: int, request: str) -> Done | None:
    entry = tasks.entry_of(connection, task_id, request)
    task = None if entry is None else tasks.task(connection, task_id)
    if entry is None or task is None:
        return None
    about, opened = entry.about, None
    if "opened" in about:
        opened = tasks.task(connection, about["opened"])
    if "outcome" not in about:
        return Done(task, again=True)
    gives_up = about.get("reason") == outcomes.UNREACHABLE
    facts = outcomes.facts(Told(Outcome(about["outcome"])), at=entry.at, gives_up=gives_up)
    return Done(task, opened, len(facts), again=True)


# ---- Appointments ----------------------------------------------------------------------------------------------------


def move_appointment(
    connection: Connection[Any], task_id: int, meeting: Meeting, *, version: int, by: str, now: int
) -> Done | Refused:
    """Move a task's appointment; those who were invited are told."""
    told = Told(Outcome.APPOINTMENT_MADE, starts_at=meeting.starts_at, minutes=meeting.minutes, place=meeting.place)
    wrong = outcomes.check(told, now=now)
    if wrong is not None:
        return Refused(Why.INVALID, wrong.reason, wrong.field)
    return _meet(connection, task_id, meeting, version, by, now)


def call_off_appointment(
    connection: Connection[Any], task_id: int, *, version: int, by: str, now: int
) -> Done | Refused:
    """Call a task's appointment off; those who were invited are told, and the task is to be dealt with now."""
    return _meet(connection, task_id, None, version, by, now)


def _meet(
    connection: Connection[Any], task_id: int, meeting: Meeting | None, version: int, by: str, now: int
) -> Done | Refused:
    try:
        with connection.transaction():
            task = mine(connection, task_id, version, by, now)
            if task.sequence is None or (meeting is None and task.starts_at is None):
                raise NotDone(Refused(Why.NOT_OFFERED, "this task has no appointment"))
            if meeting is None:
                known = tasks.appointment(connection, task_id, task.sequence)
                assert known is not None  # it was written with that sequence
                meeting = Meeting(known.starts_at, known.minutes, known.place, is_called_off=True)
            return Done(set_meeting(connection, load_roster(connection), task, meeting, by=by, now=now))
    except NotDone as no:
        return no.refused


# ---- Relevant again --------------------------------------------------------------------------------------------------


def relevant_again(connection: Connection[Any], lead_id: int, *, by: str, now: int) -> Again | Refused:
    """Nobody says any more that a lead is irrelevant; the task that had set it aside is opened again, with its notes.

    What the model's own lines say of it stays.
    """
    with connection.transaction():
        lead = whose(connection, lead_id)
        if lead is None:
            return Refused(Why.ERASED, f"lead {lead_id}: there is none; look it up in the list")
        lock_lead(connection, lead.lead_id)
        task_id = tasks.set_aside_by(connection, {lead_id, lead.lead_id}, Outcome.NOT_RELEVANT)
        before = None if task_id is None else tasks.hold_task(connection, task_id)
        known = leads.load_known(connection, [lead.lead_id]).get(lead.lead_id, leads.Known())
        if before is None and not known.traits.get(LEAD_CLASS):
            return Refused(Why.NOT_OFFERED, f"lead {lead.lead_id}: nobody has set it aside")
        prefix = f"lead-{lead.lead_id}-{now}" if before is None else f"task-{before.id}-{before.version + 1}"
        record(connection, lead, [outcomes.lifted(now)], prefix=prefix, now=now)
        again = None if before is None else _open_again(connection, lead, before, by, now)
        audit.record(connection, by=by, did="relevant again", about={"lead": lead.lead_id}, now=now)
        return Again(lead.lead_id, again)


def _open_again(connection: Connection[Any], lead: Whose, before: Task, by: str, now: int) -> Task:
    roster = load_roster(connection)
    before = save(connection, before)
    tasks.write_entry(connection, before.id, by=by, did="relevant_again", now=now)
    dispatch.lock_teams(connection, [before.team])
    asked = Asked(lead.lead_id, before, Route(before.team, before.treatment), before.value, by, now)
    return follow_up(connection, roster, asked)


# ---- What is refused -------------------------------------------------------------------------------------------------


def offered(connection: Connection[Any], task: Task) -> list[Row]:
    """What may come of a task, in the order of the table; nothing more of one that is done with."""
    return offered_by(task, sales_route(connection))


def offered_by(task: Task, route: Route) -> list[Row]:
    """The same, where it is known to whom the acting model sends detected projects."""
    desks = set(desks_of(task, route))
    rows = [row for row in TABLE.values() if task.is_open and desks & set(row.desks)]
    return [row for row in rows if row.becomes is not Becomes.ACCEPTED or task.standing != "accepted"]


def desks_of(task: Task, route: Route) -> tuple[Desk, ...]:
    """Whose outcomes a task may have: those of sales where its team is the one that detected projects go to."""
    if task.team not in (route.team, "sales"):
        return (Desk.CALLS,)
    return (Desk.SALES, Desk.CALLS) if task.treatment == DETECT else (Desk.SALES,)


def refuse_unoffered(task: Task, row: Row, route: Route) -> None:
    """Raises NotDone where an outcome is none of a task's."""
    if not set(row.desks) & set(desks_of(task, route)):
        raise NotDone(Refused(Why.NOT_OFFERED, f"{row.outcome} is no outcome of a task of {task.team}", "outcome"))
    if row.becomes is Becomes.ACCEPTED and task.standing == "accepted":
        raise NotDone(Refused(Why.OVER, "it is accepted already"))


def lead_of(connection: Connection[Any], task_id: int) -> Whose:
    """The lead that holds the facts of a task's lead; raises NotDone."""
    task = tasks.task(connection, task_id)
    if task is None:
        raise NotDone(no_such(task_id))
    lead = whose(connection, task.lead_id)
    if lead is None:
        raise NotDone(Refused(Why.ERASED, f"task {task_id}: its lead is no more"))
    return lead


def mine(connection: Connection[Any], task_id: int, version: int, by: str, now: int) -> Task:
    """A task that one may act on, held until the transaction ends; raises NotDone."""
    task = _usable(tasks.hold_task(connection, task_id), task_id, by, now)
    if task.version != version:
        now_is = f"{task.standing}, {f'of {task.member}' if task.member else 'of nobody'}, in version {task.version}"
        meanwhile = f"somebody did something with it meanwhile: it is {now_is}; look at it again"
        raise NotDone(Refused(Why.CHANGED, meanwhile))
    return task


def _usable(task: Task | None, task_id: int, by: str, now: int) -> Task:
    if task is None:
        raise NotDone(no_such(task_id))
    if not task.is_open:
        how = f"{task.outcome or task.standing}{f', by {task.outcome_by}' if task.outcome_by else ''}"
        raise NotDone(Refused(Why.OVER, f"it is done with: {how}"))
    if task.settles_at is not None:
        raise NotDone(Refused(Why.SETTLING, "its outcome was said, and counts in a moment: take that back first"))
    holder = task.holder(now)
    if holder is not None and holder != by:
        raise NotDone(_held(holder))
    return task


def _held(holder: str) -> Refused:
    return Refused(Why.HELD, f"{holder} has it on screen", holder=holder)


def no_such(task_id: int) -> Refused:
    """Why nothing can be done with a task that is not there."""
    return Refused(Why.NO_SUCH_TASK, f"task {task_id}: there is none")


def _team(roster: Roster, task: Task) -> Team:
    return roster.teams.get(task.team) or Team(task.team, hours=roster.hours)
