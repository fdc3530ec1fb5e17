"""What is observed of each lead at each landmark, as columns; nothing is computed from them here."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from couveuse.errors import BadInput

Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

NO_TIME = -1  # the landmark of a lead whose history has no times: it is observed once

_TYPES = {
    "lead": "int64",
    "landmark": "int64",
    "band": "int16",
    "score": "float64",
    "converted": "bool",
    "ended": "bool",
}


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """One row a lead and landmark: the band and score as of then, and what came of it within the horizon.

    `landmark` is in UTC microseconds (`NO_TIME` where there are none) and `band` an index into the model's
    bands. `ended` is false where the history stops before the horizon does: whether such a row converts is not
    known yet, or known too early only of those that did, so it is counted apart and enters no rate.
    Raises `BadInput` for columns that do not fit together, a score that is no number, or a row given twice.
    """

    lead: Integers
    landmark: Integers
    band: NDArray[np.int16]
    score: Floats
    converted: Flags
    ended: Flags

    def __post_init__(self) -> None:
        for name, kind in _TYPES.items():
            _check_column(name, getattr(self, name), kind, len(self.lead))
        if not np.isfinite(self.score).all():
            raise BadInput("an observation's score is not a finite number: leave out leads that have no score")
        if (self.band < 0).any():
            raise BadInput("an observation's band is below 0: give the index of one of the model's bands")
        _check_once(self.lead, self.landmark)

    def __len__(self) -> int:
        return len(self.lead)

    def where(self, rows: Flags) -> "Observations":
        """The rows that the mask keeps, in the same order."""
        return Observations(**{column.name: getattr(self, column.name)[rows] for column in fields(self)})

    def known(self) -> "Observations":
        """The rows whose horizon has ended: the only ones that say anything of conversion."""
        return self.where(self.ended)


def _check_column(name: str, column: np.ndarray[tuple[int, ...], np.dtype[np.generic]], kind: str, length: int) -> None:
    if column.dtype != kind or column.ndim != 1:
        raise BadInput(f"observations: {name} is {column.ndim}-dimensional {column.dtype}; give one column of {kind}")
    if len(column) != length:
        raise BadInput(f"observations: {name} has {len(column)} rows and lead {length}; give columns of one length")


def _check_once(lead: Integers, landmark: Integers) -> None:
    order = np.lexsort((landmark, lead))
    again = (np.diff(lead[order]) == 0) & (np.diff(landmark[order]) == 0)
    if again.any():
        row = int(order[int(np.flatnonzero(again)[0])])
        raise BadInput(
            f"observations: lead {lead[row]} stands twice at landmark {landmark[row]}; give one row for both"
        )
