"""Merging two leads by hand, and undoing it."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Router, Status

from couveuse import configuration
from couveuse.engine.batches import Folder
from couveuse.engine.live import LiveModels, NothingPublished
from couveuse.engine.merging import CannotMerge, merge, unmerge
from couveuse.store import private
from couveuse.store.api_tokens import Scope
from couveuse.web import database
from couveuse.web.api.asking import BearerToken, by_of, now_us
from couveuse.web.api.one_lead import LeadId
from couveuse.web.api.shapes import MergeAsked, Merged, Unmerged
from couveuse.web.problems import Kind, Problem

router = Router(tags=["merges"])
MergeId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The merge's number.")]


@router.post(
    "/leads/{lead_id}/merge", response={201: Merged}, auth=BearerToken(Scope.LEADS_WRITE), operation_id="merge_leads",
    summary="Merge a lead into another one",
)  # fmt: skip
def merge_leads(request: HttpRequest, lead_id: LeadId, asked: MergeAsked) -> Status[dict[str, Any]]:
    """Both leads' facts count for the one that stays; nothing is lost, and it can be undone by the merge's number."""
    with database.writing() as connection:
        try:
            number = merge(connection, _folder(), LiveModels(), lead_id, asked.into, by=by_of(request), now=now_us())
        except NothingPublished as error:
            raise Problem(Kind.NO_MODEL) from error
        except CannotMerge as error:
            raise Problem(Kind.CANNOT_MERGE, str(error)) from error
    return Status(201, {"merge": number, "lead_id": lead_id, "into_id": asked.into})


@router.post(
    "/merges/{merge_id}/undo", response=Unmerged, auth=BearerToken(Scope.LEADS_WRITE), operation_id="undo_merge",
    summary="Undo a merge",
)  # fmt: skip
def undo_merge(request: HttpRequest, merge_id: MergeId) -> dict[str, Any]:
    """Facts go back to the lead to whom they belong, those that came since included."""
    with database.writing() as connection:
        try:
            lead_id, into_id = unmerge(connection, _folder(), LiveModels(), merge_id, by=by_of(request), now=now_us())
        except NothingPublished as error:
            raise Problem(Kind.NO_MODEL) from error
        except CannotMerge as error:
            raise Problem(Kind.NO_SUCH_MERGE, str(error)) from error
    return {"merge": merge_id, "lead_id": lead_id, "from_id": into_id}


def _folder() -> Folder:
    """One for each request: merges are rare, and what a folder remembers is of one connection's transactions."""
    return Folder(private.url(configuration.read()))
