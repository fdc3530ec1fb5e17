"""Outcomes: which there are, and what a CRM says came of leads."""

from collections import Counter
from typing import Any

from django.http import HttpRequest
from ninja import Router

from couveuse.core.outcomes import CLASSES, REASONS, TABLE
from couveuse.engine.outcomes_in import Became, take_outcomes
from couveuse.store.api_tokens import Scope
from couveuse.web import database
from couveuse.web.api.asking import BearerToken, by_of, now_us
from couveuse.web.api.outcome_shapes import OutcomesAsked, OutcomesShape, OutcomesTaken
from couveuse.web.api.team import said

router = Router(tags=["outcomes"])


@router.get(
    "", response=OutcomesShape, auth=BearerToken(Scope.TASKS_READ), operation_id="list_outcomes",
    summary="List the outcomes that there are",
)  # fmt: skip
def list_outcomes(request: HttpRequest) -> dict[str, Any]:
    """What may come of a task, what has to be told with it, which facts it is, and what it opens."""
    return {
        "outcomes": [
            {
                "outcome": row.outcome,
                "label": said(row.label),
                "desks": [str(desk) for desk in row.desks],
                "needs": [str(need) for need in row.needs],
                "may": [str(need) for need in row.may],
                "records": [each.event for each in row.records],
                "becomes": str(row.becomes),
                "opens": str(row.opens),
            }
            for row in TABLE.values()
        ],
        "reasons": {reason: said(label) for reason, label in REASONS.items()},
        "classes": {str(name): said(label) for name, label in CLASSES.items()},
    }


@router.post(
    "", response=OutcomesTaken, auth=BearerToken(Scope.OUTCOMES_WRITE), operation_id="take_outcomes",
    summary="Record what a CRM says came of leads",
)  # fmt: skip
def take(request: HttpRequest, asked: OutcomesAsked) -> dict[str, Any]:
    """Won, lost, accepted or rejected, by e-mail or the CRM's number; each item by itself, the same one once.

    An item has `email` or `crm_id`, `outcome` and `date`, and may have `amount`, `currency`, `reason`,
    `opportunity_id` and `note`.
    """
    with database.writing() as connection:
        results = list(
            take_outcomes(
                connection,
                (item.dict() for item in asked.items),
                by=by_of(request),
                now=now_us(),
                dry_run=asked.dry_run,
            )
        )
    counted = Counter(each.became for each in results)
    return {
        **{str(became): counted[became] for became in Became},
        "results": [
            {
                "became": str(each.became), "lead_id": each.lead_id, "tasks": list(each.tasks), "reason": each.reason,
                "field": each.field,
            }
            for each in results
        ]
    }  # fmt: skip
