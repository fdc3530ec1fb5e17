"""What the API is asked and answers of tasks, and of what is done with them."""

from enum import StrEnum
from typing import Any

from pydantic import ConfigDict, Field

from couveuse.core.model import LeadClass
from couveuse.core.outcomes import Outcome
from couveuse.web.api.shapes import Answer, Body, HandOverShape
from couveuse.web.api.texts import Text


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
