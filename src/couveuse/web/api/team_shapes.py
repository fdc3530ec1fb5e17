"""What the API is asked and answers of the team: its document, its people, and who is away."""

from pydantic import Field

from couveuse.web.api.shapes import Answer, Body
from couveuse.web.api.texts import Text


class AbsenceShape(Answer):
    """Days on which a member is away, both inclusive."""

    id: int
    member: str
    first_day: str
    last_day: str
    because: str
    of_document: bool


class HoursShape(Answer):
    """When somebody works: of each day the hours from and until which, by the clock of the time zone."""

    timezone: str
    week: dict[str, list[str]] = Field(examples=[{"mon": ["09:00-12:30", "14:00-18:00"], "sat": []}])
    holidays: str = Field(description="Whose public holidays count, as FR or FR-57; empty: none.")
    days_off: list[str]


class MemberShape(Answer):
    """A person of ours."""

    id: str
    name: str
    email: str
    telephone: str
    language: str
    timezone: str
    hours: HoursShape | None = Field(description="Their own; null: those of the team for whose work they are asked.")
    is_away: bool


class TeamShape(Answer):
    """A team: its members in the order of their turns."""

    id: str
    label: dict[str, str]
    members: list[str]
    leads: list[str]
    hours: HoursShape
    assignment: str
    owner_first: bool
    within_seconds: int
    treatments: dict[str, dict[str, str]]


class RosterShape(Answer):
    """All teams and their people; `version` is the document's, null where none was applied."""

    version: int | None
    name: str
    currency: str
    teams: list[TeamShape]
    members: list[MemberShape]
    absences: list[AbsenceShape]


class TeamDocumentShape(Answer):
    """The document that counts, as it was applied."""

    version: int
    at: str
    by: str
    text: str


class TeamDocumentAsked(Body):
    """A document to apply, in YAML."""

    text: Text = Field(max_length=1_000_000)
    dry_run: bool = Field(False, description="Say what it would change; change nothing.")
    replaces: int | None = Field(
        None,
        ge=0,
        le=2**63 - 1,
        description="The version that it was written after (0: none); refused if another one counts.",
    )


class ChangeShape(Answer):
    """One thing that is not as it was."""

    what: str
    id: str
    did: str
    fields: list[str]


class TeamApplied(Answer):
    """What applying a document came to; `version` is null where nothing was applied."""

    version: int | None
    changes: list[ChangeShape]
    lacking: list[str] = Field(description="What the acting model's routes ask for, and no team has.")


class AbsenceAsked(Body):
    """Days on which a member is away, both inclusive."""

    member: Text = Field(max_length=100)
    first_day: Text = Field(max_length=10, examples=["2026-12-21"])
    last_day: Text = Field(max_length=10, examples=["2027-01-03"])
    because: Text = Field("", max_length=200)


class AbsenceMade(Answer):
    """The number of an absence."""

    id: int
