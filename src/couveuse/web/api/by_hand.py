"""What is done to a lead by hand: points given or taken, and that nobody sets it aside any more."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from couveuse.engine import tasking
from couveuse.engine.adjusting import adjust
from couveuse.store.api_tokens import Scope
from couveuse.web import database
from couveuse.web.api import tasks
from couveuse.web.api.asking import BearerToken, by_of, now_us
from couveuse.web.api.by_hand_shapes import AdjustAsked, AdjustedShape, RelevantAgain
from couveuse.web.api.one_lead import LeadId
from couveuse.web.api.said import answered, refused

router = Router(tags=["leads"])


@router.post(
    "/{lead_id}/adjust", response=AdjustedShape, auth=BearerToken(Scope.LEADS_WRITE), operation_id="adjust_lead",
    summary="Give or take points by hand",
)  # fmt: skip
def adjust_lead(request: HttpRequest, lead_id: LeadId, asked: AdjustAsked) -> dict[str, Any]:
    """A fact like any other, with its reason: a line of the ledger, or a cut.

    The same id counts once, and is refused for other points or another lead.
    """
    with database.writing() as connection, refused():
        done = adjust(
            connection, lead_id, asked.kind, asked.points, reason=asked.reason, id=asked.id, by=by_of(request),
            now=now_us(),
        )  # fmt: skip
    return answered(done, lead_id)


@router.post(
    "/{lead_id}/relevant-again", response=RelevantAgain, auth=BearerToken(Scope.LEADS_WRITE),
    operation_id="lift_class", summary="Lift that a lead is set aside",
)  # fmt: skip
def lift(request: HttpRequest, lead_id: LeadId) -> dict[str, Any]:
    """Nobody says any more that the lead is irrelevant; the task that had set it aside is opened again."""
    with database.writing() as connection:
        again = tasking.relevant_again(connection, lead_id, by=by_of(request), now=now_us())
        if isinstance(again, tasking.Refused):
            raise tasks.refusal(again)
        task = None if again.task is None else tasks.shape(connection, again.task)
    return {"lead_id": again.lead_id, "task": task}
