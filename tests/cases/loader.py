"""Cases: small histories with what must be read from them, as YAML writes them.

A file holds `cases`: each an `id`, what it `says`, a `model` (a preset's name or the clauses that matter), `facts`
(rows of a file of events), `leads` (rows of a file of leads), the instant `at`, and for each lead what to `expect`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML

from couveuse.core.model import Model
from couveuse.documents.presets import preset, presets
from couveuse.documents.reading import parse_model

ONE_BAND = [{"id": "all", "rate": 0, "temperature": "cold"}]
TIME_ZONE = "Europe/Paris"


@dataclass(frozen=True, slots=True)
class Case:
    """One case: a model's document, rows of events and of leads, an instant, and what each lead must be by then."""

    id: str
    says: str
    model_text: str
    facts: tuple[Mapping[str, object], ...]
    leads: tuple[Mapping[str, object], ...]
    at: str
    expect: Mapping[str, object]

    @property
    def model(self) -> Model:
        """The model that the document says."""
        return parse_model(self.model_text, self.id).model


def load_cases(path: Path) -> list[Case]:
    """All cases of a file, in its order."""
    yaml = YAML(typ="safe")
    return [_case(each) for each in yaml.load(path)["cases"]]


def _case(each: Mapping[str, object]) -> Case:
    name = str(each["id"])
    return Case(
        id=name,
        says=str(each["says"]),
        model_text=_model_text(name, each["model"]),
        facts=tuple(each["facts"]),  # type: ignore[arg-type]  # a list of rows
        leads=tuple(each.get("leads", ())),  # type: ignore[arg-type]  # the same
        at=str(each["at"]),
        expect=each["expect"],  # type: ignore[arg-type]  # a mapping
    )


def _model_text(name: str, model: object) -> str:
    """The document of an inline model, completed with what every document has; or of a preset."""
    if isinstance(model, str):
        assert model in presets(), f"{name}: no preset is called {model}"
        return preset(model)
    assert isinstance(model, Mapping)
    whole = {"couveuse": 1, "name": name, "timezone": TIME_ZONE, "bands": ONE_BAND, **model}
    written = StringIO()
    YAML(typ="safe").dump(whole, written)
    return written.getvalue()
