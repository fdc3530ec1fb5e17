"""How one lead is shown: names in the reader's language, times in their zone, ways to reach it, the timeline."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from markupsafe import Markup

from couveuse.core.conditions import is_number
from couveuse.core.consent import CONSENT_GIVEN, CONSENT_WITHDRAWN, Purpose, Standing, standings, why_not
from couveuse.core.events import CHANGES, NOTE_WRITTEN, Adjustment, Change, Fact, Verdict
from couveuse.core.model import Label
from couveuse.core.outcomes import TABLE, Outcome
from couveuse.core.roster import Member, Roster
from couveuse.engine.adjusting import SCORE_ADJUSTED
from couveuse.engine.calling import Number
from couveuse.engine.looking import Seen
from couveuse.engine.records import Record
from couveuse.engine.timelines import Entry
from couveuse.report import figures, values
from couveuse.report.names import Names
from couveuse.report.persons import Person, about, person
from couveuse.report.receipts import Carried, Receipt, receipt
from couveuse.store.identities import EMAIL
from couveuse.store.records import Happened
from couveuse.store.rosters import roster_of
from couveuse.web.asking import Asked
from couveuse.web.leadpages import long_page_of, page_of
from couveuse.web.permissions import Permission, may, may_see_team

# So much of a note stands on a timeline: all that a person may write.
MOST_NOTE: Final = 10_000
MOST_TRAITS: Final = 60
# Traits that are amounts; of other numbers nobody knows whether they are years, codes or counts.
_COUNTS: Final = frozenset(("employees", "company_size", "deal_value", "budget"))
_MOST_COUNT: Final = 1e15
_OURSELVES: Final = "couveuse"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a timeline; `judge` is the address at which the hit may be judged, '' where it may not be."""

    kind: str
    margin: str
    what: str
    about: str
    note: str
    mark: str
    at_us: int
    judge: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Address:
    """An e-mail of a lead; `refusal` says why nobody may write marketing to it, '' where they may."""

    email: str
    refusal: str


class Shown:
    """One lead for one reader."""

    def __init__(self, asked: Asked, record: Record) -> None:
        self.asked, self.record, self.around = asked, record, record.around
        self.names = Names(record.model.plan.model, asked.language, [record.reading.score])
        self.names.formats = self.names.teller.formats = asked.formats
        self.person: Person = person(record.traits)
        self.roster: Roster = roster_of(self.around.team_document)

    # ---- Who ---------------------------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """How the lead is called."""
        return self.names.short(self.person.name or self.around.card.key, 80)

    @property
    def beneath(self) -> str:
        """What stands under its name."""
        parts = (self.company, self.person.job_title)
        said = " · ".join(self.names.short(part, 60) for part in parts if part)
        return said or (self.names.short(self.around.card.key, 80) if self.person.name else "")

    @property
    def company(self) -> str:
        """Where the person works."""
        return self.person.company or self.around.card.company or self.around.card.domain or ""

    @property
    def owner(self) -> str:
        """Whose the lead is, by name; '' nobody's."""
        return self.by(self.roster.owner_of(self.record.traits.get(self.roster.owner_trait)) or "")

    def by(self, name: str | None) -> str:
        """Who did something, as people are called: a member's name, else what the journal says."""
        if not name or name == _OURSELVES:
            return "" if not name else "Couveuse"
        member = self.roster.members.get(name) or self._by_email.get(name)
        return self.names.short(member.name if member is not None else name, 60)

    @cached_property
    def _by_email(self) -> Mapping[str, Member]:
        """Members by the address under which they may have signed in."""
        return {member.email: member for member in self.roster.members.values()}

    def team(self, id: str) -> str:
        """A team by the document's label, else the product's word, else its id."""
        team = self.roster.teams.get(id)
        word = self.asked.words.known("team", id)
        return self.names.short(word if team is None else team.label.text(self.asked.language, word), 60)

    def treatment(self, team_id: str, id: str) -> str:
        """What a team is asked to do."""
        team = self.roster.teams.get(team_id)
        label = Label() if team is None else team.treatments.get(id, Label())
        return self.names.short(label.text(self.asked.language, self.asked.words.known("treatment", id)), 60)

    # ---- How to reach the person -------------------------------------------------------------------------------------

    @cached_property
    def consents(self) -> Mapping[str, Standing]:
        """What holds for each purpose."""
        return standings(self.around.said, is_known=self.around.is_known)

    @property
    def addresses(self) -> list[Address]:
        """The e-mails of the lead, each with why nobody may write marketing to it."""
        found = []
        for each in self.around.keys:
            if each.sort == EMAIL:
                suppressed = each.key in self.around.suppressed
                refusal = why_not(Purpose.MARKETING_EMAIL, self.consents, suppressed=suppressed)
                found.append(Address(each.key, "" if refusal is None else refusal.value))
        return found

    @property
    def writable(self) -> str:
        """The e-mail at which marketing may be written to the lead; '' where there is none."""
        return next((each.email for each in self.addresses if not each.refusal), "")

    def is_handed(self, team: str) -> bool:
        """Whether the open episode has brought the lead to a team."""
        return any(
            each.team == team and each.withdrawn_at is None and not each.waits
            for episode in self.around.episodes
            if episode.closed_at is None
            for each in episode.handovers
        )

    def may_see(self, team: str) -> bool:
        """Whether the reader sees the tasks of a team."""
        return may_see_team(self.asked.who, team)

    @property
    def traits(self) -> list[tuple[str, str]]:
        """What is known of the person: how each trait is called, and its value."""
        traits = sorted(self.record.traits.items())[:MOST_TRAITS]
        return [(self._called(name), self._amount(name, value) or self._written(value)) for name, value in traits]

    def _amount(self, name: str, value: object) -> str:
        """A trait that counts something, as numbers are written; '' for one that does not, as a year or a code."""
        if name not in _COUNTS or not is_number(value) or abs(value) >= _MOST_COUNT:
            return ""
        return self.asked.formats.number(value, 0 if float(value).is_integer() else 2)

    def _called(self, trait: str) -> str:
        """A trait by the product's word, else by its own name."""
        return self.asked.words.known("trait", trait)

    def _written(self, value: object) -> str:
        """A trait's value as a person reads it."""
        if isinstance(value, bool):
            return self.asked.say("trait_value.yes" if value else "trait_value.no")
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)

    # ---- Points ------------------------------------------------------------------------------------------------------

    @cached_property
    def page(self) -> values.LeadPage | None:
        """The ledger, the facts and the curve; None where the lead was not folded."""
        look = self.record.look
        return None if look is None else page_of(look, self.around.card, self.names)

    @cached_property
    def points(self) -> Mapping[Any, float]:
        """What each fact's lines make together, by its key."""
        if self.page is None or self.record.look is None:
            return {}
        seen = (each for each in self.record.look.facts if each.is_admitted)
        pairs = zip(seen, self.page.facts, strict=True)
        return {each.stored.fact.key: fact.points for each, fact in pairs if fact.points}

    def has_points(self, seen: Seen) -> bool:
        """Whether a fact made any points."""
        return seen.stored.fact.key in self.points

    def receipt(self, most: int, elsewhere: str) -> Receipt | None:
        """The receipt, with so many rows; `elsewhere` is the key of where older ones are. Of a long ledger all told."""
        model, words, long = self.record.model.plan.model, self.names.words, self.record.long
        note = self.asked.say(elsewhere)
        if self.page is not None:
            return receipt(self.page, model, words, self.asked.formats, note, most)
        if long is None:
            return None
        page = long_page_of(long, self.around.card, self.names)
        before, after = (Carried(each.entries, each.given, each.left) for each in (long.before, long.after))
        return receipt(page, model, words, self.asked.formats, note, None, before=before, after=after)

    @property
    def curve(self) -> Markup:
        """The score over time, drawn; nothing where the lead was not folded."""
        long = self.record.long
        if self.page is not None:
            return figures.curve(self.names, self.page)
        return Markup("") if long is None else figures.curve_of(self.names, long.curve, long.spots, long.facts)

    # ---- The timeline ------------------------------------------------------------------------------------------------

    def rows(self, entries: Sequence[Entry]) -> Iterator[Row]:
        """Rows of the timeline; of tasks and alerts of teams that the reader does not see nothing is told."""
        for each in entries:
            if each.seen is not None:
                yield self._fact(each.seen)
            elif each.happened is not None and self._may_read(each.happened):
                yield self._happened(each.happened)

    def _may_read(self, happened: Happened) -> bool:
        team = happened.about.get("team")
        return team is None or happened.stream == "handover" or self.may_see(str(team))

    def _fact(self, seen: Seen) -> Row:
        fact = seen.stored.fact
        points = self.points.get(fact.key, 0.0)
        is_note = fact.event == NOTE_WRITTEN
        note = str(fact.properties.get("text", ""))[:MOST_NOTE] if is_note else ""
        said = self.by(str(fact.properties.get("by", ""))) if is_note else self._about(fact)
        may_judge = may(self.asked.who, Permission.EDIT_LEADS) and CHANGES.get(fact.event, Change.NOTHING) == 0
        judge = {"at": str(fact.at), "source": fact.source, "of": fact.message_id} if may_judge else {}
        mark = ""
        if seen.verdict is not Verdict.HUMAN:
            mark = self.asked.say(f"mark.{seen.verdict.value}")
        elif not seen.is_admitted:
            mark = self.asked.say("leads_timeline.claim")
        kind = seen.verdict.value if seen.is_admitted else Verdict.DOUBTFUL.value
        margin = self.asked.formats.signed(points) if points else ""
        return Row(kind, margin, self.names.event(fact.event), self.names.short(said, 120), note, mark, fact.at, judge)

    def _about(self, fact: Fact) -> str:
        """What a fact was about: of traits that were set, each by its word."""
        said = fact.properties
        if fact.event in (CONSENT_GIVEN, CONSENT_WITHDRAWN):
            return self.names.purpose(str(said.get("purpose", "")))
        if fact.event == SCORE_ADJUSTED:
            return " · ".join(part for part in (self._adjusted(said), str(said.get("reason") or "")) if part)
        told = [
            self.asked.say("leads_filter.tag", name=self._called(name), value=self._written(value))
            for name, value in fact.traits.items()
            if not isinstance(value, Mapping)
        ]
        named = {name: value for name, value in said.items() if name not in ("amount", "kind")}
        return about(named, {}) or self._worth(said) or about(said, {}) or ", ".join(told)

    def _worth(self, said: Mapping[str, object]) -> str:
        """What a fact was worth, as money is written; '' where it says no amount."""
        amount = said.get("amount")
        if not is_number(amount) or abs(amount) >= _MOST_COUNT:
            return ""
        return self.asked.formats.money(amount, str(said.get("currency") or self.roster.currency)[:3])

    def _adjusted(self, said: Mapping[str, object]) -> str:
        """What was done to the score by hand: points that were added stand at the margin."""
        kind, points = said.get("kind"), said.get("points")
        if kind not in tuple(Adjustment) or kind == Adjustment.ADD:
            return ""
        told = self.asked.formats.points(points) if is_number(points) else ""
        return self.asked.say(f"leads_adjusted.{kind}", points=told)

    def _happened(self, each: Happened) -> Row:
        said = _SAID[each.stream](self, each)
        note = str(each.about.get("note") or each.about.get("text") or "")
        return Row(each.stream, "", said[0], " · ".join(part for part in said[1:] if part), note, "", each.at, {})

    def _task(self, each: Happened) -> tuple[str, ...]:
        told: Mapping[str, Any] = each.about.get("about") or {}
        team = self.team(str(each.about["team"]))
        what = self._known("leads_task", each.what)
        by = str(each.about.get("by") or "")
        parts = [team, "" if by == _OURSELVES else self.by(by)]
        outcome = told.get("outcome")
        if outcome in tuple(Outcome):
            label = TABLE[Outcome(outcome)].label.text(self.asked.language, str(outcome))
            parts.insert(0, label)
        if told.get("reason"):
            parts.append(self.asked.words.known("leads_reason", str(told["reason"])))
        if told.get("not_before"):
            parts.append(self.asked.say("leads_timeline.until", day=self.asked.formats.instant(told["not_before"])))
        if each.what == "opened":
            parts.insert(0, self.treatment(str(each.about["team"]), str(each.about["treatment"])))
        if each.what in ("opened", "assigned") and told.get("member"):
            parts.append(self.asked.say("leads_timeline.to", name=self.by(str(told["member"]))))
        if told.get("because"):
            code = str(told["because"])
            word = self.asked.words.known("leads_assigned", code)
            parts.append(self.names.because(code) if word == code else word)
        return what, *parts

    def _note(self, each: Happened) -> tuple[str, ...]:
        return self.asked.say("leads_timeline.note"), self.by(each.about.get("by"))

    def _alert(self, each: Happened) -> tuple[str, ...]:
        what = self._known("leads_alert", each.what)
        parts = [self.team(str(each.about["team"]))]
        if each.about.get("withdrawn_at"):
            parts.append(self.asked.say("leads_timeline.withdrawn"))
        elif each.about.get("acknowledged_by"):
            name = self.by(str(each.about["acknowledged_by"]))
            parts.append(self.asked.say("leads_timeline.acknowledged", name=name))
        if each.about.get("because"):
            parts.append(self.names.because(str(each.about["because"])))
        return what, *parts

    def _handover(self, each: Happened) -> tuple[str, ...]:
        team = str(each.about["team"])
        parts = [self.treatment(team, str(each.about["treatment"])),
                 self.asked.say("leads_timeline.cause", cause=self.names.cause(each.what))]  # fmt: skip
        if each.about.get("withdrawn_at"):
            why = self.names.because(str(each.about.get("because") or ""))
            parts.append(self.asked.say("leads_timeline.taken_back", why=why))
        elif each.about.get("waits"):
            parts.append(self.asked.say("leads_timeline.waits"))
        return self.asked.say("leads_timeline.handed", team=self.team(team)), *parts

    def _merge(self, each: Happened) -> tuple[str, ...]:
        is_into = each.about["into"] == self.record.lead_id
        other = str(each.about["key"] if is_into else each.about["into_key"])
        what = self.asked.say(f"leads_timeline.{each.what}", name=self.names.short(other, 80))
        return what, self.by(each.about.get("by"))

    def _hold(self, each: Happened) -> tuple[str, ...]:
        if each.what == "ended":
            return self.asked.say("leads_timeline.lifted"), self.by(each.about.get("by"))
        until = each.about.get("until")
        when = self.asked.say("leads_timeline.until", day=self.asked.formats.instant(until)) if until else ""
        because = self.names.short(str(each.about.get("because") or ""), 200)
        return self.asked.say("leads_timeline.held"), when, because, self.by(each.about.get("by"))

    def _known(self, group: str, name: str) -> str:
        """The word for something, or its own name where there is none."""
        return self.names.short(self.asked.words.known(group, name), 60)


_SAID: Final[Mapping[str, Callable[[Shown, Happened], tuple[str, ...]]]] = {
    "task": Shown._task, "note": Shown._note, "alert": Shown._alert, "handover": Shown._handover,
    "merge": Shown._merge, "hold": Shown._hold,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """What is to be done with a telephone number on the page."""

    number: str
    refusal: str
    is_given: bool
    link: str


def call_of(number: Number) -> Call:
    """A number as the page shows it; `link` is for a telephone: what is no digit, nor a plus in front, is left out."""
    plus = "+" if number.number.strip().startswith("+") else ""
    digits = "".join(each for each in number.number if each.isascii() and each.isdigit())
    refusal = "" if number.refusal is None else number.refusal.value
    return Call(number.number, refusal, number.is_given, f"tel:{plus}{digits}" if digits else "")
