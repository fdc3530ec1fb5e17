"""The title of each part: what its figures say, in one sentence, worked out from them and never said beyond them."""

from couveuse.core.model import Temperature
from couveuse.core.reading import Maturity
from couveuse.report.sheet import Sheet
from couveuse.report.values import BandRow


def head(sheet: Sheet) -> str:
    """Who is hot, and who is first."""
    report, words, formats = sheet.report, sheet.words, sheet.formats
    if not report.leads:
        return words.say("head.none")
    first = report.leads[0]
    points = sheet.points(first.score)
    hot = report.funnel.temperatures.get(Temperature.HOT, 0)
    name = sheet.called(first, 48)
    if not hot:
        return words.say("head.cold", name=name, points=points)
    total = formats.number(report.counts.leads)
    return words.count("head.hot", hot, hot=formats.number(hot), n=total, name=name, points=points)


def leads(sheet: Sheet) -> str:
    """How many leads are listed, and of how many."""
    report, formats = sheet.report, sheet.formats
    if not report.leads:
        return sheet.words.say("leads.none")
    key = "leads.top" if report.counts.leads > len(report.leads) else "leads.all"
    total = formats.number(report.counts.leads)
    return sheet.words.count(key, len(report.leads), n=formats.number(len(report.leads)), total=total)


def bands(sheet: Sheet) -> str:
    """How the best band converts against the worst, if the history knows; else how many are in the best."""
    report, words, formats = sheet.report, sheet.words, sheet.formats
    seen = [(row, row.learnt.rate) for row in report.bands if row.learnt and _is_firm(row)]
    if len(seen) > 1:
        (low, low_rate), (high, high_rate) = seen[0], seen[-1]
        names = {"low": sheet.band_called(low.id), "high": sheet.band_called(high.id)}
        if low_rate is not None and high_rate is not None and _is_apart(low, high):
            if high_rate < low_rate:
                return words.say("bands.inverted", **names)
            if low_rate > 0 and high_rate / low_rate >= 1.5:
                return words.say("bands.ratio", ratio=formats.points(high_rate / low_rate), **names)
    total = sum(row.leads for row in report.bands)
    if not total:
        return words.say("bands.empty")
    best = report.bands[-1]
    return words.say("bands.spread", share=formats.share(best.leads / total), band=sheet.band_called(best.id))


def _is_firm(row: BandRow) -> bool:
    return row.learnt is not None and row.learnt.rate is not None and not row.learnt.scant


def _is_apart(low: BandRow, high: BandRow) -> bool:
    """Whether two bands' intervals do not overlap: else nothing is said of which converts more."""
    one, other = low.learnt, high.learnt
    if one is None or other is None or one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.high < other.low or other.high < one.low


def funnel(sheet: Sheet) -> str:
    """How many leads are mature."""
    counts = sheet.report.funnel.maturities
    mature, total = counts.get(Maturity.MATURE, 0), sum(counts.values())
    if not mature:
        return sheet.words.say("funnel.none")
    share = sheet.words.count(
        "page.of_leads", total, share=sheet.formats.share(mature / total), n=sheet.formats.number(total)
    )
    return sheet.words.count("funnel.title", mature, n=sheet.formats.number(mature), share=share)


def sources(sheet: Sheet) -> str:
    """Which source gives most of the hot leads, beside its part of all leads."""
    rows = sheet.report.sources
    if not rows:
        return sheet.words.say("sources.empty")
    leads, hot = sum(row.leads for row in rows), sum(row.hot for row in rows)
    if not hot:
        return sheet.words.say("sources.none_hot")
    best = max(rows, key=lambda row: row.hot)
    return sheet.words.say(
        "sources.share",
        source=sheet.short(best.name, 40) or sheet.words.say("page.unknown"),
        hot=sheet.formats.share(best.hot / hot),
        leads=sheet.formats.share(best.leads / leads),
    )


def rules(sheet: Sheet) -> str:
    """Which rule makes most of the points that stand."""
    rows = [row for row in sheet.report.rules if row.points_now > 0]
    if not rows:
        return sheet.words.say("rules.empty")
    best = max(rows, key=lambda row: row.points_now)
    share = sheet.formats.share(best.points_now / sum(row.points_now for row in rows))
    return sheet.words.say("rules.top", rule=sheet.rule(best.id), share=share)


def ranking(sheet: Sheet) -> str:
    """How often the score puts the right lead first."""
    ranking = sheet.report.ranking
    if ranking is None or ranking.auc is None:
        return sheet.words.say("ranking.no_auc")
    return sheet.words.say("ranking.auc", n=sheet.formats.number(ranking.auc * 100))


def data(sheet: Sheet) -> str:
    """How many rows were read, and how many kept."""
    counts = sheet.report.counts
    number = sheet.formats.number
    return sheet.words.count("data.title", counts.rows, n=number(counts.rows), facts=number(counts.facts))


def pages(sheet: Sheet) -> str:
    """How many leads have a page here."""
    number = len(sheet.report.lead_pages)
    return sheet.words.count("pages.title", number, n=sheet.formats.number(number))
