"""From a file or a preset to a checked scoring model, or to everything that is wrong with it at once."""

from dataclasses import dataclass, field
from pathlib import Path as FilePath

from pydantic import ValidationError

from couveuse.core.model import Model
from couveuse.documents import checks, refusals
from couveuse.documents.building import build
from couveuse.documents.findings import Finding, ModelErrors, Trouble, one_of, quoted, shown
from couveuse.documents.presets import preset, presets
from couveuse.documents.shapes import ModelShape
from couveuse.documents.tree import MOST_BYTES, Tree, read_tree


@dataclass(frozen=True, slots=True)
class Document:
    """A scoring model with the text that says it, comments included, and where in it everything stands."""

    name: str
    text: str
    model: Model
    tree: Tree = field(compare=False, repr=False)


def read_model(path_or_preset: str) -> Document:
    """The model of a preset's name, else of a file; raises ModelErrors with every error of the document."""
    if path_or_preset in presets():
        return parse_model(preset(path_or_preset), path_or_preset)
    return parse_model(_file_text(path_or_preset), path_or_preset)


def parse_model(text: str, name: str) -> Document:
    """The model that a text says; `name` is what errors call the text. Raises ModelErrors, all errors at once."""
    text = text.removeprefix("\ufeff")
    tree = read_tree(text, name)
    shape, troubles = _checked(tree.data)
    findings = [*tree.findings, *(_placed(trouble, tree) for trouble in troubles)]
    if findings or shape is None:
        raise ModelErrors(findings)
    return Document(name, text, build(shape), tree)


def _checked(data: object) -> tuple[ModelShape | None, list[Trouble]]:
    """The shape, if it has one, and all troubles; an empty value is said to be empty and nothing else."""
    empties = list(checks.empties(data))
    known = {trouble.path for trouble in empties}
    together = list(checks.troubles(data))
    try:
        return ModelShape.model_validate(data), empties + together
    except ValidationError as error:
        shaped = [trouble for trouble in refusals.troubles(error) if trouble.path not in known]
        return None, empties + shaped + together


def _placed(trouble: Trouble, tree: Tree) -> Finding:
    line, column = tree.place(trouble.path, at_key=trouble.at_key)
    return Finding(tree.name, line, column, shown(trouble.path), trouble.message, trouble.cure)


def _file_text(path: str) -> str:
    content = _content(path)
    if len(content) > MOST_BYTES:
        raise _unreadable(path, "the file is over 1 MB", "name a scoring model; it is a few pages long")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode()) + 1
        finding = Finding(path, line, column, "", "the file is not in UTF-8", "save it again as UTF-8")
        raise ModelErrors([finding]) from None


def _content(path: str) -> bytes:
    """The bytes of a file, one more than there may be at most."""
    try:
        with FilePath(path).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise _unreadable(path, "no such file, nor a preset of that name", one_of(path, presets())) from None
    except IsADirectoryError:
        raise _unreadable(path, "this is a folder", "name the model's file, as model.yaml") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _unreadable(path, f"the file cannot be read ({reason})", "check its name and its rights") from None


def _unreadable(path: str, message: str, cure: str) -> ModelErrors:
    shown_path = path if path.isprintable() else quoted(path)
    return ModelErrors([Finding(shown_path, 0, 0, "", message, cure)])
