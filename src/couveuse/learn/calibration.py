"""Whether predicted probabilities come true: rows of like predictions beside what happened; nothing is drawn here."""

import math
from dataclasses import dataclass

import numpy as np

from couveuse.errors import BadInput
from couveuse.learn.intervals import counts_by_lead, interval_by_lead
from couveuse.learn.observations import Flags, Floats, Integers


@dataclass(frozen=True, slots=True)
class ReliabilityPoint:
    """Rows of like predictions: the mean predicted, and the observed rate with its 95 % interval by lead."""

    predicted: float
    observed: float
    low: float
    high: float
    observations: int
    leads: int
    conversions: int


def reliability(
    probability: Floats, converted: Flags, bins: int = 10, *, lead: Integers | None = None
) -> tuple[ReliabilityPoint, ...]:
    """Predicted against observed in at most so many bins of about as many rows, the lowest prediction first.

    Rows of one prediction are never parted; where there are no more predictions than bins (the bands' rates), each is a
    point of its own. `lead` says whose each row is, for the intervals; without it each row is a lead's only one.
    Raises `BadInput` for columns of different lengths, a probability outside 0 to 1, or less than one bin.
    """
    _check(probability, converted)
    if bins < 1:
        raise BadInput(f"reliability in {bins} bins: give 1 or more")
    whose = np.arange(len(probability)) if lead is None else lead
    if len(whose) != len(probability):
        raise BadInput(f"reliability: {len(whose)} leads for {len(probability)} rows; give each row its lead")
    place = _bins(probability, bins)
    return tuple(
        _point(probability[place == bin_], whose[place == bin_], converted[place == bin_]) for bin_ in np.unique(place)
    )


def _check(probability: Floats, converted: Flags) -> None:
    if len(probability) != len(converted):
        raise BadInput(f"{len(probability)} probabilities for {len(converted)} outcomes: give one a row")
    if not ((probability >= 0) & (probability <= 1)).all():  # a NaN is neither
        raise BadInput("a predicted probability is not within 0 and 1: give rates, not scores or percentages")


def _bins(probability: Floats, bins: int) -> Integers:
    """The bin of each row: that of the middle of the rows that share its prediction, or one a prediction if few."""
    values, which, counts = np.unique(probability, return_inverse=True, return_counts=True)
    if len(values) <= bins:
        return which.astype(np.int64)
    middle = 2 * np.cumsum(counts) - counts  # twice the rank, so that it is whole
    return (middle * bins // (2 * len(probability)))[which].astype(np.int64)


def _point(probability: Floats, lead: Integers, converted: Flags) -> ReliabilityPoint:
    counts = counts_by_lead(lead, converted)
    interval = interval_by_lead(counts)
    assert counts.rate is not None, "a bin holds a row"
    assert interval is not None, "a bin holds a row"
    return ReliabilityPoint(
        predicted=math.fsum(probability.tolist()) / counts.rows,
        observed=counts.rate,
        low=interval.low,
        high=interval.high,
        observations=counts.rows,
        leads=counts.leads,
        conversions=counts.conversions,
    )
