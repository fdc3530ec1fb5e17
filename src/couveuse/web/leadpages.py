"""A lead that was looked at, as the pages that show one take it."""

from collections.abc import Hashable, Mapping
from dataclasses import replace

from couveuse.core.consent import CONSENT_GIVEN, CONSENT_WITHDRAWN
from couveuse.core.events import Fact
from couveuse.core.reading import Reading
from couveuse.engine.adjusting import SCORE_ADJUSTED
from couveuse.engine.long_ledgers import LongLedger
from couveuse.engine.looking import Look, fact_of
from couveuse.report import values
from couveuse.report.closely import heaviest, lead_page
from couveuse.report.names import Names
from couveuse.report.persons import about, person
from couveuse.store.cards import Card


def page_of(look: Look, card: Card, names: Names) -> values.LeadPage:
    """A lead that was looked at, with its facts in the order in which they count, told in the words of the page."""
    reading, who = look.reading, person(look.known.traits)
    seen = [each for each in look.facts if each.is_admitted]
    deeds: Mapping[Hashable, values.Fact] = {
        each.stored.fact.key: values.Fact(
            each.stored.fact.at,
            each.stored.fact.event,
            told(each.stored.fact, names),
            verdict=each.verdict,
        )
        for each in seen
    }
    row = replace(
        _row(reading, card),
        why=heaviest(look.lines),
        name=who.name,
        company=who.company or card.company or "",
        job_title=who.job_title,
        source=who.source,
    )
    lines = ((line, None if (fact := fact_of(line)) is None else fact.key) for line in look.lines)
    return lead_page(row, lines, deeds, look.curve(), tuple(look.interests))


def long_page_of(long: LongLedger, card: Card, names: Names) -> values.LeadPage:
    """The lines of a long ledger that are told, and no more of the lead than they ask for."""
    facts = {fact.key: fact for line in long.lines if (fact := fact_of(line)) is not None}
    deeds: Mapping[Hashable, values.Fact] = {
        key: values.Fact(fact.at, fact.event, told(fact, names)) for key, fact in facts.items()
    }
    lines = ((line, None if (fact := fact_of(line)) is None else fact.key) for line in long.lines)
    return lead_page(_row(long.reading, card), lines, deeds, (), ())


def _row(reading: Reading, card: Card) -> values.LeadRow:
    """What a reading says of a lead."""
    return values.LeadRow(
        lead=card.key,
        score=reading.score,
        behaviour=reading.behaviour,
        fit=reading.fit,
        band=reading.band.id,
        rate=reading.rate,
        temperature=reading.temperature,
        stage=reading.stage,
        lead_class=reading.lead_class,
        persona=reading.persona,
        maturity=reading.maturity,
        routes=reading.routes,
        last_event_at=reading.last_event_at,
    )


def told(fact: Fact, names: Names) -> str:
    """What a fact was about: a consent's purpose and the traits that were set by their words; why points were given."""
    if fact.event in (CONSENT_GIVEN, CONSENT_WITHDRAWN):
        return names.purpose(str(fact.properties.get("purpose", "")))
    if fact.event == SCORE_ADJUSTED:
        return str(fact.properties.get("reason") or "")
    traits = {names.words.known("trait", name): value for name, value in fact.traits.items()}
    return about(fact.properties, traits)
