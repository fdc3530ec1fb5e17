"""What the points table shows, in the words and formats of whoever looks: lines, bands, the ruler, versions."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse
from markupsafe import Markup
from psycopg import Connection

from couveuse.core.model import Band, Fit, Model, Persona, Route, Rule, Temperature
from couveuse.core.roster import Roster
from couveuse.documents.reading import parse_model
from couveuse.documents.words import TellingSection, tell
from couveuse.report import charts
from couveuse.report.names import Names
from couveuse.store import rosters
from couveuse.store.drafts import Draft
from couveuse.store.learnt import PERIODS, Learnt, LearntBand
from couveuse.store.turns import Turn
from couveuse.store.versions import Version
from couveuse.web.asking import Asked

USUAL_DAYS: Final = 90


@lru_cache(maxsize=16)
def model_of_text(document: str) -> Model:
    """The model of a published document: it never changes, and takes a while to read."""
    return parse_model(document, "a published model").model


def team_of(connection: Connection[Any]) -> Roster:
    """The teams as their document names them; who is away is not asked."""
    newest = rosters.newest(connection)
    return Roster() if newest is None else newest.document().roster


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line of the points table; what it did over the days asked for is "" until it was counted."""

    name: str
    when: str  # the event and its conditions, where the name does not say it all
    points: str
    team: str
    treatment: str
    leads: str
    sum: str
    address: str  # of the leads behind


@dataclass(frozen=True, slots=True)
class BandRow:
    """A band with the rate put to it beforehand and the one that was seen."""

    name: str
    range: str
    temperature: Temperature
    leads: str
    address: str
    prior: str
    chart: Markup | None
    seen: str
    warning: str
    team: str
    treatment: str


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A published version: who, when, how much of the document changed, and when it acted."""

    id: int
    title: str
    by: str
    at: str
    standing: str  # acting, acted, coming, never
    acted: str
    more: int
    less: int


class Table:
    """One model for one reader, with what was learnt of it."""

    def __init__(self, asked: Asked, model: Model, learnt: Learnt | None, roster: Roster, days: int) -> None:
        self.asked, self.model, self.learnt, self.roster, self.days = asked, model, learnt, roster, days
        self.f = asked.formats
        bins = learnt.bins if learnt is not None else ()
        self.names = Names(model, asked.language, [edge for each in bins for edge in (each.low, each.high)])
        self.names.formats = self.names.teller.formats = asked.formats

    @property
    def called(self) -> str:
        """How the model is called, in the reader's language where it says so."""
        return self.model.label.text(self.asked.language, self.model.name)

    # ---- Lines -----------------------------------------------------------------------------------------------------

    def team(self, route: Route | None) -> str:
        """A team as its document calls it, else in the product's words."""
        if route is None:
            return ""
        team = self.roster.teams.get(route.team)
        return (
            self.names.short(team.label.text(self.asked.language, ""), 40)
            if team and (team.label.fr or team.label.en)
            else self.names.team(route.team)
        )

    def treatment(self, route: Route | None) -> str:
        """What the team is to do, as its document calls it, else in the product's words."""
        if route is None:
            return ""
        team = self.roster.teams.get(route.team)
        label = team.treatments.get(route.treatment) if team is not None else None
        return (label.text(self.asked.language, "") if label is not None else "") or self.names.treatment(
            route.treatment
        )

    @cached_property
    def telling(self) -> Mapping[str, TellingSection]:
        """The model in plain words, by the title of each section."""
        return {section.title: section for section in tell(self.model, self.asked.language).sections}

    def _whens(self, ids: Sequence[str], column: int) -> list[str]:
        """What the plain words say of each line's conditions; the names stand in another column."""
        for section in self.telling.values():
            if len(section.rows) == len(ids) + 1 and [row[0] for row in section.rows[1:]] == list(ids):
                return [row[column] for row in section.rows[1:]]
        return [""] * len(ids)

    @cached_property
    def behaviour(self) -> list[LineRow]:
        """The lines that read events, in the document's order."""
        labels = [rule.label.text(self.asked.language, rule.id) for rule in self.model.rules]
        whens = self._whens(labels, 1)
        return [
            self._line(rule.id, when, rule.points, rule.route)
            for rule, when in zip(self.model.rules, whens, strict=True)
        ]

    @cached_property
    def fit(self) -> list[LineRow]:
        """The lines that read who a lead is."""
        labels = [fit.label.text(self.asked.language, fit.id) for fit in self.model.fit]
        whens = self._whens(labels, 1)
        return [self._line(fit.id, when, fit.points, None) for fit, when in zip(self.model.fit, whens, strict=True)]

    def _line(self, id: str, when: str, points: float, route: Route | None) -> LineRow:
        period = self.learnt.rule(id).in_days(self.days) if self.learnt is not None else None
        address = reverse("scoring_line", kwargs={"rule_id": id}) + f"?{urlencode({'days': self.days})}"
        return LineRow(
            self.names.rule(id), when, self.f.signed(points), self.team(route), self.treatment(route),
            "" if period is None else self.f.number(period.leads),
            "" if period is None else self.f.number(period.points),
            address if period is not None and period.leads else "",
        )  # fmt: skip

    @cached_property
    def rules_of_time(self) -> list[str]:
        """What time and caps take, in sentences."""
        found: list[str] = []
        for key in ("time", "caps", "stages"):
            section = self.telling.get(self.names_of_sections[key])
            found += section.sentences if section is not None else ()
        return found

    @cached_property
    def names_of_sections(self) -> Mapping[str, str]:
        """The titles of sections of the plain words, by what they are about."""
        from couveuse.documents.vocabulary import Vocabulary

        words = Vocabulary(self.asked.language)
        return {key: words.say(f"section.{key}") for key in ("time", "caps", "stages")}

    @property
    def periods(self) -> Sequence[int]:
        """The days that may be asked for."""
        return PERIODS

    # ---- Bands -----------------------------------------------------------------------------------------------------

    @cached_property
    def bands(self) -> list[BandRow]:
        """The bands, the lowest first."""
        return [
            BandRow(
                self.names.band_name(band), self.names.band_range(place), band.temperature,
                self._leads(band.id), f"/leads?{urlencode({'band': band.id})}", self.f.share(band.rate),
                *self._rate(band.id, float(band.rate)), self.team(band.route), self.treatment(band.route),
            )
            for place, band in enumerate(self.model.bands)
        ]  # fmt: skip

    def _leads(self, band_id: str) -> str:
        seen = self.learnt.band(band_id) if self.learnt is not None else None
        return "" if seen is None else self.f.number(seen.leads)

    def _rate(self, band_id: str, prior: float) -> tuple[Markup | None, str, str]:
        """The rate that was seen: its drawing, its sample in words, and why it is not to be leant on."""
        seen = self.learnt.band(band_id) if self.learnt is not None else None
        if seen is None:
            return None, "", ""
        warning = self.asked.say(f"scoring_scant.{seen.scant}") if seen.scant else ""
        if seen.rate is None or seen.low is None or seen.high is None:
            return None, warning, ""
        chart = charts.interval(seen.rate, seen.low, seen.high, prior, self.most_rate)
        return chart, self._sample(seen), warning

    def _sample(self, seen: LearntBand) -> str:
        assert seen.rate is not None
        assert seen.low is not None
        assert seen.high is not None  # the caller looked
        shares = {"share": seen.rate, "low": seen.low, "high": seen.high}
        told = {key: self.f.share(each) for key, each in shares.items()}
        key = "bands.sample" if seen.readings == seen.of else "bands.readings"
        return self.asked.count(key, seen.of, n=self.f.number(seen.of), rows=self.f.number(seen.readings), **told)

    @cached_property
    def most_rate(self) -> float:
        """The end of the rates' axis: the highest of what is drawn, rounded up to the next tenth."""
        drawn = [float(band.rate) for band in self.model.bands]
        drawn += [each.high for each in self.learnt.bands if each.high is not None] if self.learnt is not None else []
        return min(1.0, -(-max([*drawn, 0.1]) * 10 // 1) / 10)

    @cached_property
    def ruler(self) -> Markup | None:
        """The bands as a ruler under the distribution of the scores; None until it was counted."""
        learnt = self.learnt
        if learnt is None or not learnt.bins:
            return None
        zones = self.names.zones
        columns = [
            charts.Column(each.low, each.high, each.leads, self.names.temperature_at((each.low + each.high) / 2))
            for each in learnt.bins
        ]
        edges = [(mark, self.f.points(mark)) for mark in [zones[0].low, *(zone.high for zone in zones)]]
        inner = ", ".join(text for _, text in edges[1:-1]) or self.asked.say("bands.single")
        said = self.asked.say(
            "bands.figure_text", n=self.f.number(learnt.leads), low=edges[0][1], high=edges[-1][1], edges=inner
        )
        span = zones[-1].high - zones[0].low
        noted = [
            replace(zone, name=self._fitting(zone, span), note=row.leads)
            for zone, row in zip(zones, self.bands, strict=True)
        ]
        return charts.ruler(columns, noted, edges, charts.Words(self.asked.say("bands.figure"), said))

    def _fitting(self, zone: charts.Zone, span: float) -> str:
        """As much of a band's name as fits under it on the ruler."""
        return self.names.short(zone.name, max(6, int(110 * (zone.high - zone.low) / span)))

    @cached_property
    def bins(self) -> list[tuple[str, Markup]]:
        """The numbers behind the ruler, with their leads of today."""
        found = self.learnt.bins if self.learnt is not None else ()
        return [
            (
                self.asked.say("bands.bin", low=self.f.points(each.low), high=self.f.points(each.high)),
                Markup('<a href="/leads?score={}..{}">{}</a>').format(
                    f"{each.low:.6g}", f"{each.high:.6g}", self.f.number(each.leads)
                ),
            )
            for each in found
            if each.leads
        ]

    @cached_property
    def finding(self) -> str:
        """What the figure of the bands says, as its title."""
        learnt = self.learnt
        if learnt is None or not learnt.leads:
            return self.asked.say("bands.empty")
        fullest = max(learnt.bands, key=lambda each: each.leads)
        share = self.f.share(fullest.leads / learnt.leads)
        return self.asked.say("bands.spread", share=share, band=self.names.band_called(fullest.id))

    @property
    def learnt_text(self) -> str:
        """As of when it was counted, and from how much."""
        learnt = self.learnt
        if learnt is None:
            return ""
        return self.asked.say(
            "scoring_table.learnt", at=self.f.instant(learnt.at), leads=self.f.number(learnt.leads),
            facts=self.f.number(learnt.facts), span=self.f.duration(learnt.horizon_us),
            event=self.names.event(learnt.event),
        )  # fmt: skip


def labels_of(asked: Asked, *models: Model) -> dict[str, str]:
    """What people read for the ids of entries; what a later model calls one counts."""
    named: list[Rule | Fit | Band | Persona] = []
    for model in models:
        named += [*model.rules, *model.fit, *model.bands, *model.personas]
    return {each.id: each.label.text(asked.language, each.id) for each in named}


# ---- Versions --------------------------------------------------------------------------------------------------------


def version_rows(asked: Asked, found: Sequence[Version], turns: Sequence[Turn]) -> list[VersionRow]:
    """The versions, the newest first; each is compared with the one of the list that acted last before it was made."""
    acted = {turn.model_id: turn for turn in reversed(turns)}
    rows = []
    for place, each in enumerate(found):
        before = next((other for other in found[place + 1 :] if other.published.id in acted), None)
        more, less = (0, 0) if before is None else counted(before.published.document, each.published.document)
        turn = acted.get(each.published.id)
        rows.append(
            VersionRow(
                each.published.id, title_of(asked, each), by_of(asked, each.published_by),
                asked.formats.instant(at_of(each)),
                standing_of(each, turn), acted_text(asked, turn), more, less,
            )
        )  # fmt: skip
    return rows


def title_of(asked: Asked, version: Version) -> str:
    """How a version is called."""
    return asked.say("scoring_versions.called", name=version.published.name, n=version.published.version)


def by_of(asked: Asked, by: str) -> str:
    """Who did it: somebody's address, or one of the words for ourselves."""
    return asked.words.known("scoring_by", by)


def at_of(version: Version) -> int:
    """When it was made, in microseconds."""
    return round(version.published_at.timestamp() * 1_000_000)


def standing_of(version: Version, turn: Turn | None) -> str:
    """Where a version stands, in one of four words."""
    if version.published.standing in ("acting", "coming", "scoring"):
        return version.published.standing
    return "never" if turn is None else "acted"


def acted_text(asked: Asked, turn: Turn | None) -> str:
    """From when to when it acted, and who let it."""
    if turn is None:
        return ""
    if turn.ended_at is None:
        return asked.say("scoring_versions.since", at=asked.formats.instant(turn.began_at), by=by_of(asked, turn.by))
    begun, ended = asked.formats.instant(turn.began_at), asked.formats.instant(turn.ended_at)
    return asked.say("scoring_versions.from_to", begun=begun, ended=ended, by=by_of(asked, turn.by))


@lru_cache(maxsize=512)
def counted(before: str, after: str) -> tuple[int, int]:
    """How many lines of a document came, and how many went."""
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    changes = [each for each in matcher.get_opcodes() if each[0] != "equal"]
    return sum(high - low for *_, low, high in changes), sum(high - low for _, low, high, *_ in changes)


def draft_text(asked: Asked, draft: Draft) -> str:
    """What is told of a draft that is on its way."""
    return asked.say(f"scoring_way.{draft.standing}", by=draft.by, age=asked.formats.age(draft.made_at, asked.now))
