"""What people of ours are told, as values: an alert, its withdrawal, a reminder, an appointment, a digest.

Channels make messages of them; who is told, and when, is decided elsewhere. A notice holds all that its message says.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from couveuse.core.frozen import Frozen
from couveuse.core.model import Stage, Temperature


class NoticeKind(StrEnum):
    """What a notice is about."""

    HANDED_OVER = "handed_over"  # this lead became ripe, and why
    WITHDRAWN = "withdrawn"  # what an alert told is not so: its facts are gone
    CHANGED = "changed"  # some of what an alert told is not so, and the task stands
    OVERDUE = "overdue"  # a task is late
    NEWS_WANTED = "news_wanted"  # what became of a lead that sales accepted?
    APPOINTMENT = "appointment"  # a meeting was made: with an .ics
    DIGEST = "digest"  # several of these together
    TRIAL = "trial"  # somebody tries whether a channel works
    INVITATION = "invitation"  # somebody may make an account
    PASSWORD_FORGOTTEN = "password_forgotten"  # somebody may choose another password
    EMAIL_NEW = "email_new"  # whoever reads this mailbox confirms that it is the account's from now on
    EMAIL_CHANGED = "email_changed"  # this mailbox is the account's no more
    # Of these endpoints outside hear, and nobody of ours:
    HOT = "hot"  # a lead turned hot
    IRRELEVANT = "irrelevant"  # a lead is not worth a call, and why
    BAND_CHANGED = "band_changed"  # a lead went into another band
    CLOSED = "closed"  # a task is done with, and what came of it


# What is for one person's own account, and for nobody else.
PERSONAL: Final = frozenset(
    (NoticeKind.INVITATION, NoticeKind.PASSWORD_FORGOTTEN, NoticeKind.EMAIL_NEW, NoticeKind.EMAIL_CHANGED)
)
OF_OUTSIDE: Final = frozenset((NoticeKind.HOT, NoticeKind.IRRELEVANT, NoticeKind.BAND_CHANGED, NoticeKind.CLOSED))


@dataclass(frozen=True, slots=True)
class Reason(Frozen):
    """A line of the ledger that says why: what it is called, its points, and when its fact was (microseconds)."""

    label: str
    points: float
    at: int | None


@dataclass(frozen=True, slots=True)
class Person(Frozen):
    """The lead, as far as known."""

    key: str  # the e-mail or the user id
    name: str = ""
    company: str = ""
    job_title: str = ""
    telephone: str = ""


@dataclass(frozen=True, slots=True)
class Appointment(Frozen):
    """A meeting; instants in microseconds. `uid` stays the same and `sequence` grows when it is moved or called off."""

    uid: str
    sequence: int
    starts_at: int
    ends_at: int
    place: str = ""
    is_called_off: bool = False


@dataclass(frozen=True, slots=True)
class Notice(Frozen):
    """What one recipient is told; labels are in the recipient's language already, times are shown in `timezone`."""

    kind: NoticeKind
    language: str
    timezone: str
    at: int
    lead: Person | None = None
    url: str = ""  # of the lead's page
    model_url: str = ""  # of the page that says what a lead is
    score: float | None = None
    band: str = ""
    band_id: str = ""
    band_was_id: str = ""  # of a change
    rate: float | None = None  # the band's conversion rate
    expected: float | None = None  # rate times value
    currency: str = "EUR"
    temperature: Temperature | None = None
    stage: Stage | None = None
    lead_class: str = ""  # of an irrelevant lead
    why: tuple[Reason, ...] = ()
    team: str = ""
    treatment: str = ""  # what to do; of an invitation, as what
    member: str = ""  # whose task it is; of an invitation, who invites
    due_at: int | None = None  # of a link, until when it may be used
    because: str = ""  # of a withdrawal or a reminder; the reason of an outcome
    outcome: str = ""  # of a task that is done with
    notes: tuple[str, ...] = ()
    appointment: Appointment | None = None
    items: tuple["Notice", ...] = ()  # of a digest
    is_perhaps_known: bool = False  # an earlier attempt may have arrived
    is_rehearsal: bool = False
