"""The rates of a history's bands, printed; and the observations that they are counted from."""

import numpy as np

from couveuse.core.reading import DECIMALS
from couveuse.history.scoring import Scoring
from couveuse.learn.observations import NO_TIME, Observations
from couveuse.learn.ranking import Ranking, ranking
from couveuse.learn.rates import BandRate, rates

SCANT = {
    "nothing": "no lead whose horizon has ended",
    "few_leads": "too few leads to lean on",
    "few_converted": "too few conversions to lean on",
    "few_unconverted": "too few without conversion to lean on",
}


def observations(scoring: Scoring) -> Observations:
    """What the history tells of conversions: at landmarks, or by the leads' own column where that was named."""
    if scoring.request.won:
        index = {band.id: number for number, band in enumerate(scoring.request.model.bands)}
        table = scoring.table(
            "select row_number() over () as lead, band, score, won from scores where won is not null and class is null"
        )
        count = table.num_rows
        return Observations(
            lead=table["lead"].to_numpy().astype(np.int64),
            landmark=np.full(count, NO_TIME, dtype=np.int64),
            band=np.array([index[band] for band in table["band"].to_pylist()], dtype=np.int16),
            score=np.round(table["score"].to_numpy(), DECIMALS),
            converted=np.array(table["won"].to_pylist(), dtype=bool),
            ended=np.ones(count, dtype=bool),
        )
    table = scoring.table("select * from observed")
    return Observations(
        lead=table["lead"].to_numpy().view(np.int64),
        landmark=table["landmark"].to_numpy(),
        band=table["band"].to_numpy(),
        score=np.round(table["score"].to_numpy(), DECIMALS),
        converted=np.array(table["converted"].to_pylist(), dtype=bool),
        ended=np.array(table["ended"].to_pylist(), dtype=bool),
    )


def learnt(scoring: Scoring) -> tuple[tuple[BandRate, ...], Ranking | None, Observations]:
    """Each band's rate, and how well the score ranks, with what they were counted from."""
    found = observations(scoring)
    known = found.known()
    ranked = ranking(known.score, known.converted, known.lead) if len(known) else None
    return rates(found, scoring.request.model.bands), ranked, found


def print_rates(scoring: Scoring) -> None:
    """The table of rates, with the model's own figure beside each."""
    from couveuse.cli.tables import print_rows

    found, ranked, _ = learnt(scoring)
    columns = ("band", "leads", "readings", "conversions", "rate", "95 % interval", "model says", "not ended", "")
    rows = [_row(rate) for rate in found]
    per = "lead" if scoring.request.won else "lead and month"
    print()
    print_rows(f"Conversion rates, per {per}", columns, rows, right=columns[1:8])
    if ranked is not None and ranked.auc is not None:
        print(
            f"AUC {ranked.auc:.3f} ({ranked.low:.3f} to {ranked.high:.3f}): "
            "the chance that what converts stands before "
            "what does not."
        )


def _row(rate: BandRate) -> list[str]:
    known = rate.rate is not None and rate.low is not None and rate.high is not None
    return [
        rate.band,
        f"{rate.leads:,}",
        f"{rate.observations:,}",
        f"{rate.conversions:,}",
        f"{rate.rate:.1%}" if known else "",
        f"{rate.low:.1%} to {rate.high:.1%}" if known else "",
        f"{rate.prior:.1%}".replace(".0%", "%"),
        f"{rate.not_ended:,}",
        SCANT[rate.scant.value] if rate.scant else "",
    ]
