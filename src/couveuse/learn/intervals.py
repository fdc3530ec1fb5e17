"""95 % intervals of shares whose rows come in clusters, one a lead; no band, file or picture is known here.

A lead seen at twelve landmarks is not twelve leads: its rows resemble each other, and its conversion is counted
at each landmark whose horizon holds it. So a rate is a ratio of two sums over leads, conversions and rows, and
its variance is that of the leads' residuals (linearised, as in surveys). What that variance is worth in
independent rows is the *effective* number of rows, on which Wilson's interval is then computed.

Rare conversions make the variance itself uncertain: ten converted leads say little of their own spread. Student's
quantile with twice the effective number of converted leads as degrees of freedom stands for that, as twice
the number of events does in the gamma interval of a weighted sum of Poisson counts (Fay and Feuer, 1997).
The effective number of k leads that brought y_1..y_k is (sum y)^2 / sum y^2 (Kish): k if all brought the same.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from couveuse.learn.observations import Flags, Integers

LEVEL = 0.95
_Z = NormalDist().inv_cdf((1 + LEVEL) / 2)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_NEWTON_STEPS = 7  # enough for one degree of freedom, the slowest


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, both within 0 and 1, worth `effective` independent rows."""

    low: float
    high: float
    effective: float


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows and conversions by lead, reduced to whole sums: exact, and the same in whatever order the rows came.

    `converted_leads` have a converted row or more, `unconverted_leads` one that is not (a lead may be in both).
    With m rows and y conversions a lead: `rows_squared` is the sum of m^2, `crossed` of my, `converted_squared` of y^2.
    """

    leads: int
    rows: int
    conversions: int
    converted_leads: int
    unconverted_leads: int
    rows_squared: int
    crossed: int
    converted_squared: int

    @property
    def rate(self) -> float | None:
        """Conversions by row, or None without rows."""
        return self.conversions / self.rows if self.rows else None


def counts_by_lead(lead: Integers, converted: Flags) -> Counts:
    """The counts of rows given one by one: whose they are, and whether they converted."""
    _, whose = np.unique(lead, return_inverse=True)
    return counts_of(np.bincount(whose), np.bincount(whose[converted], minlength=int(whose.max(initial=-1)) + 1))


def counts_of(rows: Integers, conversions: Integers) -> Counts:
    """The counts of leads given one by one: how many rows each has, and how many of them converted."""
    return Counts(
        leads=int(np.count_nonzero(rows)),
        rows=int(rows.sum()),
        conversions=int(conversions.sum()),
        converted_leads=int(np.count_nonzero(conversions)),
        unconverted_leads=int(np.count_nonzero(conversions < rows)),
        rows_squared=int(rows @ rows),
        crossed=int(rows @ conversions),
        converted_squared=int(conversions @ conversions),
    )


def interval_by_lead(counts: Counts) -> Interval | None:
    """The rate's 95 % interval, one lead being one cluster: plain Wilson's if none has two rows; None without rows.

    It covers the true rate 93 to 97 times in 100 from ten converted and ten unconverted leads on, thirty leads in
    all, in every design tried (`docs/decisions/0004-intervals-by-lead.md`). With fewer it covers it about 90 to 99
    times, by how the leads' numbers of rows go with their conversion: say so beside it. Leads are
    taken as independent of each other.
    """
    if not counts.rows:
        return None
    share, effective = counts.conversions / counts.rows, counts.rows / design_effect(counts)
    if counts.rows == counts.leads or counts.conversions in (0, counts.rows):
        return wilson(share, effective)
    return student_interval(share, effective, freedom=2 * _effective_converted(counts))


def design_effect(counts: Counts) -> float:
    """How many of these rows tell as much as one independent row: 1 or more, and 1 where no lead has two rows.

    Where residuals cannot tell, that is with no conversion, nothing but conversions, or a single lead, a lead's rows
    are taken as all alike: the greatest effect that its numbers of rows allow.
    """
    rows, won = counts.rows, counts.conversions
    if counts.leads == 1 or won in (0, rows):
        return counts.rows_squared / rows
    # rows^2 times the sum of (y - rate m)^2, in whole numbers.
    residuals = rows**2 * counts.converted_squared - 2 * rows * won * counts.crossed + won**2 * counts.rows_squared
    return max(1.0, residuals / (rows * won * (rows - won)))


def _effective_converted(counts: Counts) -> float:
    """Leads of equal weight that the conversions, or what did not convert, are worth: the fewer of the two."""
    lost = counts.rows - counts.conversions
    lost_squared = counts.rows_squared - 2 * counts.crossed + counts.converted_squared
    return min(counts.conversions**2 / counts.converted_squared, lost**2 / lost_squared)


def wilson(share: float, rows: float) -> Interval:
    """Wilson's 95 % score interval (1927) of a share of so many independent rows, which need not be whole.

    >>> interval = wilson(0.5, 10)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.2366, 0.7634)
    """
    weight = _Z * _Z / rows
    centre = (share + weight / 2) / (1 + weight)
    half = math.sqrt(share * (1 - share) * weight + weight * weight / 4) / (1 + weight)
    return Interval(max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half)), rows)


def student_interval(share: float, effective: float, *, freedom: float) -> Interval:
    """Wilson's interval with Student's quantile for the normal one, the effective number being itself an estimate."""
    interval = wilson(share, effective * (_Z / student_quantile(freedom)) ** 2)
    return Interval(interval.low, interval.high, effective)


def student_quantile(freedom: float) -> float:
    """The 97.5 % quantile of Student's t, for degrees of freedom that need not be whole.

    >>> round(student_quantile(4), 4)
    2.7764
    """
    power = freedom - 1
    scale = 2 * math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)
    angle = math.atan(_Z / math.sqrt(freedom))
    # t = sqrt(freedom) tan(angle), where the share within +-t is scale times the integral of cos^power. That is
    # concave and the normal quantile lies left of the root, so Newton's steps rise to it and never pass it.
    for _ in range(_NEWTON_STEPS):
        within = scale * angle / 2 * float(_WEIGHTS @ np.cos(angle / 2 * (1 + _NODES)) ** power)
        angle += (LEVEL - within) / (scale * math.cos(angle) ** power)
    return math.sqrt(freedom) * math.tan(angle)
