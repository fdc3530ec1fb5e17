"""A small sound document, and pieces of it changed, for the tests of documents."""

from hypothesis import strategies as st

from couveuse.core.model import Model
from couveuse.documents.findings import Finding, ModelErrors, Path
from couveuse.documents.reading import Document, parse_model
from couveuse.documents.splicing import put
from couveuse.documents.writing import on_one_line, plain_model, yaml_text

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


def written_out(model: Model) -> str:
    """The document of a model."""
    return yaml_text({key: on_one_line(value) for key, value in plain_model(model).items()})


def changed(document: Document, path: Path, value: object) -> Document:
    """The document with plain data put at a path, read again."""
    return parse_model(put(document.text, document.tree.root, path, value), document.name)


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
