"""A small sound document, and pieces of it changed, for the tests of documents."""

from hypothesis import strategies as st

from couveuse.documents.findings import Finding, ModelErrors
from couveuse.documents.reading import Document, parse_model

BANDS = """\
bands:
  - {id: low, up_to: 10, rate: 0.05, temperature: cold}
  - {id: high, rate: 0.5, temperature: hot}
"""

HEAD = f"couveuse: 1\nname: small\n{BANDS}"

RULE = "rules:\n  - {{id: a, event: Page Viewed, points: 1, {}}}\n"

# Pieces of text of which hardly any run is a document.
PIECES = st.sampled_from(
    "couveuse: 1\n|name: x\n|bands:\n|  - |- |{|}|[|]|: |, |id|rules|where: |points: |&a |*a|<<: |!!int |'|\"|#|\n|  "
    "|~|true|.inf|1e400|0x|any: |not: |\t|---\n|...\n|%YAML 1.1\n|? |\\|\n|>\n|é|\x85|\ud800|@|`|12|null|= ".split("|")
)


def a_document(*parts: str) -> Document:
    """A sound document with these parts after the head."""
    return parse_model(HEAD + "".join(parts), "small.yaml")


def a_rule(clauses: str) -> Document:
    """A sound document whose one rule has these clauses."""
    return a_document(RULE.format(clauses))


def refusals(text: str, name: str = "small.yaml") -> tuple[Finding, ...]:
    """What is found wrong with a text; nothing if it is sound."""
    try:
        parse_model(text, name)
    except ModelErrors as errors:
        return errors.findings
    return ()


def refusal(text: str) -> Finding:
    """The one thing that is wrong with a text."""
    (found,) = refusals(text)
    return found
