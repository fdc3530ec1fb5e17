"""From a file or a preset to a checked scoring model, or to everything that is wrong with it at once."""

from dataclasses import dataclass, field

from pydantic import ValidationError

from couveuse.core.model import Model
from couveuse.documents import checks, refusals
from couveuse.documents.building import build
from couveuse.documents.findings import MODEL, ModelErrors, Trouble
from couveuse.documents.presets import preset, presets
from couveuse.documents.sentences import one_of, said
from couveuse.documents.shapes import ModelShape
from couveuse.documents.texts import file_text
from couveuse.documents.tree import Tree, read_tree


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
    missing = (said("file.no_preset"), one_of(path_or_preset, presets()))
    return parse_model(file_text(path_or_preset, MODEL, missing=missing), path_or_preset)


def parse_model(text: str, name: str) -> Document:
    """The model that a text says; `name` is what errors call the text. Raises ModelErrors, all errors at once."""
    text = text.removeprefix("\ufeff")
    tree = read_tree(text, name)
    shape, troubles = _checked(tree.data)
    findings = [*tree.findings, *map(tree.placed, troubles)]
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
