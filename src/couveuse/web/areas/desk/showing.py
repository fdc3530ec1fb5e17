"""A task in words: why it is there, what happened to it, what may come of it; nothing is asked of the database here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from couveuse.channels.email.rendering import dialled
from couveuse.core.events import Fact
from couveuse.core.model import Label, LeadClass, Model
from couveuse.core.outcomes import CLASSES, REASONS, TABLE, UNREACHABLE, Outcome, Row
from couveuse.core.roster import Roster
from couveuse.core.times import HOUR_US, microseconds
from couveuse.engine.sheets import View
from couveuse.report.names import Names
from couveuse.report.persons import about, person
from couveuse.store.identities import EMAIL
from couveuse.store.tasks import Entry, Task
from couveuse.web.areas.desk.whose import Desk
from couveuse.web.asking import Asked

MOST_LINES: Final = 3
# What happens by itself, or only on a screen, is no news of a task.
_UNSAID: Final = frozenset(("claimed", "released", "joined"))
# The order of the keys: what one hopes for first. Those who call and those who sell have their own, and some in common.
_OF_CALLS: Final = (Outcome.PROJECT_DETECTED, Outcome.APPOINTMENT_MADE)
_OF_SALES: Final = (Outcome.ACCEPTED, Outcome.WON, Outcome.LOST, Outcome.REJECTED)
_OF_BOTH: Final = (Outcome.CALL_AGAIN, Outcome.NO_ANSWER, Outcome.NO_BUDGET, Outcome.NOT_RELEVANT)
_DETECTING, _SELLING = frozenset(_OF_CALLS), frozenset(_OF_SALES)
# What a person chooses an hour of tomorrow by: when the working day begins.
_MORNING: Final = 9


@dataclass(frozen=True, slots=True)
class Way:
    """One outcome as it is offered: by which key, whether it is said at once or needs a form."""

    key: str
    outcome: Outcome
    label: str
    is_at_once: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line of why: points with their sign, what for, and when."""

    points: str
    label: str
    when: str
    iso: str


@dataclass(frozen=True, slots=True)
class Said:
    """Something that happened to a task, or was written of it."""

    what: str
    note: str
    by: str
    when: str
    iso: str


def lead_name(asked: Asked, traits: Mapping[str, Any], key: str) -> str:
    """How a lead is called: by its name, else by what it is known by."""
    return person(traits).name or key or asked.say("desk_task.unnamed")


def treatment(asked: Asked, roster: Roster, task: Task) -> str:
    """What is to be done, in the team's words, else in the product's."""
    team = roster.teams.get(task.team)
    label = team.treatments.get(task.treatment, Label()) if team is not None else Label()
    known = asked.words.known("treatment", task.treatment)
    return label.text(asked.language, known[:1].upper() + known[1:])


def team_name(asked: Asked, roster: Roster, id: str) -> str:
    """What a team is called."""
    known = asked.words.known("team", id)
    team = roster.teams.get(id)
    return known if team is None else team.label.text(asked.language, known)


def outcome_name(asked: Asked, outcome: str | None) -> str:
    """What an outcome is called; what ended a hand-off from outside is called by its own word."""
    if outcome in tuple(Outcome):
        return TABLE[Outcome(outcome)].label.text(asked.language, outcome or "")
    return asked.words.known("desk_outcome", outcome or "")


def reason_name(asked: Asked, reason: str | None) -> str:
    """Why, in words where the product knows it; what a person wrote is theirs."""
    if not reason:
        return ""
    if reason in tuple(LeadClass):
        return CLASSES[LeadClass(reason)].text(asked.language, reason)
    if reason == UNREACHABLE:
        return asked.say("desk_outcome.unreachable")
    return REASONS.get(reason, Label()).text(asked.language, reason)


def ways(asked: Asked, rows: Sequence[Row]) -> list[Way]:
    """The outcomes in the order of their keys; each has the same key whatever else is offered on that desk."""
    offered = {row.outcome: row for row in rows}
    detecting, selling = not _DETECTING.isdisjoint(offered), not _SELLING.isdisjoint(offered)
    order = [*(_OF_CALLS if detecting else ()), *(_OF_SALES if selling else ()), *_OF_BOTH]
    keys = dict(zip(order, "1234567890", strict=False))
    return [
        Way(keys[outcome], outcome, offered[outcome].label.text(asked.language, outcome), not offered[outcome].needs)
        for outcome in order if outcome in offered
    ]  # fmt: skip


def why(asked: Asked, desk: Desk, view: View) -> list[Line]:
    """Why the task is there, in three lines: what asked for it, with the weightiest points of the ledger then."""
    reason = view.sheet.reason
    names = None if desk.model is None else Names(desk.model.plan.model, asked.language)
    if reason is None:
        return []
    found = [
        Line(
            asked.formats.signed(each["points"]),
            str(each["rule"]) if names is None else names.rule(each["rule"]),
            "" if each["at"] is None else asked.formats.short_date(each["at"]),
            "" if each["at"] is None else asked.formats.iso(each["at"]),
        )
        for each in reason.why
    ]
    return found[:MOST_LINES]


def asked_for(asked: Asked, desk: Desk, view: View) -> str:
    """The sentence above: what asked for the task, or who handed it on."""
    task, reason = view.sheet.task, view.sheet.reason
    if task.parent_id is not None:
        opened = next((each for each in view.sheet.entries if each.did == "opened"), None)
        by = "" if opened is None else desk.called(opened.by)
        if by:
            return asked.say("desk_task.handed_on", by=by, when=asked.formats.short_date(task.opened_at))
    if reason is None or desk.model is None:
        return ""
    names = Names(desk.model.plan.model, asked.language)
    return asked.say("desk_task.asked", cause=names.cause(reason.cause), when=asked.formats.short_date(reason.at))


def level(view: View, model: Model | None, language: str) -> float:
    """How full the gauge of the lead's score is."""
    if model is None or view.score is None:
        return 0.0
    return Names(model, language, [view.score]).level(view.score)


def deeds(asked: Asked, facts: Sequence[Fact]) -> list[dict[str, str]]:
    """The last things that the lead did, as a timeline has them."""
    return [
        {
            "kind": "", "margin": "", "what": asked.words.known("event", fact.event),
            "about": about(fact.properties, fact.traits), "iso": asked.formats.iso(fact.at),
            "when": asked.formats.age(fact.at, asked.now),
        }
        for fact in facts
    ]  # fmt: skip


def history(asked: Asked, desk: Desk, entries: Sequence[Entry]) -> list[Said]:
    """What happened to the task, the newest first."""
    found = (_said(asked, desk, each) for each in reversed(entries) if each.did not in _UNSAID)
    return [each for each in found if each.what or each.note]


def typed_before(entries: Sequence[Entry], by: str) -> str:
    """The note of what somebody took back just now: it is there again."""
    said = [each for each in entries if each.did not in _UNSAID]
    if not said or said[-1].did != "taken_back" or said[-1].by != by:
        return ""
    return str(said[-1].about.get("note", ""))


def _said(asked: Asked, desk: Desk, entry: Entry) -> Said:
    about_it, f = entry.about, asked.formats
    at = about_it.get("not_before") or about_it.get("starts_at")
    reason = reason_name(asked, about_it.get("reason"))
    member = about_it.get("member")
    did = entry.did
    if did == "appointment" and about_it.get("called_off"):
        did = "called_off"
    if did in ("assigned", "opened") and not member:
        did = f"{did}_free"
    words = {
        "outcome": outcome_name(asked, about_it.get("outcome")), "reason": reason,
        "until": "" if at is None else f.instant(at), "member": desk.called(member) if member else "",
        "because": asked.words.known("because", str(about_it.get("because", ""))),
    }  # fmt: skip
    if did in ("closed", "accepted", "tried"):
        what = words["outcome"]
        if reason and did != "tried" and entry.did != "accepted":
            what = asked.say("desk_did.with_reason", outcome=what, reason=reason)
        if did == "tried" and at is not None:
            what = asked.say("desk_did.until", outcome=what, until=words["until"])
    else:
        key = asked.words.known("desk_did", did)
        what = "" if key == did or did == "noted" else asked.say(f"desk_did.{did}", **words)
    return Said(what, entry.note, desk.called(entry.by), f.short_date(entry.at), f.iso(entry.at))


def written(asked: Asked, desk: Desk, notes: Sequence[Fact]) -> list[Said]:
    """What people of ours wrote of the lead beside its tasks, the newest first."""
    f = asked.formats
    return [
        Said(
            "", str(fact.properties.get("text", "")), desk.called(str(fact.properties.get("by", ""))),
            f.short_date(fact.at), f.iso(fact.at),
        )
        for fact in notes
    ]  # fmt: skip


def times_to_call(asked: Asked) -> Iterator[tuple[str, str]]:
    """When one usually calls again, as (what the form sends, what it is called)."""
    f = asked.formats
    local = f.moment(asked.now)
    choices = [
        (asked.now + HOUR_US, "desk_when.hour"), (asked.now + 3 * HOUR_US, "desk_when.hours"),
        (_morning(local, 1), "desk_when.tomorrow"), (_morning(local, 7 - local.weekday()), "desk_when.monday"),
        (_morning(local, 30), "desk_when.month"),
    ]  # fmt: skip
    seen = set()
    for instant, key in choices:
        if instant not in seen:
            seen.add(instant)
            yield f.iso(instant), asked.say(key, time=f.time(instant))


def days_to_wait(asked: Asked) -> Iterator[tuple[str, str]]:
    """Until when one usually puts a task off."""
    local = asked.formats.moment(asked.now)
    for days, name in ((1, "tomorrow"), (7, "week"), (30, "month"), (90, "quarter")):
        instant = _morning(local, days)
        yield asked.formats.iso(instant), asked.say(f"desk_when.{name}", time=asked.formats.time(instant))


def _morning(local: datetime, days: int) -> int:
    """The beginning of the working day so many days later, by the clock of who asks."""
    day = (local + timedelta(days=days)).replace(hour=_MORNING, minute=0, second=0, microsecond=0, fold=0)
    return microseconds(day)


def due(asked: Asked, task: Task) -> tuple[str, bool]:
    """By when it is to be dealt with, and whether that is over."""
    f = asked.formats
    if task.starts_at is not None:
        return asked.say("desk_task.meets", when=f.instant(task.starts_at)), task.due_at < asked.now
    if task.standing != "open":
        return "", False
    if task.not_before is not None and task.not_before > asked.now:
        return asked.say("desk_task.later", when=f.instant(task.not_before)), False
    if task.due_at < asked.now:
        return asked.say("desk_task.late", when=f.instant(task.due_at)), True
    if f.date(task.due_at) == f.date(asked.now):
        return asked.say("desk_task.due", when=f.time(task.due_at)), False
    return asked.say("desk_task.due_on", when=f.instant(task.due_at)), False


def due_in_short(asked: Asked, task: Task) -> tuple[str, bool]:
    """The same where there is little room: an instant, and whether it is over."""
    f = asked.formats
    at = task.starts_at or (task.not_before if (task.not_before or 0) > asked.now else None) or task.due_at
    return f.short_instant(at), task.standing == "open" and at < asked.now


def mail_of(view: View) -> str:
    """The lead's e-mail; empty where it is known by something else."""
    card = view.sheet.card
    return "" if card is None or card.sort != EMAIL else card.key


def telephone(view: View) -> str:
    """The number as a link dials it: without the zero that only callers of the same country dial."""
    number = view.number.number
    return dialled(number.replace("(0)", "") if number.startswith("+") else number)
