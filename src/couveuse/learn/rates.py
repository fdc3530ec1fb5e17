"""The conversion rate of each band, from observations, with its 95 % interval and the rate put to it beforehand."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from couveuse.core.model import Band
from couveuse.errors import BadInput
from couveuse.learn.intervals import Counts, counts_by_lead, interval_by_lead
from couveuse.learn.observations import Flags, Observations

# Below these the interval's coverage may leave 93 to 97 times in 100 (about 90 to 99 were seen): see
# docs/decisions/0004-intervals-by-lead.md. Leads are counted, not rows: only they are independent.
LEAST_LEADS = 30
LEAST_CONVERTED = 10  # leads that converted, and leads that did not


class Scant(StrEnum):
    """Why a band holds too few for its rate to be leant on."""

    NOTHING = "nothing"  # no row whose horizon has ended
    FEW_LEADS = "few_leads"
    FEW_CONVERTED = "few_converted"
    FEW_UNCONVERTED = "few_unconverted"


@dataclass(frozen=True, slots=True)
class BandRate:
    """What became of the leads of one band; the rate is one per lead and landmark.

    A lead is one that stood in the band at a landmark whose horizon has ended; one that moved is in several
    bands. `rate`, `low` and `high` are None without such rows. `prior` is the model's own figure. `not_ended`
    counts the rows whose horizon has not ended, in none of the other figures. `effective` is how many independent rows
    the rows are worth. `scant` says why the band holds too few, or is None.
    """

    band: str
    leads: int
    observations: int
    conversions: int
    converted_leads: int
    rate: float | None
    low: float | None
    high: float | None
    effective: float | None
    prior: float
    not_ended: int
    scant: Scant | None


def rates(observations: Observations, bands: Sequence[Band], *, least: int = LEAST_LEADS) -> tuple[BandRate, ...]:
    """The rate of every band, in the model's order, with those of fewer than `least` leads marked as scant.

    Raises `BadInput` if an observation's band is none of these.
    """
    if len(observations) and int(observations.band.max()) >= len(bands):
        raise BadInput(
            f"an observation is in band {observations.band.max()} of {len(bands)}; give the model it was read with"
        )
    return tuple(_band_rate(observations, observations.band == index, band, least) for index, band in enumerate(bands))


def _band_rate(observations: Observations, within: Flags, band: Band, least: int) -> BandRate:
    known = within & observations.ended
    counts = counts_by_lead(observations.lead[known], observations.converted[known])
    interval = interval_by_lead(counts)
    return BandRate(
        band=band.id,
        leads=counts.leads,
        observations=counts.rows,
        conversions=counts.conversions,
        converted_leads=counts.converted_leads,
        rate=counts.rate,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        effective=interval.effective if interval else None,
        prior=float(band.rate),
        not_ended=int(within.sum()) - counts.rows,
        scant=scant(counts, least=least),
    )


def scant(counts: Counts, *, least: int = LEAST_LEADS) -> Scant | None:
    """The first reason for which these counts are too few for their interval to keep its word, or None."""
    reasons = (
        (counts.rows == 0, Scant.NOTHING),
        (counts.leads < least, Scant.FEW_LEADS),
        (counts.converted_leads < LEAST_CONVERTED, Scant.FEW_CONVERTED),
        (counts.unconverted_leads < LEAST_CONVERTED, Scant.FEW_UNCONVERTED),
    )
    return next((reason for holds, reason in reasons if holds), None)
