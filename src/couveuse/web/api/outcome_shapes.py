"""What the API is asked and answers of outcomes, and of what a CRM says came of leads."""

from pydantic import Field

from couveuse.core.outcomes import Outcome
from couveuse.web.api.shapes import Answer, Body


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
