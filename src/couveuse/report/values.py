"""What the report is made of: plain values that whoever ran the scoring fills in.

Instants are integer microseconds since 1970 (UTC); rates and shares are fractions of one; points are undecayed
unless said otherwise. Ids (rules, bands, personas) are the model's: the report finds their labels there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from couveuse.core.events import Verdict
from couveuse.core.ledger import LineKind
from couveuse.core.model import LeadClass, Model, Stage, Temperature
from couveuse.core.reading import Maturity, RouteDue


@dataclass(frozen=True, slots=True)
class Reject:
    """Rows that were not taken, for one reason, already in the report's language."""

    reason: str
    rows: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What was read: rows = facts + duplicates + rejected rows; visitors are recorded, not scored."""

    rows: int
    facts: int
    duplicates: int
    leads: int
    visitors: int
    rejects: tuple[Reject, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """One of the lines that weigh most in a score: the rule's id, and its points as they stand now."""

    rule: str
    points: float


@dataclass(frozen=True, slots=True)
class LeadRow:
    """One lead as of the report's instant: what `couveuse.core.reading` says of it, and its traits where known.

    `lead` is its e-mail, or else its id; `band` and `persona` are ids of the model; `why` holds the lines that weigh
    most, the heaviest first.
    """

    lead: str
    score: float
    behaviour: float
    fit: float
    band: str
    rate: float
    temperature: Temperature
    stage: Stage | None = None
    lead_class: LeadClass | None = None
    persona: str | None = None
    maturity: Maturity = Maturity.NONE
    routes: tuple[RouteDue, ...] = ()
    last_event_at: int | None = None
    last_event: str = ""
    why: tuple[Reason, ...] = ()
    name: str = ""
    company: str = ""
    job_title: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class LearntRate:
    """What became of a band's leads: `couveuse.learn.rates.BandRate`, whose fields have the same names and sense.

    The rate is one per lead and landmark: `observations` are those, of so many `leads`. It is None without any.
    `scant` says that the band holds too few for the rate to be leant on.
    """

    rate: float | None
    low: float | None
    high: float | None
    leads: int
    observations: int
    conversions: int
    not_ended: int = 0
    scant: bool = False


@dataclass(frozen=True, slots=True)
class BandRow:
    """How many leads stand in one of the model's bands, and what the history says of its rate, if anything."""

    id: str
    leads: int
    learnt: LearntRate | None = None


@dataclass(frozen=True, slots=True)
class Funnel:
    """Leads counted by maturity, by stage (None: no stage) and by temperature."""

    maturities: Mapping[Maturity, int] = field(default_factory=dict)
    stages: Mapping[Stage | None, int] = field(default_factory=dict)
    temperatures: Mapping[Temperature, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceRow:
    """Where leads came from; `conversions` None where the history tells of none."""

    name: str
    leads: int
    hot: int
    conversions: int | None = None


@dataclass(frozen=True, slots=True)
class RuleRow:
    """What one rule made over all leads: its lines, the leads it touched, its points when made and now."""

    id: str
    lines: int
    leads: int
    points: float
    points_now: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Leads with a score in (low, high]; bins follow one another from the lowest score to the highest."""

    low: float
    high: float
    leads: int


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One line of `couveuse.core.ledger`, with the name of its fact; `about` says in a few words what it was about.

    `rule` is the rule's id, or add, raise, set or recycle for an adjustment. What a cap, a cut or time took from a
    line follows that line, with the same instant, event and rule.
    """

    kind: LineKind
    points: float
    at_us: int | None = None
    event: str = ""
    rule: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of a lead's timeline; `points` is what its lines add up to, cap included, undecayed."""

    at_us: int
    event: str
    about: str = ""
    points: float = 0.0
    verdict: Verdict = Verdict.HUMAN


@dataclass(frozen=True, slots=True)
class LeadPage:
    """One lead's page: lines in ledger order that sum to `total`, facts in any order, and the score over time.

    `curve` holds (instant, score); a jump is two points of the same instant, before and after.
    """

    row: LeadRow
    lines: tuple[LedgerLine, ...]
    total: float
    facts: tuple[Fact, ...] = ()
    curve: tuple[tuple[int, float], ...] = ()
    interests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LiftRow:
    """One group of observations, the best scores first, as `couveuse.learn.ranking.LiftRow` has it.

    `rows_share` and `conversions_share` are of this group and the better ones together.
    """

    rows: int
    conversions: float
    lift: float | None
    rows_share: float
    conversions_share: float | None


@dataclass(frozen=True, slots=True)
class ReliabilityPoint:
    """Observations given about the same rate: that rate, and the one seen with its 95 % interval."""

    predicted: float
    observed: float
    low: float
    high: float
    observations: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """How well the score ranks: `auc` is the chance that what converts stands before what does not; None if unknown."""

    auc: float | None
    observations: int
    leads: int
    conversions: int
    low: float | None = None
    high: float | None = None
    lift: tuple[LiftRow, ...] = ()
    reliability: tuple[ReliabilityPoint, ...] = ()


@dataclass(frozen=True, slots=True)
class TellingSection:
    """A part of the model in plain words: a title, sentences, and rows (the first one the columns' names)."""

    title: str
    sentences: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Telling:
    """What a lead is here, told for sales people, in the report's language."""

    sections: tuple[TellingSection, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report as of one instant; `leads` are the top ones, best first, `lead_pages` some of them."""

    model: Model
    language: str
    at_us: int
    generated_at_us: int
    source_names: tuple[str, ...]
    counts: Counts
    leads: Sequence[LeadRow]
    bands: Sequence[BandRow]
    funnel: Funnel
    sources: Sequence[SourceRow]
    rules: Sequence[RuleRow]
    histogram: Sequence[Bin]
    lead_pages: Sequence[LeadPage]
    telling: Telling
    ranking: Ranking | None = None


# ---- One lead on a page of its own -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Identity:
    """One key under which a lead shows up (email, user_id or anonymous_id); what is only claimed is not known."""

    sort: str
    key: str
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class Consent:
    """What was last said for one purpose; `basis`, `source` and `wording` where they are known."""

    purpose: str
    is_given: bool
    at_us: int
    basis: str = ""
    source: str = ""
    wording: str = ""


@dataclass(frozen=True, slots=True)
class HandOver:
    """One hand-over: to which team, to do what, what caused it (a rule's or a band's id), and the score then."""

    team: str
    treatment: str
    cause: str
    at_us: int
    score: float
    withdrawn_at_us: int | None = None
    withdrawn_because: str = ""


@dataclass(frozen=True, slots=True)
class Episode:
    """One hand-off from first cause to its end, with its hand-overs."""

    number: int
    opened_at_us: int
    closed_at_us: int | None = None
    handovers: tuple[HandOver, ...] = ()


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a hand-over, in finished names; `sort` is a word of the section `became`.

    `at_us` is when it is due, when it comes again, or when it ended; `member` who has it, or who ended it.
    """

    sort: str
    team: str
    treatment: str
    at_us: int
    member: str = ""
    outcome: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is shown of one lead as of an instant.

    `merged` names leads that were merged into it; nobody may write to the addresses that are `suppressed`. `became` is
    what became of its hand-overs; none: it was never handed over.
    """

    model: Model
    language: str
    at_us: int
    page: LeadPage
    traits: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    identities: tuple[Identity, ...] = ()
    consents: tuple[Consent, ...] = ()
    suppressed: tuple[str, ...] = ()
    episodes: tuple[Episode, ...] = ()
    merged: tuple[str, ...] = ()
    valid_until_us: int | None = None
    became: tuple[Became, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """A page that says one thing: finished sentences, and commands or addresses to go on with, each with its sense."""

    language: str
    title: str
    sentences: tuple[str, ...] = ()
    ways: tuple[tuple[str, str], ...] = ()
