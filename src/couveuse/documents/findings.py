"""What is wrong with a document: where, in which field, and the cure; nothing here reads YAML or checks a model."""

from collections.abc import Iterable
from dataclasses import dataclass

from couveuse.documents.sentences import Sentence, said
from couveuse.errors import BadInput, BadModel

Step = str | int
Path = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One error of a document; line and column count from 1, and line 0 means the file as a whole.

    What is wrong and what mends it are sentences that any language may be asked for; as text they are in English.
    """

    file: str
    line: int
    column: int
    field: str
    wrong: Sentence
    remedy: Sentence

    @property
    def message(self) -> str:
        """What is wrong, in English."""
        return str(self.wrong)

    @property
    def cure(self) -> str:
        """What mends it, in English."""
        return str(self.remedy)

    def told(self, language: str) -> str:
        """What is wrong; the cure: in a language."""
        return said("finding.told", message=self.wrong, cure=self.remedy).text(language)

    def __str__(self) -> str:
        """One line: file:line:column, the field, what is wrong; the cure."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else f"{self.file}:"
        field = f" {self.field}:" if self.field else ""
        return f"{place}{field} {self.told('en')}"


def _order(finding: Finding) -> tuple[str, int, int, str, str, str]:
    """Findings stand in the order of the text; two that say the same in English are one."""
    return finding.file, finding.line, finding.column, finding.field, finding.message, finding.cure


class DocumentErrors(BadInput):
    """The document has errors; each names its line and its cure."""

    known_as = "document"

    def __init__(self, findings: Iterable[Finding]) -> None:
        found = {_order(finding): finding for finding in findings}
        self.findings = tuple(found[order] for order in sorted(found))
        super().__init__("\n".join(str(finding) for finding in self.findings))


class ModelErrors(DocumentErrors, BadModel):
    """The scoring model has errors; each names its line and its cure."""


class TeamErrors(DocumentErrors):
    """The team's document has errors; each names its line and its cure."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document: what it is called in errors, how one begins, where to copy one from, its errors."""

    what: Sentence
    begin: Sentence
    copy: Sentence
    errors: type[DocumentErrors]


MODEL = Kind(said("model.what"), said("model.begin"), said("model.copy"), ModelErrors)
TEAM = Kind(said("team.what"), said("team.begin"), said("team.copy"), TeamErrors)


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error by its path in the document, before it is known on which line that stands."""

    path: Path
    wrong: Sentence
    remedy: Sentence
    at_key: bool = False  # point at the key rather than at its value

    @property
    def message(self) -> str:
        """What is wrong, in English."""
        return str(self.wrong)

    @property
    def cure(self) -> str:
        """What mends it, in English."""
        return str(self.remedy)


def shown(path: Path) -> str:
    """A path as people write it.

    >>> shown(("rules", 2, "where", "path"))
    'rules[2].where.path'
    """
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(c if c.isprintable() else " " for c in text.removeprefix("."))
