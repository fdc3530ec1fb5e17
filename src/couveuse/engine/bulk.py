"""The same done to many leads: given to an owner, put into a group or out of it, set aside or relevant again.

Which leads is settled when it is asked for: their numbers. Few are done at once; more are a job, done a step at a time,
which goes on after a kill where it was, and may be stopped. Each is a fact like any other, and the whole stands in the
audit once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from psycopg import Connection

from couveuse.core.model import LeadClass
from couveuse.core.outcomes import Said
from couveuse.engine import editing, jobs, tasking
from couveuse.engine.by_hand import BadWord, digest_of
from couveuse.engine.jobs import Standing, Work
from couveuse.engine.recording import Whose, record_all
from couveuse.errors import BadInput
from couveuse.store import audit, bulk, cards, connections
from couveuse.store.identities import EMAIL

KIND: Final = "bulk"
DID: Final = "changed leads in bulk"
# So many leads are changed while whoever asked waits; of more a job is made; and no more at a time. So many of a
# million were asked for in 1.0 s and done in 5.7 s, in 200 steps of 0.2 s at most.
AT_ONCE: Final = 200
MOST: Final = 100_000
# Of more than so many whoever asks on screen writes the number, to show that it is meant.
TO_CONFIRM: Final = 1_000
# So many are changed in one transaction: none is long. Tasks that are opened again take a lock each.
STEP: Final = 500
STEP_OF_TASKS: Final = 50


class Act(StrEnum):
    """What is done."""

    OWNER = "owner"  # value: a member's id; '' nobody
    JOIN = "join"  # a group
    LEAVE = "leave"
    CLASS = "class"  # competitor, student ...
    RELEVANT = "relevant"  # no value


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to leads, and with which value."""

    act: Act
    value: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """How many leads were asked for; `job` where a job does it."""

    leads: int
    job: int | None = None


class TooMany(BadInput):
    """More leads than may be changed at a time."""


def change_leads(
    connection: Connection[Any], lead_ids: Sequence[int], change: Change, *, id: str, by: str, now: int
) -> Changed:
    """Change some leads at once, or have a job do it; an id counts once. Raises BadWord, TooMany."""
    numbers = sorted(set(lead_ids))
    if len(numbers) > MOST:
        raise TooMany(f"{len(numbers):,} leads: {MOST:,} may be changed at a time; narrow the filter")
    _check(connection, change, now)
    if not numbers:
        return Changed(0)
    about = {"act": change.act.value, "value": change.value}
    with connection.transaction():
        audit.lock(connection)
        key = digest_of(id, by)
        known = audit.about_key(connection, DID, key)
        if known is not None:
            return Changed(int(known["leads"]), known.get("job"))
        job = None
        if len(numbers) > AT_ONCE:
            job = jobs.ask(connection, KIND, {**about, "number": len(numbers)}, by, now)
            bulk.put(connection, job, numbers)
        else:
            apply(connection, numbers, change, occasion=f"h-{key}", by=by, now=now)
        entry = {**about, "leads": len(numbers), "key": key, "job": job}
        audit.record(connection, by=by, did=DID, about=entry, now=now)
    return Changed(len(numbers), job)


def apply(
    connection: Connection[Any], lead_ids: Sequence[int], change: Change, *, occasion: str, by: str, now: int
) -> None:
    """Record what is done of some leads, in the caller's transaction; an `occasion` counts once for each lead."""
    if change.act is Act.RELEVANT:
        for lead_id in lead_ids:  # its task is opened again with it; one that nobody has set aside stays as it is
            tasking.relevant_again(connection, lead_id, by=by, now=now)
        return
    said = _said(connection, change, now)
    found = cards.load_cards(connection, lead_ids)
    facts = []
    for lead_id in lead_ids:
        card = found.get(lead_id)
        if card is not None:  # else it was erased meanwhile
            keys = (card.key, None) if card.sort == EMAIL else (None, card.key)
            facts.append((Whose(lead_id, *keys), said, f"{occasion}-{lead_id}"))
    record_all(connection, facts, now=now)


def run(work: Work) -> Mapping[str, object]:
    """Do what a job asks for, step by step; one that was killed goes on with the leads that are left."""
    about, number = work.job.about, int(work.job.about["number"])
    change = Change(Act(about["act"]), str(about["value"]))
    most = STEP_OF_TASKS if change.act is Act.RELEVANT else STEP
    with connections.connect(work.url, "bulk", autocommit=True) as connection:
        left = bulk.left(connection, work.job.id)
        while left:
            try:
                work.progress(number - left, number, "leads")
            except jobs.GivenUp:
                bulk.drop(connection, work.job.id)
                raise
            with connection.transaction():
                step = bulk.take(connection, work.job.id, most)
                apply(connection, step, change, occasion=f"j-{work.job.id}", by=work.job.by, now=work.job.asked_at)
            left -= len(step)
    work.progress(number, number, "leads")
    return {"leads": number}


def stop(connection: Connection[Any], job_id: int, *, by: str, now: int) -> None:
    """No more leads are changed, after the step that is being done; those that are stay so."""
    with connection.transaction():
        if jobs.give_up(connection, job_id, by=by, now=now) is Standing.GIVEN_UP:
            bulk.drop(connection, job_id)


def _check(connection: Connection[Any], change: Change, now: int) -> None:
    if change.act is not Act.RELEVANT:
        _said(connection, change, now)


def _said(connection: Connection[Any], change: Change, now: int) -> Said:
    """The fact that is recorded of each lead; raises BadWord."""
    return _SAYS[change.act](connection, change.value, now)


def _class(connection: Connection[Any], value: str, now: int) -> Said:
    if value not in tuple(LeadClass):
        raise BadWord("class", f"{value or 'class'}: write one of {', '.join(LeadClass)}")
    return editing.class_said(LeadClass(value), now)


_SAYS: Final[Mapping[Act, Callable[[Connection[Any], str, int], Said]]] = {
    Act.OWNER: lambda connection, value, now: editing.owner_said(connection, value or None, now),
    Act.JOIN: lambda _, value, now: editing.group_said(value, now, joins=True),
    Act.LEAVE: lambda _, value, now: editing.group_said(value, now, joins=False),
    Act.CLASS: _class,
}
