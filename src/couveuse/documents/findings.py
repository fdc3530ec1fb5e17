"""What is wrong with a document: where, in which field, and the cure; nothing here reads YAML or checks a model."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from couveuse.errors import BadInput, BadModel

Step = str | int
Path = tuple[Step, ...]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One error of a document; line and column count from 1, and line 0 means the file as a whole."""

    file: str
    line: int
    column: int
    field: str
    message: str
    cure: str

    def __str__(self) -> str:
        """One line: file:line:column, the field, what is wrong; the cure."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else f"{self.file}:"
        field = f" {self.field}:" if self.field else ""
        return f"{place}{field} {self.message}; {self.cure}"


class DocumentErrors(BadInput):
    """The document has errors; each names its line and its cure."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(sorted(set(findings)))
        super().__init__("\n".join(str(finding) for finding in self.findings))


class ModelErrors(DocumentErrors, BadModel):
    """The scoring model has errors; each names its line and its cure."""


class TeamErrors(DocumentErrors):
    """The team's document has errors; each names its line and its cure."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document: what it is called in errors, how one begins, where to copy one from, its errors."""

    what: str
    begin: str
    copy: str
    errors: type[DocumentErrors]


MODEL = Kind("a scoring model", "begin with couveuse: 1 and name: ...", "copy a preset", ModelErrors)
TEAM = Kind("a team's document", "begin with couveuse: 1 and team: ...", "copy examples/pompes/equipe.yaml", TeamErrors)


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error by its path in the document, before it is known on which line that stands."""

    path: Path
    message: str
    cure: str
    at_key: bool = False  # point at the key rather than at its value


def shown(path: Path) -> str:
    """A path as people write it.

    >>> shown(("rules", 2, "where", "path"))
    'rules[2].where.path'
    """
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(c if c.isprintable() else " " for c in text.removeprefix("."))


def one_of(wrong: object, words: Iterable[str]) -> str:
    """The cure for a word outside a closed set: the nearest word first, if one is near."""
    known = list(words)
    near = get_close_matches(str(wrong)[:80].casefold(), known, n=1)
    if near and len(known) > 1:
        return f"write {near[0]} (one of: {', '.join(known)})"
    return f"write one of: {', '.join(known)}" if len(known) > 1 else f"write {known[0]}"


def quoted(value: object) -> str:
    """A value of a document as an error message shows it, never longer than a line.

    >>> quoted(True), quoted("a" * 99)[:8], quoted([1])
    ('true', '"aaaaaaa', 'a list')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = value if len(value) <= 60 else value[:57] + "..."
        return '"' + "".join(c if c.isprintable() else " " for c in text) + '"'
    if isinstance(value, (list, tuple)):
        return "a list"
    return "a mapping" if isinstance(value, dict) else str(value)
