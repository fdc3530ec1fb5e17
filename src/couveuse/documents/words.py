"""What a lead is here: a scoring model told in plain words, for those who call and those who sell."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from couveuse.core.conditions import Condition, fields
from couveuse.core.model import (
    Band,
    Decay,
    Fit,
    HotWhen,
    Model,
    Persona,
    Repeat,
    Route,
    Rule,
    Stage,
    Temperature,
    Window,
)
from couveuse.core.roster import Roster
from couveuse.documents.phrases import clause, event_name, past_clause, together
from couveuse.documents.vocabulary import Vocabulary

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TellingSection:
    """A part of the model in plain words: a title, sentences, and rows (the first one the columns' names)."""

    title: str
    sentences: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Telling:
    """A model told in one language; only what the model has is told."""

    sections: tuple[TellingSection, ...]


def tell(model: Model, language: str, roster: Roster | None = None) -> Telling:
    """The model in plain words, in fr or en; BadInput for any other language.

    Teams and treatments bear the names that the team's document gives them, where one is given.
    """
    teller = _Teller(model, Vocabulary(language), roster or Roster())
    sections = (
        teller.section("earns", teller.earns(), teller.rule_rows()),
        teller.section("fit", teller.lead_sentence("fit", model.fit), teller.fit_rows()),
        teller.section("time", teller.time()),
        teller.section("caps", teller.caps()),
        teller.section("bands", teller.bands(), teller.band_rows()),
        teller.section("hot", teller.hot()),
        teller.section("hand", teller.hand()),
        teller.section("aside", teller.lead_sentence("aside", model.irrelevant), teller.irrelevant_rows()),
        teller.section("stages", teller.stages()),
        teller.section("personas", teller.lead_sentence("personas", model.personas), teller.persona_rows()),
        teller.section("interests", teller.lead_sentence("interests", model.topics), teller.topic_rows()),
        teller.section("worth", teller.worth()),
    )
    return Telling(tuple(section for section in sections if section.sentences or section.rows))


class _Teller:
    """The sections of one model in one language, each as sentences and as rows under their columns' names."""

    def __init__(self, model: Model, words: Vocabulary, roster: Roster) -> None:
        self.model, self.words, self.roster = model, words, roster
        self.say = words.say
        named: tuple[Rule | Fit | Band | Persona, ...] = (*model.rules, *model.fit, *model.bands, *model.personas)
        self.names = {each.id: each.label.text(words.language, each.id) for each in named}

    def section(self, key: str, sentences: Iterable[str], rows: Iterable[Row] = ()) -> TellingSection:
        return TellingSection(self.say(f"section.{key}"), tuple(sentences), tuple(rows))

    def lead_sentence(self, key: str, parts: tuple[object, ...]) -> Iterator[str]:
        if parts:
            yield self.say(f"{key}.lead")

    def columns(self, *keys: str) -> Row:
        return tuple(self.say(f"column.{key}") for key in keys)

    # ---- What earns points

    def earns(self) -> Iterator[str]:
        yield self.say("earns.lead" if self.model.rules else "earns.none")
        if any("strength" in fields(rule.where) for rule in self.model.rules):
            links = [self.words.quoted(link) for link in self.model.strong_links]
            yield self.say("earns.strong", links=self.words.listed(links, "or")) if links else self.say("earns.weak")

    def rule_rows(self) -> Iterator[Row]:
        if self.model.rules:
            yield self.columns("action", "when", "points", "team", "treatment")
        for rule in self.model.rules:
            yield (self.names[rule.id], self.when(rule), self.words.number(rule.points), *self.routed(rule.route))

    def when(self, rule: Rule) -> str:
        """The event and all that must hold for the rule to count, how often included."""
        event = event_name(self.words, rule.event)
        conditions = [each for each in (rule.where, rule.lead) if each is not None]
        clauses = [*(clause(self.words, each) for each in conditions), *(past_clause(self.words, p) for p in rule.past)]
        told = self.say("join.if", what=event, clause=together(self.words, clauses)) if clauses else event
        return self.say("join.then", what=told, more=self.repeat(rule.repeat))

    def repeat(self, repeat: Repeat | None) -> str:
        if repeat is None:
            return self.say("repeat.always")
        if repeat == Repeat(1, Window.EVER):
            return self.say("repeat.once")
        return self.words.count("repeat.some", repeat.at_most, window=self.say(f"window.{repeat.per}"))

    def routed(self, route: Route | None) -> Row:
        if route is None:
            return ("", "")
        named, language = self.roster.teams.get(route.team), self.words.language
        team = named.label.text(language, "") if named is not None else ""
        label = named.treatments.get(route.treatment) if named is not None else None
        treatment = label.text(language, "") if label is not None else ""
        return (
            team or self.words.known("team", route.team) or route.team,
            treatment or self.words.known("treatment", route.treatment) or route.treatment,
        )

    def fit_rows(self) -> Iterator[Row]:
        if self.model.fit:
            yield self.columns("trait", "when", "points")
        for fit in self.model.fit:
            yield self.names[fit.id], self.if_(fit.where), self.words.number(fit.points)

    def if_(self, condition: Condition) -> str:
        return clause(self.words, condition)

    # ---- What time and caps take

    def time(self) -> Iterator[str]:
        half_life = self.model.half_life
        own = [rule for rule in self.model.rules if rule.half_life is not Decay.MODEL]
        if half_life is not None:
            yield self.say("time.halves", duration=self.words.duration(half_life))
        elif not all(isinstance(rule.half_life, int) for rule in self.model.rules) or not own:
            yield self.say("time.kept")
        for rule in own:
            name = self.words.quoted(self.names[rule.id])
            if isinstance(rule.half_life, int):
                yield self.say("time.own", rule=name, duration=self.words.duration(rule.half_life))
            elif half_life is not None:
                yield self.say("time.keeps", rule=name)
        if self.model.cycle_ends_on:
            yield self.say("time.cycle", events=self.events(self.model.cycle_ends_on))
        if self.model.recycle_to is not None:
            yield self.words.count("time.recycle", self.model.recycle_to)

    def events(self, events: tuple[str, ...]) -> str:
        return self.words.listed([event_name(self.words, event) for event in events], "or")

    def quoted_names(self, ids: Iterable[str]) -> str:
        return self.words.listed([self.words.quoted(self.names[id]) for id in ids])

    def caps(self) -> Iterator[str]:
        for cap in self.model.caps:
            key = "caps.together" if len(cap.rules) > 1 else "caps.cap"
            window = self.say(f"window.{cap.per}")
            yield self.words.count(key, cap.points, rules=self.quoted_names(cap.rules), window=window)
        if self.model.total_cap is not None:
            yield self.say("caps.total", n=self.words.number(self.model.total_cap))

    # ---- Bands, heat, hand-off

    def bands(self) -> Iterator[str]:
        horizon = self.words.duration(self.model.conversion.within)
        yield self.say("bands.lead", duration=horizon, event=event_name(self.words, self.model.conversion.event))

    def band_rows(self) -> Iterator[Row]:
        yield self.columns("band", "score", "rate", "temperature", "team", "treatment")
        for below, band in pairwise((None, *self.model.bands)):
            if band is not None:
                temperature = self.say(f"temperature.{band.temperature}")
                rate = self.words.share(band.rate)
                yield self.names[band.id], self.range(below, band), rate, temperature, *self.routed(band.route)

    def range(self, below: Band | None, band: Band) -> str:
        low = None if below is None or below.up_to is None else self.words.number(below.up_to)
        high = None if band.up_to is None else self.words.number(band.up_to)
        if low is None:
            return self.say("bands.all") if high is None else self.say("bands.first", high=high)
        return self.say("bands.last", low=low) if high is None else self.say("bands.middle", low=low, high=high)

    def hot(self) -> Iterator[str]:
        bands = [band.id for band in self.model.bands if band.temperature is Temperature.HOT]
        if not bands and not self.model.hot_when:
            yield self.say("hot.never")
            return
        if bands:
            yield self.say("hot.band", bands=self.quoted_names(bands))
        for hot in self.model.hot_when:
            yield self.hot_event(hot)
        if self.model.hot_when:
            yield self.say("hot.ends")
        yield self.say("hot.mature")

    def hot_event(self, hot: HotWhen) -> str:
        event = event_name(self.words, hot.event)
        told = event if hot.where is None else self.say("join.if", what=event, clause=self.if_(hot.where))
        if hot.within is None:
            return self.say("hot.ever", event=told)
        return self.say("hot.event", event=told, duration=self.words.duration(hot.within))

    def hand(self) -> Iterator[str]:
        by_rule = any(rule.route for rule in self.model.rules)
        by_band = any(band.route for band in self.model.bands)
        if by_rule:
            yield self.say("hand.rule", duration=self.words.duration(self.model.fresh))
        if by_band:
            yield self.say("hand.band")
        if by_rule or by_band:
            yield self.say("hand.again", duration=self.words.duration(self.model.again_after))
        else:
            yield self.say("hand.none")

    # ---- Who the lead is, and where it stands

    def irrelevant_rows(self) -> Iterator[Row]:
        if self.model.irrelevant:
            yield self.columns("class", "when")
        for line in self.model.irrelevant:
            yield self.say(f"class.{line.lead_class}"), self.if_(line.where)

    def stages(self) -> Iterator[str]:
        told = [(stage, [rule.id for rule in self.model.rules if rule.stage is stage]) for stage in Stage]
        if any(ids for _, ids in told):
            window = self.model.stage_window
            yield (
                self.say("stages.ever")
                if window is None
                else self.say("stages.most", duration=self.words.duration(window))
            )
        for stage, ids in told:
            if ids:
                name = self.say(f"stage.{stage.name.lower()}")
                yield self.say("stages.one", stage=name, rules=self.quoted_names(ids))

    def persona_rows(self) -> Iterator[Row]:
        if self.model.personas:
            yield self.columns("persona", "when")
        for persona in self.model.personas:
            yield self.names[persona.id], self.if_(persona.where)

    def topic_rows(self) -> Iterator[Row]:
        if self.model.topics:
            yield self.columns("topic", "path")
        for topic in self.model.topics:
            yield topic.topic, topic.path

    def worth(self) -> Iterator[str]:
        value, default = self.model.value, self.words.number(self.model.value.default)
        if value.trait:
            yield self.say("worth.trait", trait=self.words.quoted(value.trait), n=default)
        elif value.default:
            yield self.say("worth.flat", n=default)
        if value.trait or value.default:
            yield self.say("worth.expected")
