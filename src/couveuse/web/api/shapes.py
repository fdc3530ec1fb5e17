"""What the API's answers hold; their words are those of `couveuse score --format json` and `couveuse explain`.

Instants are ISO 8601 in UTC; rates are fractions of one; points and scores are not rounded.
"""

from enum import StrEnum
from typing import Any

from ninja import Schema
from pydantic import ConfigDict, Field

from couveuse.core.events import Verdict
from couveuse.core.ledger import LineKind
from couveuse.core.model import LeadClass, Temperature
from couveuse.core.reading import Maturity


class StageName(StrEnum):
    """A stage, or none."""

    DISCOVERY = "discovery"
    EVALUATION = "evaluation"
    DECISION = "decision"
    NONE = "none"


class Body(Schema):
    """A body that holds what it may hold, and nothing else."""

    model_config = ConfigDict(extra="forbid")


class Direction(StrEnum):
    """How facts are listed."""

    NEWEST = "newest"
    OLDEST = "oldest"


class Standing(StrEnum):
    """Where a model's version stands."""

    COMING = "coming"
    ACTING = "acting"
    SCORING = "scoring"
    RETIRED = "retired"


class Answer(Schema):
    """An answer that is said to hold what it holds, and nothing else."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, protected_namespaces=())


class Wrong(Schema):
    """One value that will not do."""

    where: list[str | int] = Field(description="Where it stands: query, path or body, then the name.")
    message: str
    line: int | None = Field(None, description="Of a document: where in it, from 1; 0 is the whole.")
    column: int | None = None
    field: str | None = None
    cure: str | None = None


class ProblemShape(Schema):
    """An error (RFC 9457), with the cure."""

    type: str
    title: str
    status: int
    detail: str
    cure: str
    errors: list[Wrong] | None = None


class ModelName(Answer):
    """Which version of which model an answer was made with."""

    id: int
    name: str
    version: int


class RouteShape(Answer):
    """A route that stands: which team, to do what, and the rule or band that opened it."""

    team: str
    treatment: str
    cause: str


class Score(Answer):
    """What the model says of a lead at an instant."""

    score: float
    behaviour: float
    fit: float
    band: str
    rate: float
    stage: StageName | None
    temperature: Temperature
    lead_class: LeadClass | None = Field(alias="class")
    persona: str | None
    maturity: Maturity
    routes: list[RouteShape]
    last_event_at: str | None


class Who(Answer):
    """Who a lead is, in short."""

    id: int
    lead: str = Field(description="Its e-mail if known, else its user id.")
    name: str
    company: str
    title: str
    company_domain: str | None


class LeadShape(Score, Who):
    """A lead in a list: who it is, and its score now."""


class LeadsPage(Answer):
    """A page of leads."""

    model: ModelName
    at: str = Field(description="The instant of all scores on this page.")
    leads: list[LeadShape] = Field(description="May hold fewer than asked for, or none, and yet not be the last page.")
    next: str | None = Field(description="The cursor of the next page; null after the last one.")


class IdentityShape(Answer):
    """One key under which the lead shows up."""

    sort: str
    key: str
    known: bool = Field(description="Whether a trusted fact stands with it; else it is a claim.")


class ConsentShape(Answer):
    """What holds for one purpose, and by which word."""

    purpose: str
    given: bool
    at: str
    basis: str
    source: str
    wording: str


class HandOverShape(Answer):
    """One hand-over to a team."""

    id: int
    team: str
    treatment: str
    kind: str = Field(description="What caused it: rule or band.")
    cause: str = Field(description="The rule's or the band's id.")
    at: str
    made_at: str
    score: float
    band: str
    why: list[dict[str, Any]] = Field(description="The ledger's weightiest lines then: rule, points, at.")
    withdrawn_at: str | None
    withdrawn_because: str | None


class EpisodeShape(Answer):
    """One hand-off from first cause to its end."""

    number: int
    opened_at: str
    closed_at: str | None
    closed_by: str | None
    handovers: list[HandOverShape]


class MergeShape(Answer):
    """A merge by hand of or into the lead."""

    id: int
    lead_id: int
    into_id: int
    at: str
    by: str
    undone_at: str | None
    undone_by: str | None


class HoldShape(Answer):
    """A hold that stands: nothing of the lead is handed over."""

    lead_id: int
    at: str
    by: str
    until: str | None = Field(description="Until then; null: until it is lifted.")
    because: str


class LeadWhole(LeadShape):
    """All of one lead but its ledger and facts, which have addresses of their own."""

    model: ModelName
    at: str
    known_at: str | None
    created_at: str
    traits: dict[str, Any]
    groups: list[str]
    interests: dict[str, float] = Field(description="Topics with their weights, the heaviest first.")
    identities: list[IdentityShape]
    consents: list[ConsentShape]
    suppressed: list[str] = Field(description="Its addresses that must not be written to.")
    episodes: list[EpisodeShape]
    merges: list[MergeShape]
    hold: HoldShape | None
    ledger: str = Field(description="Where its ledger is.")
    facts: str = Field(description="Where its facts are.")


class LineShape(Answer):
    """One line of a ledger: so many points, by which rule, for which fact."""

    at: str
    event: str | None
    fact: str | None = Field(description="The fact's message_id; null for lines of fit and of the total cap.")
    source: str | None
    rule: str
    kind: LineKind
    points: float


class LedgerPage(Answer):
    """A page of a ledger; `sum` is of all its lines, and equals the score."""

    id: int
    lead: str
    model: ModelName
    at: str
    known_at: str | None
    score: float
    behaviour: float
    fit: float
    sum: float
    count: int = Field(description="How many lines there are in all.")
    agrees: bool | None = Field(description="Whether the score that is kept says the same; null as of another instant.")
    lines: list[LineShape]
    next: str | None


class FactShape(Answer):
    """One fact with all that it says, how it came, and whether it counts."""

    event: str
    occurred_at: str
    received_at: str
    message_id: str
    source: str
    properties: dict[str, Any]
    context: dict[str, Any]
    traits: dict[str, Any]
    identity: IdentityShape = Field(description="The nearest of its keys.")
    user_id: str | None
    anonymous_id: str | None
    claim: bool = Field(description="Whether a public key sent it.")
    verdict: Verdict
    counts: bool = Field(description="Whether it may count for this lead.")


class FactsPage(Answer):
    """A page of facts, in canonical order or its reverse."""

    id: int
    lead: str
    at: str | None
    known_at: str | None
    facts: list[FactShape]
    next: str | None


class ModelShape(ModelName):
    """A published version of a model."""

    standing: Standing
    published_at: str
    published_by: str


class ModelsPage(Answer):
    """Published versions, the newest first."""

    models: list[ModelShape]
    next: str | None


class ModelWhole(ModelShape):
    """A published version with its document."""

    document: str
    our_domains: list[str]
    our_addresses: list[str]


class RejectShape(Answer):
    """What was sent and could not be taken."""

    id: int
    received_at: str
    source: str
    reason: str
    cure: str
    detail: str
    place: str
    body: str


class RejectsPage(Answer):
    """Rejects, the latest first."""

    rejects: list[RejectShape]
    next: str | None


class MergeAsked(Schema):
    """Into which lead to merge."""

    model_config = ConfigDict(extra="forbid")

    into: int = Field(ge=1, le=2**63 - 1, description="The lead that stays.")


class Merged(Answer):
    """A merge that was made; its id undoes it."""

    merge: int
    lead_id: int
    into_id: int


class Unmerged(Answer):
    """A merge that was undone: both leads are themselves again."""

    merge: int
    lead_id: int
    from_id: int


class Elsewhere(Answer):
    """The lead was joined to or merged into another one."""

    id: int = Field(description="The lead that holds the facts now.")
    location: str
