"""What the first page shows, in the words and formats of whoever looks: sentences, rows, charts, addresses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup

from couveuse.core.model import Label, Model, Temperature
from couveuse.core.roster import Roster
from couveuse.documents.reading import parse_model
from couveuse.engine.flows import Entered
from couveuse.engine.folding import TEMPERATURES
from couveuse.engine.rolling_up import COMPARED_DAYS, SPANS
from couveuse.engine.today import Counted, Step, Today
from couveuse.report import charts
from couveuse.report.names import Names
from couveuse.report.persons import person
from couveuse.store import flows
from couveuse.store.learnt import Learnt
from couveuse.store.today import MOST, MOST_TASKS, Late, Lead, Ripe, Unseen
from couveuse.store.versions import Version
from couveuse.web.asking import Asked
from couveuse.web.permissions import Permission, may, may_see_team

# Which leads a step's numbers are of, as the list of leads is asked for them.
STEPS: Final = {"new": {}, "warm": {"temperature": "warm"}, "hot": {"temperature": "hot"}}
TONES: Final = {"warm": "warm", "hot": "hot", "handed_over": "hot", "won": "ink", "rejected": "irrelevant"}
MOST_SOURCES: Final = 8
RELEVANT: Final = (Temperature.HOT, Temperature.WARM, Temperature.COLD)


def leads_at(**asked: str) -> str:
    """The address of the list of leads, asked for some of them."""
    return "/leads" + (f"?{urlencode(asked)}" if asked else "")


def relevant_at(**asked: str) -> str:
    """The same of those that are not irrelevant, as they are counted."""
    return f"{leads_at(**asked)}&{urlencode([('temperature', each.value) for each in RELEVANT])}"


def _of_source(name: str) -> dict[str, str]:
    """How the list is asked for leads of a source; '' nobody said it."""
    return {"source": name} if name else {"unsourced": "1"}


@lru_cache(maxsize=8)
def _model(document: str) -> Model:
    return parse_model(document, "a published model").model


@lru_cache(maxsize=16)
def _names(document: str, language: str) -> Names:
    """The names of a published model; its gauges are drawn for scores up to a little over its last edge."""
    model = _model(document)
    top = max([band.up_to or 0.0 for band in model.bands] + [10.0])
    return Names(model, language, (0.0, top * 2))


@dataclass(frozen=True, slots=True)
class RipeRow:
    """A lead that ripened, as a row shows it."""

    at: int
    address: str
    who: str
    beneath: str
    why: str
    score: float
    temperature: Temperature
    level: float
    when: str
    iso: str
    act: str  # what to do, as the model says it
    act_address: str


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A task that is late or an alert that nobody has acknowledged."""

    id: int
    address: str
    who: str
    beneath: str
    what: str
    when: str
    iso: str
    whose: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of the funnel: its name, how many stand in it, how many entered it, and day by day."""

    id: str
    name: str
    address: str
    now: str
    flows: Sequence[tuple[str, str]]  # the number and, where it can be shown, the address of who they are
    finding: str
    chart: Markup
    days: Sequence[tuple[str, str, str]]  # the day, the number, and the address of who they are


@dataclass(frozen=True, slots=True)
class BandRow:
    """A band: how many leads, the rate put to it beforehand, and the one that was seen."""

    name: str
    range: str
    temperature: Temperature
    address: str
    leads: str
    share: str
    prior: str
    chart: Markup | None
    seen: str
    is_scant: bool


class Rows:
    """Makes rows of leads, tasks and alerts."""

    def __init__(self, asked: Asked, model: Version, roster: Roster) -> None:
        self.asked, self.f, self.roster = asked, asked.formats, roster
        self.names = _names(model.published.document, asked.language)

    def ripe(self, found: Sequence[Ripe]) -> list[RipeRow]:
        """Leads that ripened."""
        return [self._ripe(each) for each in found]

    def _ripe(self, each: Ripe) -> RipeRow:
        who, beneath = self.called(each.lead)
        address = f"/leads/{each.lead.id}"
        why = self.names.cause(each.cause) if each.cause else ""
        route = each.routes[0] if each.routes else None
        say = self.asked.say
        may_act = each.task_id is not None and route is not None and may_see_team(self.asked.who, route["team"])
        act = self.treatment(route["team"], route["treatment"]) if route and may_act else say("today_ripe.open")
        return RipeRow(
            at=each.at, address=address, who=who, beneath=beneath,
            why=why or say("today_ripe.by_time"),
            score=each.score, temperature=TEMPERATURES[each.temperature], level=self.names.level(each.score),
            when=self.f.age(each.at, self.asked.now), iso=self.f.iso(each.at), act=act,
            act_address=f"/desk/tasks/{each.task_id}" if may_act else address,
        )  # fmt: skip

    def called(self, lead: Lead) -> tuple[str, str]:
        """How a lead is called, and what stands beneath: its company, else its key."""
        who = person(lead.traits)
        name = self.names.short(who.name or lead.key, 44)
        company = who.company or lead.company or ""
        return name, self.names.short(company or (lead.key if who.name else ""), 44)

    def unseen(self, found: Sequence[Unseen]) -> list[WaitingRow]:
        """Alerts that nobody has acknowledged."""
        return [self._unseen(each) for each in found]

    def _unseen(self, each: Unseen) -> WaitingRow:
        who, beneath = self.called(each.lead)
        return WaitingRow(
            each.id, f"/leads/{each.lead.id}", who, beneath, self.asked.say(f"today_alert.{each.kind}"),
            self.f.age(each.at, self.asked.now), self.f.iso(each.at), self.team(each.team),
        )  # fmt: skip

    def team(self, id: str) -> str:
        """A team by its label, else the product's word for it."""
        known = self.roster.teams.get(id)
        said = self.names.team(id)
        return said if known is None else known.label.text(self.asked.language, said)

    def treatment(self, team: str, treatment: str) -> str:
        """What is to be done, as the team calls it, else as the product does."""
        known = self.roster.teams.get(team)
        label = known.treatments.get(treatment, Label()) if known is not None else Label()
        said = label.text(self.asked.language, self.names.treatment(treatment))
        return said[:1].upper() + said[1:]


class Sight(Rows):
    """The whole page."""

    def __init__(self, asked: Asked, found: Today, learnt: Learnt | None) -> None:
        super().__init__(asked, found.model, found.roster)
        self.found, self.learnt = found, learnt
        seen = asked.who.teams_seen
        self.is_of_teams = bool(seen)
        self.is_in_no_team = seen is not None and not seen and may(asked.who, Permission.SEE_TASKS)

    # ---- The sentence ------------------------------------------------------------------------------------------

    @cached_property
    def since(self) -> str:
        """Since when, in words: yesterday, or the last working day."""
        if self.found.days_back == 1:
            return self.asked.say("today_head.yesterday")
        day = self.f.moment(self.found.since).weekday()
        return self.asked.say("today_head.since_day", day=self.asked.say(f"today_day.{day}"))

    @property
    def head(self) -> str:
        """What the page says first."""
        count, found = self.asked.count, self.found
        parts = []
        if found.ripened_number:
            key = "today_head.handed" if self.is_of_teams else "today_head.ripened"
            parts.append(count(key, found.ripened_number, n=self.many(found.ripened_number)))
        if found.late_number:
            parts.append(count("today_head.late", found.late_number, n=self.late_number))
        if found.unseen_number:
            parts.append(count("today_head.unseen", found.unseen_number, n=self.many(found.unseen_number)))
        if not parts:
            return self.asked.say("today_head.nothing", since=self.since)
        said = parts[0] if len(parts) == 1 else self.asked.say(
            "today_head.and", first=", ".join(parts[:-1]), last=parts[-1]
        )  # fmt: skip
        return self.asked.say("today_head.said", since=self.since, what=said)

    def many(self, number: int, most: int = MOST) -> str:
        """A number that is counted up to a bound."""
        text = self.f.number(min(number, most))
        return text if number < most else self.asked.say("today_head.over", n=text)

    @property
    def late_number(self) -> str:
        """How many tasks are overdue."""
        return self.many(self.found.late_number, MOST_TASKS)

    # ---- Three columns -----------------------------------------------------------------------------------------

    @property
    def ripe_rows(self) -> list[RipeRow]:
        """Who ripened."""
        return self.ripe(self.found.ripened)

    @property
    def more_ripe(self) -> str:
        """Where all who ripened are."""
        return "/desk/queue" if self.is_of_teams else leads_at(temperature="hot", ripened=str(self.found.days_back))

    @property
    def newest(self) -> int:
        """From where on arrivals are asked for."""
        return max([self.asked.now, *(each.at for each in self.found.ripened)])

    @property
    def late_rows(self) -> list[WaitingRow]:
        """Tasks that are overdue."""
        return [self._late(each) for each in self.found.late]

    def _late(self, each: Late) -> WaitingRow:
        who, beneath = self.called(each.lead)
        member = self.roster.members.get(each.member or "")
        return WaitingRow(
            each.id, f"/desk/tasks/{each.id}", who, beneath, self.treatment(each.team, each.treatment),
            self.asked.say("today_waits.due", when=self.f.age(each.due_at, self.asked.now)), self.f.iso(each.due_at),
            member.name if member is not None else self.team(each.team),
        )  # fmt: skip

    @property
    def unseen_rows(self) -> list[WaitingRow]:
        """Alerts that nobody has acknowledged."""
        return self.unseen(self.found.unseen)

    # ---- The funnel --------------------------------------------------------------------------------------------

    @property
    def counted(self) -> Counted | None:
        """What was counted of all leads."""
        return self.found.counted

    @cached_property
    def step_rows(self) -> list[StepRow]:
        """How the funnel moved."""
        return [] if self.counted is None else [self._step(each, self.counted) for each in self.counted.steps]

    @property
    def findings(self) -> list[str]:
        """What moved most, in words: three at most."""
        steps = () if self.counted is None else self.counted.steps
        moved = [
            row.finding
            for row, step in zip(self.step_rows, steps, strict=True)
            if step.within(COMPARED_DAYS) + step.before
        ]
        return moved[:3]

    def _step(self, step: Step, counted: Counted) -> StepRow:
        say = self.asked.say
        name = say(f"today_step.{step.id}")
        asked = STEPS.get(step.id)
        last, before = step.within(COMPARED_DAYS), step.before
        finding = self.asked.count(
            f"today_flow.{step.id}", last, n=self.f.number(last), before=self.f.number(before)
        )  # fmt: skip
        words = charts.Words(finding, say("today_flow.description", name=name, n=self.f.number(step.within(30))))
        flows = [
            (self.f.number(step.within(span)), self._behind(step, step.within(span), counted.today, span))
            for span in SPANS
        ]
        days = [
            (self._day(day), self.f.number(number), self._behind(step, number, day, 1))
            for day, number in zip(counted.dates, step.days, strict=True)
        ]
        return StepRow(
            step.id, name, "" if asked is None else leads_at(**asked),
            "" if step.now is None else self.f.number(step.now), flows, finding,
            charts.days(step.days, TONES.get(step.id, "ink"), words), days,
        )  # fmt: skip

    def _behind(self, step: Step, number: int, last: date, days: int) -> str:
        """Where the leads of a number are: those who entered a step within so many days up to one; '' of none."""
        if not number:
            return ""
        entered = Entered(flows.Step(step.id), last - timedelta(days=days - 1), last, step.teams)
        return leads_at(entered=entered.written)

    def _day(self, day: date) -> str:
        return f"{day.day} {self.asked.say(f'today_month.{day.month}')}"

    # ---- Bands and sources -------------------------------------------------------------------------------------

    @cached_property
    def band_rows(self) -> list[BandRow]:
        """The bands with their rates; those of the report on the whole history, where there is one."""
        counted = self.counted
        total = 0 if counted is None else sum(counted.of_band(place) for place in range(len(self.names.model.bands)))
        rows = []
        for place, band in enumerate(self.names.model.bands):
            leads = 0 if counted is None else counted.of_band(place)
            rows.append(
                BandRow(
                    self.names.band_name(band), self.names.band_range(place), band.temperature,
                    relevant_at(band=band.id), self.f.number(leads), self.f.share(leads / total) if total else "",
                    self.f.share(band.rate), *self._rate(band.id, band.rate),
                )
            )  # fmt: skip
        return rows

    @cached_property
    def most_rate(self) -> float:
        """The end of the rates' axis: the highest of what is drawn, rounded up to the next tenth."""
        drawn = [band.rate for band in self.names.model.bands]
        drawn += [each.high for each in self.learnt.bands if each.high is not None] if self.learnt else []
        return min(1.0, -(-max([*drawn, 0.1]) * 10.4 // 1) / 10)

    def _rate(self, id: str, prior: float) -> tuple[Markup | None, str, bool]:
        """The rate that was seen: its drawing, its sample in words, and whether it is not to be leant on."""
        seen = self.learnt.band(id) if self.learnt is not None else None
        if seen is None or seen.rate is None or seen.low is None or seen.high is None:
            return None, self.asked.say("today_bands.unseen"), False
        f = self.f
        text = self.asked.count(
            "today_bands.sample", seen.of, share=f.share(seen.rate), low=f.share(seen.low), high=f.share(seen.high),
            n=f.number(seen.of), rows=f.number(seen.readings),
        )  # fmt: skip
        return charts.interval(seen.rate, seen.low, seen.high, prior, self.most_rate), text, seen.scant is not None

    @property
    def learnt_at(self) -> str:
        """As of when the rates were counted."""
        return "" if self.learnt is None else self.f.date(self.learnt.at)

    @property
    def source_rows(self) -> list[tuple[str, str, str, str, str, Markup]]:
        """From where leads come: name, address of all and of the hot ones, how many, the share that is hot, a bar."""
        if self.counted is None:
            return []
        sources = self.counted.sources[:MOST_SOURCES]
        most = max((each.leads for each in sources), default=1)
        return [
            (
                self.names.short(each.name, 40) if each.name else self.asked.say("today_sources.unknown"),
                relevant_at(**_of_source(each.name)), leads_at(**_of_source(each.name), temperature="hot"),
                self.f.number(each.leads), self.f.share(each.hot / each.leads),
                charts.bar(each.leads, each.hot, most, "hot"),
            )
            for each in sources
        ]  # fmt: skip

    @property
    def counted_at(self) -> str:
        """As of when it was counted."""
        if self.counted is None:
            return ""
        is_of_today = self.f.moment(self.counted.at).date() == self.f.moment(self.asked.now).date()
        return self.f.time(self.counted.at) if is_of_today else self.f.instant(self.counted.at)
