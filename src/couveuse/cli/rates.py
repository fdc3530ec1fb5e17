"""The rates of a history's bands, printed."""

from couveuse.engine.summing import learnt
from couveuse.history.scoring import Scoring
from couveuse.learn.rates import BandRate

SCANT = {
    "nothing": "no lead whose horizon has ended",
    "few_leads": "too few leads to lean on",
    "few_converted": "too few conversions to lean on",
    "few_unconverted": "too few without conversion to lean on",
}


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
