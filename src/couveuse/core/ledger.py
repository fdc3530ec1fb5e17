"""The ledger: the lines whose sum is the score. It is folded from the facts when asked, never stored."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from couveuse.core.frozen import Frozen

Entry = tuple[int, Any, str, int, float, float, int]
"""An instant, a reference to the fact, the rule, which half-life, points, what the cap took, the era (cuts before)."""


@dataclass(slots=True)
class Ledger:
    """What a fold writes down as it goes: entries, and how many cuts there were."""

    entries: list[Entry] = field(default_factory=list)
    era: int = 0


class LineKind(StrEnum):
    """What a line says."""

    POINTS = "points"  # what a rule or an adjustment gave
    CAP = "cap"  # what the rule's cap took from it
    CUT = "cut"  # what a later cut took of what was left
    DECAY = "decay"  # what time took
    FIT = "fit"  # who the lead is
    TOTAL = "total"  # what the cap on the whole hides


@dataclass(frozen=True, slots=True)
class Line(Frozen):
    """One line of the ledger: so many points, why, and of which fact; `reference` is None for fit and total."""

    at: int
    reference: Any
    rule: str
    kind: LineKind
    points: float
