"""What every page is put together with: templates with each value escaped, the one style, the one script, the policy.

A page asks the network for nothing, and its content security policy forbids it to.
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from couveuse.language.plain import clean
from couveuse.language.words import Words
from couveuse.report import charts, figures, findings
from couveuse.report.names import Names
from couveuse.report.receipts import Receipt, receipt
from couveuse.report.values import LeadPage


def put_together(template: str, words: Words, **parts: object) -> str:
    """A whole page from its template and its parts, in the language of its words."""
    return (
        _environment()
        .get_template(template)
        .render(
            language=words.language,
            say=words.say,
            count=words.count,
            policy=policy(),
            style=Markup(f"{style_tokens()}\n{_text('report.css')}"),
            script=Markup(_text("report.js")),
            **parts,
        )
    )


def receipts_of(names: Names, elsewhere: str) -> object:
    """What a template asks for a lead's receipt; `elsewhere` is the key of where rows brought forward are shown."""

    def receipt_of(page: LeadPage) -> Receipt:
        return receipt(page, names.model, names.words, names.formats, names.words.say(elsewhere))

    return receipt_of


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


def style_tokens() -> str:
    """The tokens that all pages share, the application's too: colours with their meaning, spaces, radius."""
    return _text("tokens.css")


def policy() -> str:
    """The content security policy: the page's own script, known by its digest, its own styles, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(_text("report.js").encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
