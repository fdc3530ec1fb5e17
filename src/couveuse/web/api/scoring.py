"""Models on their way, as programs take them from a document to one that acts; what was learnt; long work."""

from dataclasses import asdict
from typing import Annotated, Any, Final

from django.http import HttpRequest
from ninja import Path, Query, Router, Status
from psycopg import Connection

from couveuse.core.times import DAY_US
from couveuse.documents.findings import DocumentErrors
from couveuse.documents.reading import parse_model
from couveuse.engine import drafting, jobs
from couveuse.engine.drafting import AnotherDraft, CommandRuns, NotReady, OnItsWay, Same
from couveuse.engine.jobs import Job
from couveuse.engine.live import NothingPublished
from couveuse.errors import BadInput
from couveuse.store import learnt, versions
from couveuse.store.api_tokens import Scope
from couveuse.web import database
from couveuse.web.api.asking import BearerToken, by_of, cursor_of, iso, now_us, only, parts_of, wrong
from couveuse.web.api.instance import PageAsked
from couveuse.web.api.scoring_shapes import (
    DraftAsked,
    DraftShape,
    GivenUpShape,
    JobShape,
    JobsPage,
    LearntShape,
    PublishAsked,
)
from couveuse.web.problems import Kind, Problem

router = Router(tags=["scoring"])
_LAST: Final = 2**63 - 1
_WAYS: Final = {1: "up", -1: "down", 0: "same"}
DraftId = Annotated[int, Path(ge=1, le=_LAST, description="The draft's number.")]
ModelId = Annotated[int, Path(ge=1, le=2**31 - 1, description="The version's number.")]


@router.post(
    "/drafts", response={201: DraftShape}, auth=BearerToken(Scope.MODELS_WRITE), operation_id="begin_draft",
    summary="Set a model on its way",
)  # fmt: skip
def begin(request: HttpRequest, asked: DraftAsked) -> Status[dict[str, Any]]:
    """Its states are made beside those that act, by a job; then it may be looked at, and published. One at a time."""
    try:
        document = drafting.checked(asked.document)
    except DocumentErrors as error:
        raise _bad_document(error) from error
    except BadInput as error:
        raise wrong("document", str(error), "body") from error
    with database.writing() as connection:
        draft_id = _begun(lambda: drafting.begin(connection, document, by=by_of(request), now=now_us()))
        return Status(201, _draft(connection, _known(connection, draft_id)))


@router.get(
    "/drafts/{draft_id}", response=DraftShape, auth=BearerToken(Scope.LEADS_READ), operation_id="read_draft",
    summary="Read a model on its way",
)  # fmt: skip
def read(request: HttpRequest, draft_id: DraftId) -> dict[str, Any]:
    """How far it is, and who would move, once that is known."""
    with database.reading() as connection:
        return _draft(connection, _known(connection, draft_id))


@router.post(
    "/drafts/{draft_id}/publish", response={202: DraftShape}, auth=BearerToken(Scope.MODELS_WRITE),
    operation_id="publish_draft", summary="Let a model act",
)  # fmt: skip
def publish(request: HttpRequest, draft_id: DraftId, asked: PublishAsked) -> Status[dict[str, Any]]:
    """It must be ready. A job lets it act, all at once; it hands nobody over unless it is said how many a day."""
    with database.writing() as connection:
        _known(connection, draft_id)
        try:
            drafting.publish(
                connection, draft_id, per_day=asked.hand_over_per_day, by=by_of(request), now=now_us()
            )  # fmt: skip
        except NotReady as error:
            raise Problem(Kind.DRAFT_NOT_READY) from error
        return Status(202, _draft(connection, _known(connection, draft_id)))


@router.post(
    "/drafts/{draft_id}/give-up", response=GivenUpShape, auth=BearerToken(Scope.MODELS_WRITE),
    operation_id="give_up_draft", summary="Give a model up",
)  # fmt: skip
def give_up(request: HttpRequest, draft_id: DraftId) -> dict[str, Any]:
    """Nothing has changed by it; where its work is under way, that ends at its next step."""
    with database.writing() as connection:
        _known(connection, draft_id)
        try:
            done = drafting.give_up(connection, draft_id, by=by_of(request), now=now_us())
        except NotReady as error:
            raise Problem(Kind.DRAFT_NOT_READY) from error
        except CommandRuns as error:
            raise Problem(Kind.ANOTHER_DRAFT, str(error)) from error
    return {"id": draft_id, "is_given_up": done}


@router.post(
    "/models/{model_id}/restore", response={201: DraftShape}, auth=BearerToken(Scope.MODELS_WRITE),
    operation_id="restore_model", summary="Set an older version on its way again",
)  # fmt: skip
def restore(request: HttpRequest, model_id: ModelId) -> Status[dict[str, Any]]:
    """As a new version, by the same way: who would move is known before it acts."""
    with database.writing() as connection:
        if versions.version(connection, model_id) is None:
            raise Problem(Kind.NO_SUCH_MODEL, f"There is no model {model_id}.")
        try:
            draft_id = _begun(lambda: drafting.restore(connection, model_id, by=by_of(request), now=now_us()))
        except DocumentErrors as error:  # it was published under an older Couveuse
            raise _bad_document(error) from error
        return Status(201, _draft(connection, _known(connection, draft_id)))


@router.get(
    "/models/{model_id}/learnt", response=LearntShape, auth=BearerToken(Scope.LEADS_READ),
    operation_id="read_learnt", summary="Read what the history says of a model",
)  # fmt: skip
def read_learnt(request: HttpRequest, model_id: ModelId) -> dict[str, Any]:
    """Rates by band with their intervals, what each rule did, the distribution of scores: counted each night."""
    with database.reading() as connection:
        found = learnt.latest(connection, model_id)
    if found is None:
        raise Problem(Kind.NOT_LEARNT, f"Nothing was counted of model {model_id} yet.")
    told = asdict(found)
    return {
        **{name: told[name] for name in ("facts", "leads", "bands", "rules", "sources", "bins", "ranking")},
        "model": found.model_id,
        "at": iso(found.at),
        "first_at": iso(found.first_at),
        "last_at": iso(found.last_at),
        "conversion_event": found.event,
        "horizon_days": found.horizon_us / DAY_US,
    }


@router.get(
    "/jobs", response=JobsPage, auth=BearerToken(Scope.LEADS_READ), operation_id="list_jobs", summary="List long work"
)  # fmt: skip
def list_jobs(request: HttpRequest, asked: Query[PageAsked]) -> dict[str, Any]:
    """What people and the clock asked for, the newest first."""
    only(request, PageAsked)
    before = (parts_of(asked.cursor, (int,)) or [_LAST])[0]
    with database.reading() as connection:
        found = jobs.page(connection, before=before, most=asked.limit + 1)
    shown, goes_on = found[: asked.limit], len(found) > asked.limit
    return {"jobs": [_job(each) for each in shown], "next": cursor_of(shown[-1].id) if goes_on else None}


@router.get(
    "/jobs/{job_id}", response=JobShape, auth=BearerToken(Scope.LEADS_READ), operation_id="read_job",
    summary="Read a piece of long work",
)  # fmt: skip
def read_job(request: HttpRequest, job_id: Annotated[int, Path(ge=1, le=_LAST)]) -> dict[str, Any]:
    """How far it is, and what came of it."""
    with database.reading() as connection:
        found = jobs.find(connection, job_id)
    if found is None:
        raise Problem(Kind.NO_SUCH_JOB, f"There is no job {job_id}.")
    return _job(found)


# ---- Shapes ----------------------------------------------------------------------------------------------------------


def _begun(begin: Any) -> int:
    """The draft's number, or why it may not set out; raises Problem."""
    try:
        return int(begin())
    except Same as error:
        raise Problem(Kind.SAME_MODEL) from error
    except (AnotherDraft, CommandRuns, NotReady) as error:
        raise Problem(Kind.ANOTHER_DRAFT, str(error)) from error
    except NothingPublished as error:
        raise Problem(Kind.NO_MODEL) from error


def _bad_document(error: DocumentErrors) -> Problem:
    return Problem(
        Kind.BAD_DOCUMENT,
        f"{len(error.findings)} in all; the first: {error.findings[0]}",
        errors=[
            {
                "where": ["body", "document"], "message": each.message, "line": each.line, "column": each.column,
                "field": each.field, "cure": each.cure,
            }
            for each in error.findings
        ],
    )  # fmt: skip


def _known(connection: Connection[Any], draft_id: int) -> OnItsWay:
    found = drafting.on_its_way(connection, draft_id)
    if found is None:
        raise Problem(Kind.NO_SUCH_DRAFT, f"There is no draft {draft_id}.")
    return found


def _draft(connection: Connection[Any], way: OnItsWay) -> dict[str, Any]:
    draft = way.draft
    return {
        "id": draft.id,
        "standing": draft.standing,
        "base_model": draft.base_id,
        "model": draft.model_id,
        "restores": draft.restores_id,
        "by": draft.by,
        "made_at": iso(draft.made_at),
        "settled_at": iso(draft.settled_at),
        "settled_by": draft.settled_by,
        "hand_over_per_day": draft.per_day,
        "job": None if way.job is None else _job(way.job),
        "document": draft.document,
        "diff": _diff(connection, way),
    }


def _diff(connection: Connection[Any], way: OnItsWay) -> dict[str, Any] | None:
    """Who would move; bands by their ids in the two models."""
    found, base = way.comparison, versions.version(connection, way.draft.base_id)
    if found is None or base is None:
        return None
    before = parse_model(base.published.document, "base").model.bands
    after = parse_model(way.draft.document, "draft").model.bands
    return {
        "at": iso(found.at),
        "leads": found.leads,
        **{word: found.going(way_) for way_, word in _WAYS.items()},
        "moves": [
            {
                "before": before[each.before].id,
                "after": after[each.after].id,
                "way": _WAYS[each.way],
                "leads": each.leads,
                "some": [asdict(one) for one in each.named],
            }
            for each in found.moves
        ],
        "hand_overs": [
            {
                "team": each.team,
                "treatment": each.treatment,
                "cause": each.cause,
                "leads": each.leads,
                "some": [asdict(one) for one in each.named],
            }
            for each in found.hand_overs
        ],
    }


def _job(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "standing": job.standing,
        "step": job.step,
        "done": job.done,
        "total": job.total,
        "by": job.by,
        "asked_at": iso(job.asked_at),
        "began_at": iso(job.began_at),
        "ended_at": iso(job.ended_at),
        "said": job.said,
        "found": dict(job.found),
    }
