"""A notice in words, as every channel says it: finished texts in the recipient's language, each in one line and clean.

A channel puts them on its own paper, and escapes them as that asks for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from couveuse.core.model import Temperature
from couveuse.core.notices import PERSONAL, Notice, NoticeKind
from couveuse.language.formats import Formats
from couveuse.language.plain import clean, in_a_line
from couveuse.language.words import Words

_PACKAGE: Final = "couveuse.channels"
# A name fits a subject, a line fits a screen, a note may be a paragraph.
NAME, LINE, NOTE = 60, 120, 2000


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the receipt: what gave points, when, and how many, as printed."""

    label: str
    when: str
    points: str


@dataclass(frozen=True, slots=True)
class Who:
    """The lead: how it is called, what it is, and how it is reached."""

    name: str
    beneath: str
    telephone: str
    email: str


@dataclass(frozen=True, slots=True)
class Score:
    """The score beside its gauge: as printed, its temperature and the word for it, and what the band is worth."""

    points: str
    temperature: Temperature | None
    word: str
    worth: str


@dataclass(frozen=True, slots=True)
class Told:
    """A notice in words; what it does not have is empty."""

    language: str
    subject: str
    marks: tuple[str, ...]
    kind: str
    title: str
    sentences: tuple[str, ...]
    who: Who | None
    score: Score | None
    what: str  # is to be done
    facts: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    total: str
    notes: tuple[str, ...]
    act: str
    url: str
    model_url: str  # under why: what a lead is here; '': nothing
    items: tuple["Told", ...]
    foot: str


def tell(notice: Notice) -> Told:
    """A notice in the words of its language; BadInput for a language that is not spoken."""
    return _Teller(notice).told()


def words(language: str) -> Words:
    """The words of messages."""
    return Words(language, _PACKAGE)


class _Teller:
    def __init__(self, notice: Notice) -> None:
        self.notice = notice
        self.words = words(notice.language)
        self.formats = Formats(self.words, notice.timezone)
        self.say = self.words.say
        is_called_off = notice.appointment is not None and notice.appointment.is_called_off
        self.kind = "called_off" if is_called_off else notice.kind.value

    def told(self) -> Told:
        notice = self.notice
        who = self.who()
        lines = tuple(self.lines())
        return Told(
            language=notice.language,
            subject=self.subject(),
            marks=tuple(self.marks()),
            kind=self.say(f"kind.{self.kind}"),
            title=who.name if who else self.headline(),
            sentences=tuple(self.sentences()),
            who=who,
            score=self.score(),
            what=in_a_line(notice.treatment, LINE) if notice.kind is not NoticeKind.WITHDRAWN else "",
            facts=tuple((self.say(f"fact.{name}"), in_a_line(value, LINE)) for name, value in self.facts() if value),
            lines=lines,
            total=self.formats.score(notice.score) if lines and notice.score is not None else "",
            notes=tuple(clean(note[:NOTE]).strip() for note in notice.notes if note.strip()),
            act=self.say("act.lead" if notice.lead else f"act.{self.kind}" if notice.kind in PERSONAL else "act.page"),
            url=notice.url if notice.url.startswith(("https://", "http://")) else "",
            model_url=notice.model_url if lines and notice.model_url.startswith(("https://", "http://")) else "",
            items=tuple(tell(item) for item in notice.items),
            foot=self.say("text.foot", zone=in_a_line(notice.timezone, LINE)),
        )

    def called(self) -> str:
        lead = self.notice.lead
        found = () if lead is None else (lead.name, lead.key, lead.company)
        return next((in_a_line(text, NAME) for text in found if text.strip()), self.say("text.nobody"))

    def headline(self) -> str:
        if self.notice.kind in PERSONAL:
            return self.say(f"subject.{self.kind}")
        if self.notice.kind is NoticeKind.DIGEST:
            number = len(self.notice.items)
            return self.words.count("subject.digest", number, n=self.formats.number(number))
        return self.say("subject.trial") if self.notice.kind is NoticeKind.TRIAL else self.called()

    def subject(self) -> str:
        """What the message is about, the marks first: they must be seen in a list of mails."""
        subject = self._bare_subject()
        if self.notice.is_perhaps_known:
            subject = self.say("subject.perhaps", subject=subject)
        return self.say("subject.rehearsal", subject=subject) if self.notice.is_rehearsal else subject

    def _bare_subject(self) -> str:
        notice, who = self.notice, self.called()
        if notice.kind in (NoticeKind.DIGEST, NoticeKind.TRIAL, *PERSONAL):
            return self.headline()
        if notice.kind is NoticeKind.HANDED_OVER:
            if notice.score is None:
                return self.say("subject.handed_over_plain", who=who)
            return self.say("subject.handed_over", who=self._beside(who), score=self.points(notice.score))
        if notice.kind is NoticeKind.OVERDUE:
            what = in_a_line(notice.treatment, NAME)
            return self.say("subject.overdue" if what else "subject.overdue_plain", who=who, what=what)
        when = self.formats.instant(notice.appointment.starts_at) if notice.appointment else ""
        return self.say(f"subject.{self.kind}", who=who, when=when)

    def _beside(self, who: str) -> str:
        company = in_a_line(self.notice.lead.company, NAME) if self.notice.lead else ""
        return f"{who} ({company})" if company and company != who else who

    def points(self, value: float) -> str:
        return self.words.count("text.points", value, p=self.formats.score(value))

    def marks(self) -> Iterator[str]:
        if self.notice.is_rehearsal:
            yield self.say("mark.rehearsal")
        if self.notice.is_perhaps_known:
            yield self.say("mark.perhaps")

    def sentences(self) -> Iterator[str]:
        notice = self.notice
        because = in_a_line(notice.because, LINE * 2).rstrip(".")
        if notice.kind is NoticeKind.WITHDRAWN:
            yield self.say("text.withdrawn_because" if because else "text.withdrawn", because=because)
            yield self.say("text.withdrawn_do")
        elif notice.kind is NoticeKind.OVERDUE and notice.due_at is not None:
            yield self.say("text.overdue", due=self.formats.instant(notice.due_at))
        elif notice.kind in (NoticeKind.CHANGED, NoticeKind.NEWS_WANTED):
            yield self.say(f"text.{notice.kind.value}")
        elif notice.kind is NoticeKind.TRIAL:
            yield self.say("text.trial")
        elif notice.kind in PERSONAL:
            yield from self.personal()
        elif self.kind == "called_off" and notice.appointment is not None:
            yield self.say("text.called_off", when=self.formats.instant(notice.appointment.starts_at))
        if because and notice.kind is not NoticeKind.WITHDRAWN:
            yield self.say("text.because", because=because[:1].upper() + because[1:])

    def personal(self) -> Iterator[str]:
        """What a mail about the reader's own account says."""
        notice = self.notice
        until = "" if notice.due_at is None else self.formats.instant(notice.due_at)
        by, role = in_a_line(notice.member, NAME), in_a_line(notice.treatment, NAME)
        yield self.say(f"text.{self.kind}", by=by, role=role)
        if until:
            yield self.say("text.link_until", until=until)
        yield self.say(f"text.{self.kind}_else")

    def who(self) -> Who | None:
        lead = self.notice.lead
        if lead is None:
            return None
        called = self.called()
        beneath = [text for text in (in_a_line(lead.job_title, NAME), in_a_line(lead.company, NAME)) if text]
        email = in_a_line(lead.key, LINE) if "@" in lead.key else ""
        key = "" if lead.key in (called, email) else in_a_line(lead.key, LINE)
        return Who(called, " · ".join(beneath) or key, in_a_line(lead.telephone, NAME), email)

    def score(self) -> Score | None:
        notice = self.notice
        if notice.score is None:
            return None
        word = self.say(f"temperature.{notice.temperature.value}") if notice.temperature else ""
        worth = "" if notice.band else self.worth()  # else it is said of the band
        return Score(self.formats.score(notice.score), notice.temperature, word, worth)

    def worth(self) -> str:
        notice = self.notice
        if not notice.rate:
            return ""
        rate = self.formats.share(notice.rate)
        if not notice.expected:
            return self.say("text.rate", rate=rate)
        return self.say("text.expected", rate=rate, money=self.formats.money(notice.expected, notice.currency))

    def facts(self) -> Iterator[tuple[str, str]]:
        """What is to be done, by whom, by when; an appointment's time and place."""
        notice, meeting = self.notice, self.notice.appointment
        if notice.kind in PERSONAL:
            return
        if notice.kind is not NoticeKind.WITHDRAWN:
            yield "what", notice.treatment
        if meeting is not None:
            yield "starts", self.formats.instant(meeting.starts_at)
            yield "ends", self.formats.instant(meeting.ends_at)
            yield "place", meeting.place
        elif notice.due_at is not None and notice.kind is NoticeKind.HANDED_OVER:
            yield "due", self.formats.instant(notice.due_at)
        yield "member", notice.member
        yield "team", notice.team
        if notice.score is not None:
            yield "band", self._band()
            yield "stage", self.say(f"stage.{notice.stage.name.lower()}") if notice.stage is not None else ""

    def _band(self) -> str:
        band, worth = in_a_line(self.notice.band, NAME), self.worth()
        return self.say("text.label", label=band, value=worth) if band and worth else band

    def lines(self) -> Iterator[Line]:
        """The lines that weigh most, and one for all others, so that what is printed adds up to the score."""
        notice = self.notice
        left = None if notice.score is None else _tenths(notice.score)
        for reason in notice.why:
            when = "" if reason.at is None else self.formats.short_date(reason.at)
            tenths = _tenths(reason.points)
            left = None if left is None else left - tenths
            yield Line(in_a_line(reason.label, LINE), when, self.formats.signed(tenths / 10, 1))
        if left and notice.why:
            yield Line(self.say("part.others"), "", self.formats.signed(left / 10, 1))


def _tenths(points: float) -> int:
    """Points as they are printed, with one decimal, as a whole number of tenths."""
    return round(float(f"{points:.1f}") * 10)
