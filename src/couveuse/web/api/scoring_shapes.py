"""What the API's answers hold of models on their way, of what was learnt, and of long work."""

from typing import Any

from pydantic import Field

from couveuse.engine.drafting import MOST_PER_DAY
from couveuse.store.drafts import Way
from couveuse.store.jobs import Standing as JobStanding
from couveuse.web.api.shapes import Answer, Body
from couveuse.web.api.texts import Text


class DraftAsked(Body):
    """A model that is to set out."""

    document: Text = Field(max_length=300_000, description="The document, as YAML.")


class PublishAsked(Body):
    """A draft that is to act."""

    hand_over_per_day: int = Field(0, ge=0, le=MOST_PER_DAY, description="0: nobody is handed over by it.")


class JobShape(Answer):
    """A piece of long work: `done` of `total` of a step; `said` tells why it failed, with the cure."""

    id: int
    kind: str
    standing: JobStanding
    step: str
    done: int
    total: int | None
    by: str
    asked_at: str | None
    began_at: str | None
    ended_at: str | None
    said: str
    found: dict[str, Any]


class JobsPage(Answer):
    """Long work, the newest first."""

    jobs: list[JobShape]
    next: str | None


class MovedShape(Answer):
    """A lead with its score under the model that acts and under the coming one."""

    lead_id: int
    before: float
    after: float


class MoveShape(Answer):
    """So many leads from one band into another, those whose score changes most by number; `way`: up, down or same."""

    before: str
    after: str
    way: str
    leads: int
    some: list[MovedShape]


class NewHandOver(Answer):
    """Hand-overs that the model would make, the best leads by number."""

    team: str
    treatment: str
    cause: str
    leads: int
    some: list[MovedShape]


class DiffShape(Answer):
    """Who would move, as of an instant."""

    at: str | None
    leads: int
    up: int
    down: int
    same: int
    moves: list[MoveShape]
    hand_overs: list[NewHandOver]


class DraftShape(Answer):
    """A model on its way: its states are made, then it is ready to be looked at and published, or given up."""

    id: int
    standing: Way
    base_model: int
    model: int | None
    restores: int | None
    by: str
    made_at: str | None
    settled_at: str | None
    settled_by: str
    hand_over_per_day: int
    job: JobShape | None
    document: str
    diff: DiffShape | None


class GivenUpShape(Answer):
    """Whether it is given up already; else its work gives it up at its next step."""

    id: int
    is_given_up: bool


class LearntBandShape(Answer):
    """A band: how many leads are in it, the rate put to it beforehand, and the one that was seen (95 % interval)."""

    id: str
    leads: int
    prior: float
    rate: float | None
    low: float | None
    high: float | None
    of: int = Field(description="Leads behind the rate.")
    readings: int
    conversions: int
    not_ended: int
    scant: str | None = Field(description="Why the rate is not to be leant on.")


class LearntLeadShape(Answer):
    """A lead by its number, and how many points a rule gave to it."""

    lead_id: int
    points: float


class LearntPeriodShape(Answer):
    """What a rule did in so many days; the leads that it gave most to."""

    days: int
    leads: int
    points: float
    best: list[LearntLeadShape]


class LearntRuleShape(Answer):
    """What a rule did since ever, and lately."""

    id: str
    lines: int
    leads: int
    points: float
    points_now: float
    periods: list[LearntPeriodShape]


class LearntSourceShape(Answer):
    """Where leads came from first."""

    source: str
    leads: int
    hot: int
    won: int | None


class LearntBinShape(Answer):
    """So many leads have a score over `low`, up to and with `high`."""

    low: float
    high: float
    leads: int


class LearntRankingShape(Answer):
    """The chance that what converts stands before what does not."""

    auc: float
    low: float
    high: float


class LearntShape(Answer):
    """What the whole history says of a version of a model, as of an instant."""

    model: int
    at: str | None
    facts: int
    leads: int
    first_at: str | None
    last_at: str | None
    conversion_event: str
    horizon_days: float
    bands: list[LearntBandShape]
    rules: list[LearntRuleShape]
    sources: list[LearntSourceShape]
    bins: list[LearntBinShape]
    ranking: LearntRankingShape | None
