"""Plain factories of observations for the tests of `couveuse.learn`."""

from typing import Any

import numpy as np

from couveuse.core.model import Band, Temperature
from couveuse.learn.observations import NO_TIME, Observations

LOW_AND_HIGH = (Band("low", 10, 0.05, Temperature.COLD), Band("high", None, 0.5, Temperature.HOT))


def some_observations(rows: int, **columns: Any) -> Observations:
    """Rows of as many leads, all in the first band, known and not converted, but for the columns given."""
    given: dict[str, Any] = {
        "lead": range(rows),
        "landmark": [NO_TIME] * rows,
        "band": [0] * rows,
        "score": [0.0] * rows,
        "converted": [False] * rows,
        "ended": [True] * rows,
    } | columns
    kinds = {"lead": "int64", "landmark": "int64", "band": "int16", "score": "float64"}
    return Observations(**{name: np.array(column, dtype=kinds.get(name, "bool")) for name, column in given.items()})


def flags(text: str) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """One row a character, converted where it is a 1."""
    return np.array([character == "1" for character in text], dtype=bool)
