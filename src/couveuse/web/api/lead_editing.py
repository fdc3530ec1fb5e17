"""Leads written by programs: added, their named traits edited, notes; many changed alike; each as facts."""

from typing import Annotated, Any, Final
from uuid import uuid4

from django.http import HttpRequest
from ninja import Path, Router, Schema, Status
from psycopg import Connection
from pydantic import ConfigDict, Field

from couveuse.core.consent import Basis, Purpose
from couveuse.engine import editing, jobs
from couveuse.engine.bulk import KIND, MOST, Act, Change, change_leads
from couveuse.engine.bulk import stop as stop_changing
from couveuse.engine.by_hand import BadWord, ByHand
from couveuse.engine.editing import FIELDS, MOST_GROUP, MOST_TRAIT, Consent, IsThere
from couveuse.engine.noting import write_note
from couveuse.store.api_tokens import Scope
from couveuse.web import database
from couveuse.web.api import leads, one_lead
from couveuse.web.api.asking import BearerToken, by_of, now_us, wrong
from couveuse.web.api.one_lead import LeadId
from couveuse.web.api.said import answered, refused
from couveuse.web.api.shapes import Answer
from couveuse.web.api.texts import Text
from couveuse.web.problems import Kind, Problem

router = Router(tags=["leads"])  # of addresses under which nothing else is asked
_ID: Final = "Chosen by whoever asks: the same one counts once. One is made where none is given."
JobId = Annotated[int, Path(ge=1, le=2**63 - 1)]


class Traits(Schema):
    """The traits that are written by hand; an empty text, or null, takes one away. There are no others."""

    model_config = ConfigDict(extra="forbid")

    first_name: Text | None = Field(None, max_length=MOST_TRAIT)
    last_name: Text | None = Field(None, max_length=MOST_TRAIT)
    company: Text | None = Field(None, max_length=MOST_TRAIT)
    job_title: Text | None = Field(None, max_length=MOST_TRAIT)
    department: Text | None = Field(None, max_length=MOST_TRAIT)
    telephone: Text | None = Field(None, max_length=MOST_TRAIT, description="With four digits at least.")
    lead_source: Text | None = Field(None, max_length=MOST_TRAIT)
    city: Text | None = Field(None, max_length=MOST_TRAIT)
    region: Text | None = Field(None, max_length=MOST_TRAIT)
    country: Text | None = Field(None, max_length=MOST_TRAIT)
    language: Text | None = Field(None, max_length=MOST_TRAIT)
    website: Text | None = Field(None, max_length=MOST_TRAIT, description="An address of the web, with its scheme.")
    deal_value: float | None = Field(None, ge=0, le=editing.MOST_NUMBER)


class ConsentAsked(Schema):
    """On what basis a lead may be written to, for which purposes, and where that is from."""

    model_config = ConfigDict(extra="forbid")

    basis: Basis
    purposes: list[Purpose] = Field([Purpose.MARKETING_EMAIL], min_length=1, max_length=5)
    source: Text = Field(min_length=1, max_length=MOST_TRAIT, examples=["met at the fair"])


class AddAsked(Schema):
    """A lead to add: by an e-mail, a user id, or both."""

    model_config = ConfigDict(extra="forbid")

    email: Text = Field("", max_length=254)
    user_id: Text = Field("", max_length=500)
    traits: Traits | None = None
    consent: ConsentAsked | None = Field(None, description="Null with an e-mail: nobody may write to this person.")
    id: Text | None = Field(None, min_length=1, max_length=100, description=_ID)


class AddedShape(Answer):
    """A lead that waits to be taken in; it is found by the same e-mail or user id a moment later."""

    email: str
    user_id: str


class EditAsked(Traits):
    """Traits to write, and whose the lead is; what is not named stays as it is."""

    owner: Text | None = Field(None, max_length=100, description="A member of the team, by id; null: nobody.")
    id: Text | None = Field(None, min_length=1, max_length=100, description=_ID)


class NoteAsked(Schema):
    """A note about a lead."""

    model_config = ConfigDict(extra="forbid")

    text: Text = Field(min_length=1, max_length=10_000)
    id: Text | None = Field(None, min_length=1, max_length=100, description=_ID)


class WrittenShape(Answer):
    """The lead that holds the facts, and whether anything new was said."""

    lead_id: int
    is_new: bool


class BulkAsked(Schema):
    """What is done to which leads."""

    model_config = ConfigDict(extra="forbid")

    leads: list[Annotated[int, Field(ge=1, le=2**63 - 1)]] = Field(min_length=1, max_length=MOST)
    act: Act = Field(description="owner, join, leave, class or relevant.")
    value: Text = Field("", max_length=MOST_GROUP, description="A member's id (empty: nobody), a group, a class.")
    id: Text | None = Field(None, min_length=1, max_length=100, description=_ID)


class ChangedShape(Answer):
    """How many leads were asked for, and the job that changes them where they are many."""

    leads: int
    job: int | None


class BulkJobShape(Answer):
    """How far a job is that changes leads."""

    job: int
    standing: str
    done: int
    total: int
    said: str = Field(description="Why it failed, with the cure.")


@router.post(
    "/bulk", response=ChangedShape, auth=BearerToken(Scope.LEADS_WRITE), operation_id="change_leads",
    summary="Change many leads alike",
)  # fmt: skip
def change(request: HttpRequest, asked: BulkAsked) -> dict[str, Any]:
    """Give leads to an owner, put them into a group or out of it, set them aside or make them relevant again."""
    with database.writing() as connection:
        try:
            done = change_leads(
                connection, asked.leads, Change(asked.act, asked.value), id=asked.id or uuid4().hex, by=by_of(request),
                now=now_us(),
            )  # fmt: skip
        except BadWord as error:
            raise wrong("value", str(error), "body") from error
    return {"leads": done.leads, "job": done.job}


@router.get(
    "/bulk/{job_id}", response=BulkJobShape, auth=BearerToken(Scope.LEADS_READ), operation_id="read_bulk_job",
    summary="How far a change of many leads is",
)  # fmt: skip
def job(request: HttpRequest, job_id: JobId) -> dict[str, Any]:
    """Where the job stands: waiting, running, done, failed or given_up."""
    with database.reading() as connection:
        return _job_told(_job(connection, job_id))


def _job(connection: Connection[Any], job_id: int) -> jobs.Job:
    found = jobs.find(connection, job_id)
    if found is None or found.kind != KIND:
        raise Problem(Kind.NO_SUCH_JOB, f"There is no such job {job_id}.")
    return found


def _job_told(job: jobs.Job) -> dict[str, Any]:
    total = int(job.about["number"])
    return {"job": job.id, "standing": job.standing.value, "done": job.done, "total": total, "said": job.said}


@router.post(
    "/bulk/{job_id}/stop", response=BulkJobShape, auth=BearerToken(Scope.LEADS_WRITE), operation_id="stop_bulk_job",
    summary="Stop a change of many leads",
)  # fmt: skip
def stop(request: HttpRequest, job_id: JobId) -> dict[str, Any]:
    """No more leads are changed, after the step that is being done; those that are stay so."""
    with database.writing() as connection:
        _job(connection, job_id)
        stop_changing(connection, job_id, by=by_of(request), now=now_us())
        return _job_told(_job(connection, job_id))


@leads.router.post(
    "", response={202: AddedShape}, auth=BearerToken(Scope.LEADS_WRITE), operation_id="add_lead", summary="Add a lead"
)
def add(request: HttpRequest, asked: AddAsked) -> Status[dict[str, Any]]:
    """The engine takes it in like any fact, a moment later; who is there already is refused, to be edited instead."""
    consent = None if asked.consent is None else Consent(
        asked.consent.basis.value, tuple(asked.consent.purposes), asked.consent.source
    )  # fmt: skip
    if not asked.email.strip() and not asked.user_id.strip():
        raise wrong("email", "Give an e-mail or a user id.", "body")
    if asked.email.strip() and consent is None:
        consent = Consent(editing.NO_BASIS)
    with database.writing() as connection:
        try:
            editing.add_lead(
                connection, _given(asked.traits), email=asked.email, user_id=asked.user_id, consent=consent,
                id=asked.id or uuid4().hex, by=by_of(request), now=now_us(),
            )  # fmt: skip
        except BadWord as error:
            raise wrong(error.field, str(error), "body") from error
        except IsThere as error:
            raise Problem(Kind.IS_THERE, f"It is lead {error.lead_id}.") from error
    return Status(202, {"email": asked.email.strip().lower(), "user_id": asked.user_id.strip()})


@one_lead.router.patch(
    "/{lead_id}", response=WrittenShape, auth=BearerToken(Scope.LEADS_WRITE), operation_id="edit_lead",
    summary="Edit a lead",
)  # fmt: skip
def edit(request: HttpRequest, lead_id: LeadId, asked: EditAsked) -> dict[str, Any]:
    """Only what is named is written, and only traits of this list; what says nothing new records nothing."""
    key, by, now = asked.id or uuid4().hex, by_of(request), now_us()
    with database.writing() as connection, refused():
        done = editing.edit(connection, lead_id, _given(asked), id=key, by=by, now=now)
        if done is not None and "owner" in asked.model_fields_set:
            owned = editing.set_owner(connection, lead_id, asked.owner or None, id=key, by=by, now=now)
            done = done if owned is None else ByHand(done.lead_id, done.is_new or owned.is_new)
    return answered(done, lead_id)


@router.post(
    "/{lead_id}/notes", response=WrittenShape, auth=BearerToken(Scope.LEADS_WRITE), operation_id="note_lead",
    summary="Write a note about a lead",
)  # fmt: skip
def note(request: HttpRequest, lead_id: LeadId, asked: NoteAsked) -> dict[str, Any]:
    """A fact of the lead's that makes no point: its timeline shows it, with who wrote it."""
    with database.writing() as connection, refused():
        done = write_note(connection, lead_id, asked.text, id=asked.id or uuid4().hex, by=by_of(request), now=now_us())
    return answered(done, lead_id)


def _given(traits: Traits | None) -> dict[str, object]:
    """The traits that were named."""
    if traits is None:
        return {}
    return {name: value for name, value in traits.model_dump(exclude_unset=True).items() if name in FIELDS}
