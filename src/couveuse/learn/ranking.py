"""How well a score ranks those who convert before those who do not; what the score means in itself is not asked here.

Rows of the same score are tied: each figure is then the mean over all orders of the tied rows, so that none depends
on the order in which the rows came. Scores must be finite, one a row, with whether the row converted.
"""

import math
from dataclasses import dataclass

import numpy as np

from couveuse.errors import BadInput
from couveuse.learn.intervals import Interval, student_interval
from couveuse.learn.observations import Flags, Floats, Integers


@dataclass(frozen=True, slots=True)
class Ranking:
    """The AUC and its 95 % interval by lead, with what they were computed on."""

    auc: float
    low: float
    high: float
    observations: int
    conversions: int
    leads: int


@dataclass(frozen=True, slots=True)
class LiftRow:
    """One group of rows, the best scores first; `conversions` may be broken where a tie lies across its edge.

    `lift` is the group's rate over that of all rows; `conversions_share` and `rows_share` are of this group and
    the better ones together. Both lift and `conversions_share` are None if nothing converted.
    """

    group: int
    rows: int
    highest: float
    lowest: float
    conversions: float
    rate: float
    lift: float | None
    rows_share: float
    conversions_share: float | None


def auc(score: Floats, converted: Flags) -> float | None:
    """The share of pairs in which the converted row has the higher score, ties for a half (Mann and Whitney, 1947).

    Exact: whole numbers up to one division. None unless some rows converted and some did not.
    """
    _check(score, converted)
    beaten, pairs = _beaten_twice(score, converted)
    return int(beaten[converted].sum()) / (2 * pairs) if pairs else None


def ranking(score: Floats, converted: Flags, lead: Integers | None = None) -> Ranking | None:
    """The AUC with its 95 % interval, rows of one lead being one cluster (Obuchowski, 1997); None without an AUC.

    The interval is Wilson's on the effective number that the clustered variance gives (DeLong's, 1988, without `lead`),
    with Student's quantile for as many degrees of freedom as there are leads with a conversion, or without, the
    fewer, less one. Where the variance is nothing, as for an AUC of 1, that fewer is the effective number.
    """
    _check(score, converted)
    whose = np.arange(len(score)) if lead is None else lead
    if len(whose) != len(score):
        raise BadInput(f"ranking: {len(whose)} leads for {len(score)} rows; give each row its lead")
    value = auc(score, converted)
    if value is None:
        return None
    interval = _auc_interval(value, score, converted, whose)
    return Ranking(
        auc=value,
        low=interval.low,
        high=interval.high,
        observations=len(score),
        conversions=int(converted.sum()),
        leads=len(np.unique(whose)),
    )


def lift_table(score: Floats, converted: Flags, groups: int = 10) -> tuple[LiftRow, ...]:
    """The rows in so many groups of equal size (to one row), the best scores first; no more groups than rows.

    Raises `BadInput` for less than one group.
    """
    _check(score, converted)
    if groups < 1:
        raise BadInput(f"a lift table of {groups} groups: give 1 or more")
    best = _Best.of(score, converted)
    groups = min(groups, best.rows)
    edges = [group * best.rows // groups for group in range(groups + 1)] if groups else [0]
    return tuple(_lift_row(best, group, *edges[group - 1 : group + 1]) for group in range(1, len(edges)))


@dataclass(frozen=True, slots=True)
class _Best:
    """Distinct scores from the best down, with how many rows and conversions there are down to each."""

    scores: Floats
    rows_down_to: Integers
    conversions_down_to: Integers

    @classmethod
    def of(cls, score: Floats, converted: Flags) -> "_Best":
        scores, which, counts = np.unique(score + 0.0, return_inverse=True, return_counts=True)  # -0.0 is 0.0
        won = np.bincount(which[converted], minlength=len(scores))
        return cls(scores[::-1], np.cumsum(counts[::-1]), np.cumsum(won[::-1]))

    @property
    def rows(self) -> int:
        return int(self.rows_down_to[-1]) if len(self.scores) else 0

    @property
    def conversions(self) -> int:
        return int(self.conversions_down_to[-1]) if len(self.scores) else 0

    def score_at(self, row: int) -> float:
        """The score of the row of that rank, the best being 1."""
        return float(self.scores[np.searchsorted(self.rows_down_to, row)])

    def conversions_in(self, rows: int) -> float:
        """The conversions expected in so many of the best rows: those of a parted tie in proportion."""
        above = int(np.searchsorted(self.rows_down_to, rows, side="right"))  # distinct scores that are wholly within
        full_rows = int(self.rows_down_to[above - 1]) if above else 0
        full = int(self.conversions_down_to[above - 1]) if above else 0
        if rows == full_rows:
            return float(full)
        tied, won = int(self.rows_down_to[above]) - full_rows, int(self.conversions_down_to[above]) - full
        return full + won * (rows - full_rows) / tied


def _lift_row(best: _Best, group: int, start: int, end: int) -> LiftRow:
    down_to = best.conversions_in(end)
    won, rows = down_to - best.conversions_in(start), end - start
    base = best.conversions / best.rows
    return LiftRow(
        group=group,
        rows=rows,
        highest=best.score_at(start + 1),
        lowest=best.score_at(end),
        conversions=won,
        rate=won / rows,
        lift=won / rows / base if base else None,
        rows_share=end / best.rows,
        conversions_share=down_to / best.conversions if best.conversions else None,
    )


def _auc_interval(value: float, score: Floats, converted: Flags, lead: Integers) -> Interval:
    """Sums each lead's pull on the AUC; their squares give the variance (Obuchowski), that the effective number."""
    beaten, _ = _beaten_twice(score, converted)
    won, lost = int(converted.sum()), int(len(score) - converted.sum())
    _, whose = np.unique(lead, return_inverse=True)
    leads = int(whose.max()) + 1
    pull = np.zeros(leads)
    fewer = leads
    for rows, mine, others in ((converted, won, lost), (~converted, lost, won)):
        held = np.bincount(whose[rows], minlength=leads)
        # Sums of whole numbers under 2^53: exact in floats, whatever the order.
        beaten_by_lead = np.bincount(whose[rows], weights=beaten[rows], minlength=leads)
        of_kind = int(np.count_nonzero(held))
        unbiased = math.sqrt(of_kind / max(1, of_kind - 1))
        pull += unbiased * (beaten_by_lead / (2 * others) - value * held) / mine
        fewer = min(fewer, of_kind)
    variance = math.fsum((pull * pull).tolist())
    spread = value * (1 - value)
    effective = spread / variance if spread and variance else float(fewer)
    return student_interval(value, effective, freedom=max(1, fewer - 1))


def _beaten_twice(score: Floats, converted: Flags) -> tuple[Integers, int]:
    """Twice the rows of the other kind that each row is on the right side of, ties for one; and the number of pairs."""
    scores, which = np.unique(score, return_inverse=True)
    won = np.bincount(which[converted], minlength=len(scores))
    lost = np.bincount(which[~converted], minlength=len(scores))
    lower_lost = 2 * np.cumsum(lost) - lost
    higher_won = 2 * (won.sum() - np.cumsum(won)) + won
    return np.where(converted, lower_lost[which], higher_won[which]), int(won.sum()) * int(lost.sum())


def _check(score: Floats, converted: Flags) -> None:
    if len(score) != len(converted):
        raise BadInput(f"{len(score)} scores for {len(converted)} outcomes: give one a row")
    if not np.isfinite(score).all():
        raise BadInput("a score is not a finite number: leave out rows that have no score")
