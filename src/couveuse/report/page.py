"""The report as one HTML file: the templates, the style and the script put together, every value escaped.

The file asks the network for nothing, and its content security policy forbids it to.
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from couveuse.report import charts, figures, findings
from couveuse.report.receipts import Receipt, receipt
from couveuse.report.sheet import Sheet, clean
from couveuse.report.values import LeadPage, Report


def render(report: Report) -> str:
    """The report as one self-contained HTML page, in its language.

    Raises `BadInput` for a language other than fr and en, and `CouveuseError` for a ledger that does not add up.
    """
    sheet = Sheet(report)

    def receipt_of(page: LeadPage) -> Receipt:
        return receipt(page, report.model, sheet.words, sheet.formats)

    return _environment().get_template("report.html").render(
        report=report,
        sheet=sheet,
        say=sheet.words.say,
        count=sheet.words.count,
        f=sheet.formats,
        receipt_of=receipt_of,
        policy=policy(),
        style=Markup(_text("report.css")),
        script=Markup(_text("report.js")),
    )  # fmt: skip


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("couveuse.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )
    environment.globals.update(charts=charts, figures=figures, findings=findings)
    return environment


def _finalized(value: object) -> object:
    """What goes into the page holds nothing that a page cannot hold; markup made here is safe already."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _text(name: str) -> str:
    return files("couveuse.report").joinpath("templates", name).read_text("utf-8").strip()


def policy() -> str:
    """The content security policy: the page's own script, known by its digest, its own styles, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(_text("report.js").encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
