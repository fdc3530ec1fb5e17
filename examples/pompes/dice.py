"""Chance that gives the same history on every machine and every Python.

Only `Random.random()` is used, whose stream Python promises to keep, and arithmetic that IEEE 754 fixes to
the last bit: no logarithm, no power, no shuffle, no set, whose results may differ from one build to another.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


def total(weights: Mapping[T, float]) -> float:
    """The sum of the weights, added one by one: the built-in `sum` of floats is not the same in every Python."""
    added = 0.0
    for weight in weights.values():
        added += weight
    return added


class Dice:
    """Draws for one lead, one company or one purpose, each from a stream of its own."""

    def __init__(self, seed: int, purpose: int, number: int = 0) -> None:
        self.draw = Random((seed * 16 + purpose) * 10_000_019 + number).random

    def chance(self, probability: float) -> bool:
        """True that often."""
        return self.draw() < probability

    def between(self, low: float, high: float) -> float:
        """Any number from low to high, all alike."""
        return low + (high - low) * self.draw()

    def bell(self, low: float, high: float) -> float:
        """A number from low to high, oftener in the middle: the mean of three draws."""
        return low + (high - low) * (self.draw() + self.draw() + self.draw()) / 3

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.draw() * (high - low + 1))

    def among(self, items: Sequence[T]) -> T:
        """One of the items, all alike."""
        return items[int(self.draw() * len(items))]

    def weighted(self, weights: Mapping[T, float]) -> T:
        """One of the keys, as often as its weight says."""
        left = self.draw() * total(weights)
        last = None
        for item, weight in weights.items():
            last, left = item, left - weight
            if left < 0:
                return item
        assert last is not None, "nothing to draw from"
        return last

    def token(self, digits: int = 12) -> str:
        """A name of that many hexadecimal digits."""
        return "".join("0123456789abcdef"[int(self.draw() * 16)] for _ in range(digits))
