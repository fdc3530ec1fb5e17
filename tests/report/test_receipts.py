import math
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couveuse.core.ledger import LineKind
from couveuse.core.model import DAY_US
from couveuse.errors import CouveuseError
from couveuse.language.formats import Formats
from couveuse.report import render
from couveuse.report.receipts import MOST_ROWS, Receipt, grouped, receipt
from couveuse.report.values import LedgerLine
from couveuse.report.words import words
from tests.report.parsed import parsed
from tests.report.sample import AT, MODEL, a_full_report, a_page, a_report

WORDS = words("en")
KINDS = st.sampled_from(LineKind)
LINES = st.lists(
    st.builds(
        LedgerLine, KINDS, st.floats(-60, 60), st.just(AT), st.just("Page Viewed"), st.sampled_from(["visit", "a"])
    ),
    max_size=150,
)


def the_receipt(*lines: LedgerLine, total: float | None = None, model=MODEL) -> Receipt:
    exact = math.fsum(line.points for line in lines)
    page = a_page(lines=tuple(lines), total=exact if total is None else total)
    return receipt(page, model, WORDS, Formats(WORDS, "Europe/Paris"))


def line(kind=LineKind.POINTS, points=1.0, rule="visit", at_us=AT) -> LedgerLine:
    return LedgerLine(kind, points, at_us, "Page Viewed", rule, "/tarifs")


@given(LINES)
def test_every_column_adds_up_as_printed(lines):
    bill = the_receipt(*lines)
    assert sum(row.left for row in bill.rows) == bill.total == round(round(math.fsum(x.points for x in lines), 6) * 10)
    assert sum(row.given for row in bill.rows) == bill.given
    assert sum(row.taken for row in bill.rows) == bill.taken == bill.total - bill.given


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_a_reader_adds_by_hand_is_the_printed_total(language):
    def number(cell):
        text = cell.text.replace("\u202f", "").replace("−", "-")
        return round(float(text.replace(",", ".") if language == "fr" else text.replace(",", "")) * 10)

    tables = list(parsed(render(a_full_report(language))).all("table", class_="receipt"))
    assert len(tables) == 12
    for table in tables:
        rows = [list(row.all("td")) for row in table.one("tbody").all("tr")]
        foot = list(table.one("tfoot").all("td"))
        for column, total in enumerate(foot):
            assert sum(number(row[column]) for row in rows if row[column].text) == number(total)


def test_what_was_taken_from_a_line_stands_in_its_row_with_the_reason():
    bill = the_receipt(line(points=5), line(LineKind.CAP, -2), line(LineKind.DECAY, -1.5))
    (row,) = bill.rows
    assert (row.label, row.given, row.taken, row.left) == ("Visit to the site", 50, -35, 15)
    assert row.notes == ("cap of 10 per week −2.0", "time −1.5")


def test_what_only_time_took_needs_no_word():
    (row,) = the_receipt(line(points=5), line(LineKind.DECAY, -1.5)).rows
    assert (row.notes, row.taken) == ((), -15)


def test_a_cut_is_named():
    (row,) = the_receipt(line(points=5), line(LineKind.CUT, -5)).rows
    assert (row.notes, row.left) == (("reset",), 0)


def test_the_fit_has_no_day_and_the_cap_of_the_whole_has_its_limit():
    bill = the_receipt(
        LedgerLine(LineKind.POINTS, 120, AT, "Quote Requested", "quote"),
        LedgerLine(LineKind.FIT, 10, AT, "", "decision-maker"),
        LedgerLine(LineKind.TOTAL, -30, AT, "", "total"),
    )
    assert [(row.label, row.at_us) for row in bill.rows[1:]] == [
        ("Decision maker", None),
        ("Cap of the score: 100", None),
    ]
    assert (bill.rows[-1].given, bill.rows[-1].taken, bill.total) == (0, -300, 1000)


@pytest.mark.parametrize(("rule", "label"), [("add", "Points added by hand"), ("recycle", "Back to nurturing")])
def test_an_adjustment_is_called_by_what_it_did(rule, label):
    assert the_receipt(line(rule=rule)).rows[0].label == label


def test_a_rule_without_a_label_goes_by_its_id():
    assert the_receipt(line(rule="social")).rows[0].label == "social"


def test_a_rule_of_the_model_that_is_named_like_an_adjustment_keeps_its_own_name():
    model = replace(MODEL, rules=(replace(MODEL.rules[0], id="add"),))
    assert the_receipt(line(rule="add"), model=model).rows[0].label == "Weak click"


def test_rounding_has_a_row_of_its_own():
    bill = the_receipt(*(line(points=0.24, at_us=AT - day * DAY_US) for day in range(4)))
    assert [row.left for row in bill.rows] == [2, 2, 2, 2, 2]
    assert bill.rows[-1].label == "Rounding"
    assert bill.total == 10


def test_whole_points_are_never_rounded():
    assert len(the_receipt(line(points=1), line(points=4, rule="download")).rows) == 2


def test_the_oldest_lines_of_a_long_ledger_are_brought_forward():
    lines = [line(points=day, at_us=AT + day * DAY_US) for day in range(MOST_ROWS + 3)]
    bill = the_receipt(*lines)
    assert len(bill.rows) == MOST_ROWS + 1
    assert bill.rows[0].label == "Brought forward: 3 earlier lines"
    assert bill.rows[0].left == (0 + 1 + 2) * 10


def test_two_facts_of_one_rule_at_one_instant_are_two_rows():
    assert len(grouped([line(), line(LineKind.DECAY, -0.5), line(), line(LineKind.DECAY, -0.5)])) == 2


def test_what_is_taken_from_another_line_is_not_put_to_this_one():
    assert len(grouped([line(), line(LineKind.CAP, -1, rule="download")])) == 2


def test_a_ledger_that_does_not_add_up_is_refused():
    with pytest.raises(CouveuseError, match="does not add up"):
        the_receipt(line(points=5), total=5.01)


def test_the_digits_of_floating_point_are_no_gap():
    assert the_receipt(*(line(points=0.1) for _ in range(10)), total=1.0).total == 10


def test_a_lead_without_a_line_has_an_empty_receipt_that_says_so():
    page = render(a_report(language="en", lead_pages=(a_page(points=()),)))
    assert "No line: nothing has made any points yet." in page
    assert re.search(r'class="receipt"', page) is None
