"""What the API's answers hold of the team, its tasks, outcomes, alerts, and of what goes out."""

from enum import StrEnum
from typing import Any

from ninja import Schema
from pydantic import ConfigDict, Field

from couveuse.core.events import Adjustment
from couveuse.core.model import LeadClass
from couveuse.core.outcomes import Outcome
from couveuse.store.alerts import Standing as AlertStanding
from couveuse.web.api.shapes import Answer, HandOverShape
from couveuse.web.api.texts import Text


class Body(Schema):
    """A body that holds what it may hold, and nothing else."""

    model_config = ConfigDict(extra="forbid")


# ---- The team --------------------------------------------------------------------------------------------------------


class AbsenceShape(Answer):
    """Days on which a member is away, both inclusive."""

    id: int
    member: str
    first_day: str
    last_day: str
    because: str
    of_document: bool


class HoursShape(Answer):
    """When somebody works: of each day the hours from and until which, by the clock of the time zone."""

    timezone: str
    week: dict[str, list[str]] = Field(examples=[{"mon": ["09:00-12:30", "14:00-18:00"], "sat": []}])
    holidays: str = Field(description="Whose public holidays count, as FR or FR-57; empty: none.")
    days_off: list[str]


class MemberShape(Answer):
    """A person of ours."""

    id: str
    name: str
    email: str
    telephone: str
    language: str
    timezone: str
    hours: HoursShape | None = Field(description="Their own; null: those of the team for whose work they are asked.")
    is_away: bool


class TeamShape(Answer):
    """A team: its members in the order of their turns."""

    id: str
    label: dict[str, str]
    members: list[str]
    leads: list[str]
    hours: HoursShape
    assignment: str
    owner_first: bool
    within_seconds: int
    treatments: dict[str, dict[str, str]]


class RosterShape(Answer):
    """All teams and their people; `version` is the document's, null where none was applied."""

    version: int | None
    name: str
    currency: str
    teams: list[TeamShape]
    members: list[MemberShape]
    absences: list[AbsenceShape]


class TeamDocumentShape(Answer):
    """The document that counts, as it was applied."""

    version: int
    at: str
    by: str
    text: str


class TeamDocumentAsked(Body):
    """A document to apply, in YAML."""

    text: Text = Field(max_length=1_000_000)
    dry_run: bool = Field(False, description="Say what it would change; change nothing.")
    replaces: int | None = Field(
        None,
        ge=0,
        le=2**63 - 1,
        description="The version that it was written after (0: none); refused if another one counts.",
    )


class ChangeShape(Answer):
    """One thing that is not as it was."""

    what: str
    id: str
    did: str
    fields: list[str]


class TeamApplied(Answer):
    """What applying a document came to; `version` is null where nothing was applied."""

    version: int | None
    changes: list[ChangeShape]
    lacking: list[str] = Field(description="What the acting model's routes ask for, and no team has.")


class AbsenceAsked(Body):
    """Days on which a member is away, both inclusive."""

    member: Text = Field(max_length=100)
    first_day: Text = Field(max_length=10, examples=["2026-12-21"])
    last_day: Text = Field(max_length=10, examples=["2027-01-03"])
    because: Text = Field("", max_length=200)


class AbsenceMade(Answer):
    """The number of an absence."""

    id: int


# ---- Tasks -----------------------------------------------------------------------------------------------------------


class TaskStanding(StrEnum):
    """Which tasks: to do now, put off, in the hands of sales, or done with."""

    OPEN = "open"
    LATER = "later"
    ACCEPTED = "accepted"
    CLOSED = "closed"


class TaskShape(Answer):
    """A task; `lead_id` is the lead that holds the facts now. `version` is what an action on it has to name."""

    id: int
    version: int
    lead_id: int
    lead: str = Field(description="Its e-mail if known, else its user id; empty where it is no more.")
    name: str
    company: str
    team: str
    treatment: str
    standing: str
    member: str | None
    opened_at: str
    due_at: str
    not_before: str | None
    starts_at: str | None
    rate: float
    value: float
    expected: float
    score: float
    tries: int
    held_by: str | None
    flagged_because: str | None
    outcome: str | None
    outcome_reason: str | None
    outcome_by: str | None
    closed_at: str | None
    settles_at: str | None = Field(description="An outcome was said that counts then, unless it is taken back.")


class TasksPage(Answer):
    """Tasks, and the cursor of the next page."""

    tasks: list[TaskShape]
    next: str | None


class EntryShape(Answer):
    """What happened to a task, or what somebody wrote of it."""

    id: int
    at: str
    by: str
    did: str
    note: str
    about: dict[str, Any]


class AppointmentShape(Answer):
    """What was last said of a task's appointment."""

    starts_at: str
    minutes: int
    place: str
    called_off: bool


class TaskWhole(TaskShape):
    """A task with why it was handed over, its history, and the outcomes that it may have."""

    parent_id: int | None = Field(description="The task whose outcome opened it.")
    handover: HandOverShape | None = Field(description="What asked for it, with the ledger's weightiest lines then.")
    appointment: AppointmentShape | None
    notes: list[str] = Field(description="Its own, and those of the tasks that led to it, the oldest first.")
    alerts: list[int] = Field(description="What was told of it, by number; see /api/v1/alerts.")
    entries: list[EntryShape]
    outcomes: list[Outcome]


class TaskDone(Answer):
    """The task as it is now, and the task that was opened or joined by what was done.

    `again`: the same request had done it before.
    """

    task: TaskShape
    follow_up: TaskShape | None
    facts: int
    again: bool


class Held(Answer):
    """Whether somebody had it on screen."""

    released: bool


class Acting(Body):
    """Who acts: a member of the team by id, else the token itself."""

    member: Text | None = Field(None, max_length=100, description="The member who acts; the token if not said.")


class ActingOn(Acting):
    """The same, on a version of the task that was seen."""

    version: int = Field(ge=0, le=2**31 - 1)


class AssignAsked(ActingOn):
    """To whom a task is given; null: whoever takes it."""

    to: Text | None = Field(max_length=100)


class PutOffAsked(ActingOn):
    """When a task comes again."""

    until: Text = Field(max_length=40)
    note: Text = Field("", max_length=10_000)


class NoteAsked(Acting):
    """A note."""

    note: Text = Field(max_length=10_000)


class MeetingAsked(ActingOn):
    """An appointment's new time."""

    starts_at: Text = Field(max_length=40)
    minutes: int | None = Field(None, ge=1, le=1_440, description="As before if not said.")
    place: Text | None = Field(None, max_length=200, description="As before if not said.")


class OutcomeAsked(ActingOn):
    """What came of a task; GET /outcomes tells what each outcome needs."""

    outcome: Outcome
    call_at: Text | None = Field(None, max_length=40)
    starts_at: Text | None = Field(None, max_length=40)
    minutes: int | None = Field(None, ge=1, le=1_440)
    place: Text = Field("", max_length=200)
    lead_class: LeadClass | None = Field(None, alias="class")
    reason: Text = Field("", max_length=200)
    amount: float | None = Field(None, ge=0, le=1e12)
    currency: Text = Field("", max_length=3)
    on: Text | None = Field(None, max_length=40)
    opportunity_id: Text = Field("", max_length=200)
    note: Text = Field("", max_length=10_000)
    may_be_undone: bool = Field(False, description="It counts in ten seconds; until then /undo takes it back.")

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class OutcomeShape(Answer):
    """An outcome that there is: for whom, what it asks for, what it records and becomes."""

    outcome: Outcome
    label: dict[str, str]
    desks: list[str]
    needs: list[str]
    may: list[str]
    records: list[str]
    becomes: str
    opens: str


class OutcomesShape(Answer):
    """All outcomes, the usual reasons and the classes of leads that are set aside, in words."""

    outcomes: list[OutcomeShape]
    reasons: dict[str, dict[str, str]]
    classes: dict[str, dict[str, str]]


class OutcomeItem(Body):
    """What a CRM says came of a lead: a row as `couveuse outcomes` reads it."""

    email: str | None = None
    crm_id: str | int | None = None
    outcome: str = Field(description="won, lost, accepted or rejected.")
    date: str | None = Field(None, examples=["2026-03-03"])
    amount: float | str | None = None
    currency: str | None = None
    reason: str | None = None
    opportunity_id: str | int | None = None
    note: str | None = None


class OutcomesAsked(Body):
    """What a CRM says came of leads, item by item."""

    items: list[OutcomeItem] = Field(min_length=1, max_length=1_000)
    dry_run: bool = False


class OutcomeResult(Answer):
    """What became of one item, in their order."""

    became: str
    lead_id: int | None
    tasks: list[int]
    reason: str
    field: str


class OutcomesTaken(Answer):
    """What became of each item, and of how many."""

    recorded: int
    known: int
    refused: int
    results: list[OutcomeResult]


# ---- Alerts and what goes out ----------------------------------------------------------------------------------------


class AlertShape(Answer):
    """An alert."""

    id: int
    kind: str
    lead_id: int
    team: str
    task_id: int | None
    handover_id: int | None
    of_id: int | None = Field(description="The alert that it withdraws, or raises again.")
    at: str
    because: str
    standing: AlertStanding
    withdrawn_at: str | None
    acknowledged_at: str | None
    acknowledged_by: str | None


class AlertsPage(Answer):
    """Alerts, the newest first, and the cursor of the next page."""

    alerts: list[AlertShape]
    next: str | None


class WaitingShape(Answer):
    """A member's digest for which an alert waits."""

    member: str
    due_at: str


class IntentShape(Answer):
    """One thing that goes out to one place; its place is named, never its secret."""

    id: int
    key: str
    channel: str
    audience: str
    kind: str
    target: dict[str, str] = Field(description="A member, an address, the name of a secret, or an endpoint.")
    alert_id: int | None
    standing: str
    made_at: str
    due_at: str
    attempts: int
    unknowns: int
    settled_at: str | None
    answer: str


class AlertWhole(AlertShape):
    """An alert, what goes out of it, alone or in a digest, and for whose digests it waits."""

    deliveries: list[IntentShape]
    digests: list[WaitingShape]


class IntentsPage(Answer):
    """What goes out, the newest first, and the cursor of the next page."""

    intents: list[IntentShape]
    next: str | None


class AttemptShape(Answer):
    """One attempt."""

    number: int
    at: str
    ended_at: str | None
    outcome: str
    answer: str


class IntentWhole(IntentShape):
    """One thing that goes out, with its attempts."""

    history: list[AttemptShape]


class IntentStanding(StrEnum):
    """How what goes out stands."""

    WAITING = "waiting"
    FLYING = "flying"
    DONE = "done"
    PARKED = "parked"
    DEAD = "dead"
    WITHDRAWN = "withdrawn"


class SwitchName(StrEnum):
    """What is switched by hand: nothing goes out; only the team gets anything."""

    STOP = "stop"
    REHEARSAL = "rehearsal"


class SwitchShape(Answer):
    """A switch that is on: since when, by whom, why."""

    name: SwitchName
    at: str
    by: str
    because: str


class EndpointShape(Answer):
    """Where webhooks go; no events: all."""

    id: str
    url: str
    events: list[str]
    made_at: str
    disabled_at: str | None
    disabled_because: str
    failing_since: str | None


class OutgoingShape(Answer):
    """How all that goes out stands."""

    channels: dict[str, dict[str, int]] = Field(
        description="By channel, how many are waiting, flying, parked and dead; what is none is left out."
    )
    waiting: dict[str, int]
    under_way: int
    parked: int
    dead: int
    oldest_due_at: str | None
    deliverers: int
    switches: list[SwitchShape]
    endpoints: list[EndpointShape]


class SwitchAsked(Body):
    """How a switch is to be."""

    on: bool
    because: Text = Field("", max_length=500)


class Switched(Answer):
    """A switch was turned; so many attempts had begun before."""

    name: SwitchName
    on: bool
    under_way: int


class Replayed(Answer):
    """The numbers of what is sent on."""

    intents: list[int]


class EndpointAsked(Body):
    """An endpoint to add."""

    id: Text = Field(max_length=80)
    url: Text = Field(max_length=2_000)
    events: list[Text] = Field([], max_length=50)


class EndpointMade(Answer):
    """An endpoint, and its secret, which is shown this once."""

    id: str
    secret: str


class EndpointDisabled(Answer):
    """An endpoint that gets nothing any more."""

    id: str


# ---- Leads -----------------------------------------------------------------------------------------------------------


class AdjustAsked(Body):
    """Points by hand. An id counts once, so that a request may be sent again."""

    kind: Adjustment
    points: float | None = Field(None, ge=-1e6, le=1e6, description="Needed, unless it is a reset.")
    reason: Text = Field(min_length=1, max_length=500)
    id: Text = Field(min_length=1, max_length=100, pattern=r"^[\w.:-]+$")


class AdjustedShape(Answer):
    """Whether it is new, or was known before; what is new is folded in a moment, once however often it is sent."""

    lead_id: int
    is_new: bool


class RelevantAgain(Answer):
    """A lead that nobody sets aside any more; the task that was opened again, if one was."""

    lead_id: int
    task: TaskShape | None
