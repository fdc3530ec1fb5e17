"""The scoring models that come with Couveuse: texts with comments, and a line on each in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

from couveuse.core.model import Label


@dataclass(frozen=True, slots=True)
class Preset:
    """One of our models: its name, and what it is, in one line."""

    name: str
    says: Label


_PRESETS = (
    Preset(
        "bareme-b2b",
        Label(
            fr="Six actions, trois tranches : le tableau de traitement des leads d’une équipe B2B.",
            en="Six actions, three bands: the lead handling table of a B2B team.",
        ),
    ),
    Preset(
        "parcours-achat",
        Label(
            fr="Les étapes du parcours d’achat : découverte, évaluation, décision.",
            en="The steps of the buying journey: discovery, evaluation, decision.",
        ),
    ),
    Preset(
        "bareme-complet",
        Label(
            fr="Tout ce qu’un barème sait dire : décroissance, plafonds, profil, personas, transmissions.",
            en="All that a scoring model can say: decay, caps, fit, personas, routes.",
        ),
    ),
)


def presets() -> Mapping[str, Preset]:
    """The presets by name, the simplest first."""
    return MappingProxyType({each.name: each for each in _PRESETS})


def preset(name: str) -> str:
    """The text of a preset; KeyError for a name that `presets` does not list."""
    return files(__package__).joinpath(f"{presets()[name].name}.yaml").read_text(encoding="utf-8")
