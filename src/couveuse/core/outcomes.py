"""Outcomes: what may come of a task, as one closed table, and which facts each one is.

A row says for whom an outcome is meant, what has to be told with it, which facts are recorded, what becomes of the
task and what it opens. Screens, files and the API read the same table. Who may do what with which task, and how facts
are stored, is decided elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from couveuse.core.conditions import is_number
from couveuse.core.events import (
    CALL_MADE,
    COOLING,
    LEAD_ACCEPTED,
    LEAD_CLASS,
    LEAD_REJECTED,
    MEETING_BOOKED,
    OPPORTUNITY_LOST,
    OPPORTUNITY_WON,
    PROJECT_DETECTED,
    TRAITS_SET,
    Properties,
)
from couveuse.core.frozen import Frozen
from couveuse.core.model import Label, LeadClass
from couveuse.core.times import HOUR_US, MINUTE_US, iso

# So long a reason, a place, an id or the note beside an outcome may be.
MOST_REASON: Final = 200
MOST_NOTE: Final = 10_000
# An appointment lasts so long at most, in minutes.
MOST_MINUTES: Final = 24 * 60
# What is won is worth no more than a float holds to the cent.
MOST_AMOUNT: Final = 1e12
# So far ahead something may be put off.
MOST_AHEAD: Final = 2 * 366 * 24 * HOUR_US


class Desk(StrEnum):
    """Who works on a task: those who call to find projects, or those who sell."""

    CALLS = "calls"
    SALES = "sales"


class Outcome(StrEnum):
    """What came of a task."""

    PROJECT_DETECTED = "project_detected"
    APPOINTMENT_MADE = "appointment_made"
    NO_BUDGET = "no_budget"
    NO_ANSWER = "no_answer"
    CALL_AGAIN = "call_again"
    NOT_RELEVANT = "not_relevant"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WON = "won"
    LOST = "lost"


class Becomes(StrEnum):
    """What becomes of the task."""

    LATER = "open"  # it comes again
    ACCEPTED = "accepted"  # sales have it in hand
    CLOSED = "closed"


class Opens(StrEnum):
    """What an outcome opens."""

    NOTHING = ""
    SALES_TASK = "sales_task"  # at once
    APPOINTMENT = "appointment"  # at its time, with an invitation


class Need(StrEnum):
    """What has to be told, or may be told, with an outcome; the fields of `Told` of that name."""

    CALL_AT = "call_at"
    STARTS_AT = "starts_at"
    MINUTES = "minutes"
    PLACE = "place"
    LEAD_CLASS = "lead_class"
    REASON = "reason"
    AMOUNT = "amount"
    CURRENCY = "currency"
    ON = "on"
    OPPORTUNITY_ID = "opportunity_id"


@dataclass(frozen=True, slots=True)
class Told(Frozen):
    """What somebody says of a task; instants in microseconds."""

    outcome: Outcome
    call_at: int | None = None  # when to call again
    starts_at: int | None = None  # the appointment's
    minutes: int | None = None
    place: str = ""
    lead_class: LeadClass | None = None
    reason: str = ""
    amount: float | None = None
    currency: str = ""
    on: int | None = None  # when it was won or lost; None: now
    opportunity_id: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Recorded(Frozen):
    """A fact of an outcome: its event, and its properties, fixed ones and those that are read of what was told."""

    event: str
    always: Mapping[str, object] = field(default_factory=dict)
    reads: tuple[Need, ...] = ()
    traits: tuple[Need, ...] = ()
    is_dated: bool = False  # it happened when it is said to have happened


@dataclass(frozen=True, slots=True)
class Row(Frozen):
    """What an outcome is."""

    outcome: Outcome
    label: Label
    desks: tuple[Desk, ...]
    records: tuple[Recorded, ...]
    becomes: Becomes
    opens: Opens = Opens.NOTHING
    needs: tuple[Need, ...] = ()
    may: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused(Frozen):
    """Why what was told cannot be, and the field that has to be corrected ('' : none)."""

    reason: str
    field: str = ""


def _call(outcome: Outcome) -> Recorded:
    return Recorded(CALL_MADE, {"outcome": outcome.value})


_BOTH = (Desk.CALLS, Desk.SALES)
_OF_OPPORTUNITY = (Need.AMOUNT, Need.CURRENCY, Need.OPPORTUNITY_ID)

TABLE: Final[Mapping[Outcome, Row]] = {
    row.outcome: row
    for row in (
        Row(
            Outcome.PROJECT_DETECTED, Label("Projet détecté", "Project detected"), (Desk.CALLS,),
            (_call(Outcome.PROJECT_DETECTED), Recorded(PROJECT_DETECTED, reads=(Need.AMOUNT, Need.CURRENCY))),
            Becomes.CLOSED, Opens.SALES_TASK, may=(Need.AMOUNT, Need.CURRENCY),
        ),
        Row(
            Outcome.APPOINTMENT_MADE, Label("Rendez-vous pris", "Appointment made"), (Desk.CALLS,),
            (_call(Outcome.APPOINTMENT_MADE), Recorded(MEETING_BOOKED, reads=(Need.STARTS_AT, Need.MINUTES))),
            Becomes.CLOSED, Opens.APPOINTMENT, needs=(Need.STARTS_AT,), may=(Need.MINUTES, Need.PLACE),
        ),
        Row(
            Outcome.NO_BUDGET, Label("Pas de budget", "No budget"), _BOTH,
            (_call(Outcome.NO_BUDGET), Recorded(LEAD_REJECTED, {"reason": "no budget"})), Becomes.CLOSED,
        ),
        Row(
            Outcome.NO_ANSWER, Label("Pas de réponse", "No answer"), _BOTH, (_call(Outcome.NO_ANSWER),), Becomes.LATER
        ),
        Row(
            Outcome.CALL_AGAIN, Label("À rappeler", "Call again"), _BOTH, (_call(Outcome.CALL_AGAIN),), Becomes.LATER,
            needs=(Need.CALL_AT,),
        ),
        Row(
            Outcome.NOT_RELEVANT, Label("Non pertinent", "Not relevant"), _BOTH,
            (
                _call(Outcome.NOT_RELEVANT), Recorded(LEAD_REJECTED, {"reason": "not relevant"}, (Need.LEAD_CLASS,)),
                Recorded(TRAITS_SET, traits=(Need.LEAD_CLASS,)),
            ),
            Becomes.CLOSED, needs=(Need.LEAD_CLASS,),
        ),
        Row(
            Outcome.ACCEPTED, Label("Accepté", "Accepted"), (Desk.SALES,), (Recorded(LEAD_ACCEPTED),), Becomes.ACCEPTED
        ),
        Row(
            Outcome.REJECTED, Label("Refusé", "Rejected"), (Desk.SALES,),
            (Recorded(LEAD_REJECTED, reads=(Need.REASON,)),), Becomes.CLOSED, needs=(Need.REASON,),
        ),
        Row(
            Outcome.WON, Label("Gagné", "Won"), (Desk.SALES,),
            (Recorded(OPPORTUNITY_WON, reads=_OF_OPPORTUNITY, is_dated=True),), Becomes.CLOSED, needs=(Need.AMOUNT,),
            may=(Need.CURRENCY, Need.ON, Need.OPPORTUNITY_ID),
        ),
        Row(
            Outcome.LOST, Label("Perdu", "Lost"), (Desk.SALES,),
            (Recorded(OPPORTUNITY_LOST, reads=(Need.REASON, *_OF_OPPORTUNITY), is_dated=True),), Becomes.CLOSED,
            needs=(Need.REASON,), may=(Need.AMOUNT, Need.CURRENCY, Need.ON, Need.OPPORTUNITY_ID),
        ),
    )
}  # fmt: skip

# How a task ends at which nobody ever answered, and what is recorded then beside the last call.
UNREACHABLE: Final = "unreachable"
GIVEN_UP: Final = (Recorded(LEAD_REJECTED, {"reason": "not reachable"}),)
# The reasons to prefer; what else is written is a reason too. Only the first one changes a score.
REASONS: Final[Mapping[str, Label]] = {
    "too early": Label("Trop tôt", "Too early"),
    "no project": Label("Pas de projet", "No project"),
    "no budget": Label("Pas de budget", "No budget"),
    "wrong person": Label("Mauvais interlocuteur", "Wrong person"),
    "out of target": Label("Hors cible", "Out of target"),
    "not reachable": Label("Injoignable", "Not reachable"),
    "already a customer": Label("Déjà client", "Already a customer"),
    "competitor chosen": Label("Concurrent retenu", "Competitor chosen"),
    "duplicate": Label("Doublon", "Duplicate"),
}
CLASSES: Final[Mapping[LeadClass, Label]] = {
    LeadClass.COMPETITOR: Label("Concurrent", "Competitor"),
    LeadClass.STUDENT: Label("Étudiant", "Student"),
    LeadClass.VENDOR: Label("Fournisseur", "Vendor"),
    LeadClass.INTERNAL: Label("Interne", "Internal"),
    LeadClass.OTHER: Label("Autre", "Other"),
}


@dataclass(frozen=True, slots=True)
class Said(Frozen):
    """A fact as an outcome records it, without whose it is."""

    event: str
    at: int
    properties: Properties
    traits: Properties

    @property
    def name(self) -> str:
        """The event as a part of a `message_id`."""
        return self.event.lower().replace(" ", "-")


def check(told: Told, *, now: int) -> Refused | None:
    """Why an outcome cannot be as it was told; None where it can.

    >>> check(Told(Outcome.LOST), now=0).reason
    'lost needs a reason'
    """
    row = TABLE[told.outcome]
    for need in Need:
        is_given = getattr(told, need) not in (None, "")
        if need in row.needs and not is_given:
            return Refused(f"{told.outcome} needs {_CALLED[need]}", need)
        if is_given and need not in row.needs and need not in row.may:
            return Refused(f"{told.outcome} has no {need}: leave it out", need)
    return _check_values(told, now)


_CALLED: Final[Mapping[Need, str]] = {
    Need.CALL_AT: "the time at which to call again",
    Need.STARTS_AT: "the time of the appointment",
    Need.MINUTES: "minutes",
    Need.PLACE: "a place",
    Need.LEAD_CLASS: f"a class: {', '.join(LeadClass)}",
    Need.REASON: "a reason",
    Need.AMOUNT: "an amount",
    Need.CURRENCY: "a currency",
    Need.ON: "a date",
    Need.OPPORTUNITY_ID: "an opportunity's id",
}


def _check_values(told: Told, now: int) -> Refused | None:
    for need in (Need.CALL_AT, Need.STARTS_AT):
        at = getattr(told, need)
        if at is not None and not now < at <= now + MOST_AHEAD:
            return Refused("give a time that is still to come, within two years", need)
    if told.on is not None and told.on > now:
        return Refused("it cannot have happened yet: give a date until today", Need.ON)
    if told.minutes is not None and not 0 < told.minutes <= MOST_MINUTES:
        return Refused(f"an appointment has from 1 to {MOST_MINUTES} minutes", Need.MINUTES)
    if told.amount is not None and not (is_number(told.amount) and 0 <= told.amount <= MOST_AMOUNT):
        return Refused("give an amount of 0 or more", Need.AMOUNT)
    if told.currency and not (len(told.currency) == 3 and told.currency.isascii() and told.currency.isupper()):
        return Refused("write a currency in three capital letters, as EUR", Need.CURRENCY)
    for need in (Need.REASON, Need.PLACE, Need.OPPORTUNITY_ID):
        if len(getattr(told, need)) > MOST_REASON:
            return Refused(f"keep it to {MOST_REASON} characters; a note may be longer", need)
    if len(told.note) > MOST_NOTE:
        return Refused(f"keep a note to {MOST_NOTE:,} characters", "note")
    texts = (told.reason, told.place, told.opportunity_id, told.note)
    return Refused("take out the NUL bytes (U+0000)", "note") if any("\x00" in text for text in texts) else None


def facts(told: Told, *, at: int, gives_up: bool = False) -> list[Said]:
    """The facts that an outcome is, at an instant; one that is dated is of its date.

    `gives_up`: nobody answered for the last time.
    """
    records = TABLE[told.outcome].records + (GIVEN_UP if gives_up else ())
    return [_said(told, each, at) for each in records]


def ends_episode(said: Said) -> bool:
    """Whether a fact ends the lead's hand-off."""
    return said.event in COOLING


def _said(told: Told, recorded: Recorded, at: int) -> Said:
    properties = {**recorded.always, **_read(told, recorded.reads)}
    when = told.on if recorded.is_dated and told.on is not None else at
    return Said(recorded.event, when, properties, _read(told, recorded.traits))


def _read(told: Told, needs: tuple[Need, ...]) -> dict[str, object]:
    found: dict[str, object] = {}
    for need in needs:
        value = getattr(told, need)
        if value in (None, ""):
            continue
        name = LEAD_CLASS if need is Need.LEAD_CLASS else str(need)
        found[name] = iso(value) if need is Need.STARTS_AT else str(value) if isinstance(value, LeadClass) else value
    return found


def lifted(at: int) -> Said:
    """The fact that nobody says any more that a lead is irrelevant."""
    return Said(TRAITS_SET, at, {}, {LEAD_CLASS: None})


def ends_at(starts_at: int, minutes: int) -> int:
    """When an appointment ends."""
    return starts_at + minutes * MINUTE_US
