"""The report's figures: from its values to the numbers and the words that the charts are drawn with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from markupsafe import Markup

from couveuse.core.events import Verdict
from couveuse.core.model import Stage, Temperature
from couveuse.core.reading import Maturity
from couveuse.report import charts
from couveuse.report.names import Names
from couveuse.report.sheet import Sheet
from couveuse.report.values import Fact, LeadPage

TEMPERATURES = (Temperature.HOT, Temperature.WARM, Temperature.COLD, Temperature.IRRELEVANT)
STAGES = (Stage.DECISION, Stage.EVALUATION, Stage.DISCOVERY, None)
MATURITIES = (Maturity.MATURE, Maturity.LEAD, Maturity.SIGNAL, Maturity.NONE)
MOST_FACTS = 40
FACTS_ON_PAPER = 8  # the style sheet keeps as many in print

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Count:
    """One bar of a small multiple: its word, how many, and the class that colours it."""

    word: str
    leads: int
    tone: str


def strip(sheet: Sheet) -> Markup:
    """All leads by temperature, in one bar."""
    counts = sheet.report.funnel.temperatures
    parts = [(temperature.value, counts.get(temperature, 0)) for temperature in TEMPERATURES]
    said = ", ".join(_counted(sheet, temperature) for temperature in TEMPERATURES)
    return charts.strip(parts, charts.Words(sheet.words.say("head.strip"), said))


def _counted(sheet: Sheet, temperature: Temperature) -> str:
    number = sheet.report.funnel.temperatures.get(temperature, 0)
    return f"{sheet.formats.number(number)} {sheet.words.count(f'temperatures.{temperature.value}', number)}"


def funnel(sheet: Sheet) -> list[tuple[str, list[Count]]]:
    """The three scales side by side: maturity, stage, temperature, each from the ripest down."""
    counts = sheet.report.funnel
    say = sheet.words.say
    return [
        (say("funnel.maturity"), _counts(MATURITIES, counts.maturities, lambda m: say(f"maturity.{m.value}"))),
        (say("funnel.stage"), _counts(STAGES, counts.stages, sheet.stage)),
        (
            say("funnel.temperature"),
            [Count(sheet.temperature(t), counts.temperatures.get(t, 0), t.value) for t in TEMPERATURES],
        ),
    ]


def _counts(order: Sequence[T], counts: Mapping[T, int], word: Callable[[T], str]) -> list[Count]:
    return [Count(word(each), counts.get(each, 0), "ink") for each in order]


def ruler(sheet: Sheet) -> Markup:
    """The bands as a ruler under the distribution of the scores."""
    zones, bins = sheet.zones, sheet.report.histogram
    columns = [charts.Column(b.low, b.high, b.leads, sheet.temperature_at((b.low + b.high) / 2)) for b in bins]
    marks = [zones[0].low, *(zone.high for zone in zones)]
    edges = [(mark, sheet.formats.points(mark)) for mark in marks]
    inner = ", ".join(text for _, text in edges[1:-1]) or sheet.words.say("bands.single")
    total = sheet.formats.number(sum(b.leads for b in bins))
    said = sheet.words.say("bands.figure_text", n=total, low=edges[0][1], high=edges[-1][1], edges=inner)
    counts = {row.id: row.leads for row in sheet.report.bands}
    noted = [
        replace(zone, name=sheet.short(zone.name, _room(zone, zones)), note=sheet.leads(counts.get(band.id, 0)))
        for zone, band in zip(zones, sheet.report.model.bands, strict=True)
    ]
    return charts.ruler(columns, noted, edges, charts.Words(sheet.words.say("bands.figure"), said))


def _room(zone: charts.Zone, zones: Sequence[charts.Zone]) -> int:
    """How many letters fit under a band on the ruler, where the page is wide."""
    span = zones[-1].high - zones[0].low
    return max(6, int(130 * (zone.high - zone.low) / span)) if span else 40


def most_rate(sheet: Sheet) -> float:
    """The end of the rates' axis: the highest of what is drawn, rounded up to the next tenth."""
    drawn = [band.rate for band in sheet.report.model.bands]
    drawn += [row.learnt.high for row in sheet.report.bands if row.learnt and row.learnt.high is not None]
    return min(1.0, -(-max([*drawn, 0.1]) * 10 // 1) / 10)


def reliability(sheet: Sheet) -> Markup:
    """Rates said against rates seen."""
    ranking = sheet.report.ranking
    points = [(p.predicted, p.observed, p.low, p.high) for p in ranking.reliability] if ranking else []
    say = sheet.words.say
    most = sheet.formats.share(max([max(said, high) for said, _, _, high in points] + [0.01]))
    words = charts.Words(say("ranking.reliability"), say("ranking.reliability_text"))
    return charts.reliability(points, (say("ranking.said"), say("ranking.seen"), most), words)


def facts(page: LeadPage) -> tuple[list[Fact], int]:
    """The facts of a lead, the newest first, and how many older ones there are beyond those that fit."""
    newest = sorted(page.facts, key=lambda fact: fact.at_us, reverse=True)
    return newest[:MOST_FACTS], max(len(newest) - MOST_FACTS, 0)


def curve(sheet: Names, page: LeadPage) -> Markup:
    """A lead's score over time, with its facts under it on the same axis; nothing where there is no time to show."""
    spots = [(fact.at_us, fact.verdict is Verdict.HUMAN) for fact in page.facts]
    return curve_of(sheet, page.curve, spots, len(page.facts))


def curve_of(
    sheet: Names, scores: Sequence[tuple[int, float]], spots: Sequence[tuple[int, bool]], facts: int
) -> Markup:
    """The same of (instant, score) and of where so many facts stand, each with whether it counts."""
    points = sorted(scores, key=lambda point: point[0])
    instants = [at for at, _ in points] + [at for at, _ in spots]
    if len(points) < 2 or min(instants) == max(instants):
        return Markup("")
    start, end = min(instants), max(instants)

    def place(at_us: int) -> float:
        return (at_us - start) / (end - start)

    dots = [charts.Dot(place(at), counts) for at, counts in spots]
    return charts.curve(
        [(place(at), score) for at, score in points],
        sheet.zones,
        _thinned(dots),
        (sheet.formats.date(start), sheet.formats.date(end)),
        charts.Words(sheet.words.say("lead.curve"), _curve_text(sheet, facts, points)),
    )


def _thinned(dots: Sequence[charts.Dot]) -> list[charts.Dot]:
    """One dot a place and kind: two on one spot are seen as one."""
    return list({(round(dot.place, 2), dot.counted): dot for dot in dots}.values())


def _curve_text(sheet: Names, facts: int, points: Sequence[tuple[int, float]]) -> str:
    formats = sheet.formats
    (start, first), (end, last) = points[0], points[-1]
    return sheet.words.say(
        "lead.curve_text",
        first=formats.points(first),
        start=formats.date(start),
        last=formats.points(last),
        end=formats.date(end),
        top=formats.points(max(score for _, score in points)),
        facts=sheet.words.count("lead.facts_count", facts, n=formats.number(facts)),
    )


def neighbours(pages: Sequence[LeadPage]) -> list[tuple[LeadPage | None, LeadPage, LeadPage | None]]:
    """Each page with the one before it and the one after it."""
    return list(zip([None, *pages[:-1]], pages, [*pages[1:], None], strict=True))
