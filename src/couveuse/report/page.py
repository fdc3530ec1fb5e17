"""The report as one HTML file."""

from couveuse.report.sheet import Sheet
from couveuse.report.shell import put_together, receipts_of
from couveuse.report.values import Report


def render(report: Report) -> str:
    """The report as one self-contained HTML page, in its language.

    Raises `BadInput` for a language other than fr and en, and `CouveuseError` for a ledger that does not add up.
    """
    sheet = Sheet(report)
    return put_together(
        "report.html",
        sheet.words,
        report=report,
        sheet=sheet,
        f=sheet.formats,
        receipt_of=receipts_of(sheet, "receipt.carried_note"),
    )
