import pytest

from couveuse.core.model import Temperature
from couveuse.core.reading import Maturity
from couveuse.report import findings
from couveuse.report.sheet import Sheet
from couveuse.report.values import BandRow, Counts, Funnel, LearntRate, RuleRow, SourceRow
from tests.report.sample import a_report, a_row


def the_sheet(**parts) -> Sheet:
    return Sheet(a_report(**({"language": "en"} | parts)))


def learnt(rate, low, high, **parts):
    return LearntRate(rate, low, high, leads=400, observations=400, conversions=40, **parts)


def test_it_says_who_is_hot_and_who_is_first():
    sheet = the_sheet(
        leads=(a_row(44.25, name="Claire Martin"),),
        counts=Counts(9, 9, 0, 1_904, 0),
        funnel=Funnel(temperatures={Temperature.HOT: 2}),
    )
    assert findings.head(sheet) == "2 leads of 1,904 are hot. Claire Martin leads with 44.2 points."


@pytest.mark.parametrize(
    ("language", "said"),
    [("fr", "Aucun lead n’est chaud. Le plus avancé, Claire Martin, a 1,5 point."),
     ("en", "No lead is hot. The furthest along, Claire Martin, has 1.5 points.")],
)  # fmt: skip
def test_where_none_is_hot_it_says_who_is_nearest(language, said):
    assert findings.head(the_sheet(language=language, leads=(a_row(1.5, name="Claire Martin"),))) == said


def test_bands_that_convert_apart_are_compared():
    rows = (BandRow("low", 10, learnt(0.05, 0.03, 0.08)), BandRow("high", 5, learnt(0.5, 0.4, 0.6)))
    assert findings.bands(the_sheet(bands=rows)) == "The band “High” converts 10 times as often as “Low”"


def test_a_table_that_points_the_wrong_way_is_said_to():
    rows = (BandRow("low", 10, learnt(0.5, 0.4, 0.6)), BandRow("high", 5, learnt(0.05, 0.03, 0.08)))
    assert "another look" in findings.bands(the_sheet(bands=rows))


@pytest.mark.parametrize(
    "high",
    [learnt(0.09, 0.07, 0.12), learnt(0.5, 0.4, 0.6, scant=True), LearntRate(None, None, None, 0, 0, 0), None],
    ids=["intervals that overlap", "too few", "none ended", "none"],
)
def test_bands_that_cannot_be_told_apart_are_not_compared(high):
    rows = (BandRow("low", 30, learnt(0.05, 0.03, 0.08)), BandRow("high", 10, high))
    assert findings.bands(the_sheet(bands=rows)) == "25\u202f% of the leads are in the band “High”"


def test_mature_leads_are_counted_with_their_sample():
    sheet = the_sheet(funnel=Funnel({Maturity.MATURE: 1, Maturity.SIGNAL: 3}))
    assert findings.funnel(sheet) == "1 lead is mature: 25\u202f% of 4 leads"


def test_the_source_of_most_hot_leads_is_named_beside_its_part_of_all():
    rows = (SourceRow("search", 90, 2), SourceRow("referral", 10, 6))
    assert (
        findings.sources(the_sheet(sources=rows))
        == "“referral” gives 75\u202f% of the hot leads with 10\u202f% of the leads"
    )


def test_sources_without_a_hot_lead_are_not_ranked():
    assert findings.sources(the_sheet(sources=(SourceRow("search", 90, 0),))) == "No source has given a hot lead yet"


def test_the_rule_that_makes_most_points_is_named_and_negative_points_are_no_share():
    rows = (RuleRow("quote", 3, 3, 60, 30), RuleRow("visit", 9, 3, 20, 10), RuleRow("unsubscribed", 1, 1, -8, -8))
    assert findings.rules(the_sheet(rules=rows)) == "“Quote request” makes 75\u202f% of today’s points"
