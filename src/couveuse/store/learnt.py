"""What the whole history says of a version of a model, as the `learn` job last counted it: counts, and no names.

Rates are fractions of one, per lead and landmark (the first of each month); instants are microseconds.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple, TypeVar

from psycopg import Connection

from couveuse.store.statements import statement

# Over how many days, up to the report's instant, the latest deeds of each rule are told.
PERIODS: Final = (7, 30, 90)

Kind = TypeVar("Kind")
# The leads behind a rule, by its id and the days of a period: those that it gave most to first.
Behind = Mapping[str, Mapping[int, Sequence[int]]]
_LATEST, _SAVE, _SIGNS, _BEHIND = (statement("learnt", name) for name in ("latest", "save", "signs", "behind"))


@dataclass(frozen=True, slots=True)
class LearntBand:
    """A band: how many leads are in it now, and what became of those who were.

    `rate`, `low` and `high` (95 %) are None where no horizon has ended; `of` leads stood in it at `readings` landmarks
    and brought `conversions`; `not_ended` readings enter no rate. `prior` is the model's own figure. `scant` says why
    the rate is not to be leant on (`couveuse.learn.rates.Scant`), or is None.
    """

    id: str
    leads: int
    prior: float
    rate: float | None
    low: float | None
    high: float | None
    of: int
    readings: int
    conversions: int
    not_ended: int
    scant: str | None


@dataclass(frozen=True, slots=True)
class LearntLead:
    """A lead by its number, and how many points a rule gave to it over a period."""

    lead_id: int
    points: float


@dataclass(frozen=True, slots=True)
class LearntPeriod:
    """What a rule did in the last `days`: leads, points as given (caps taken off), and who got most."""

    days: int
    leads: int
    points: float
    best: tuple[LearntLead, ...] = ()


class Earners(NamedTuple):
    """The leads behind a rule over a period, those that it gave most to first; of very many not all.

    `of` is to how many it gave points, or, of a fit rule, how many it fits.
    """

    leads: Sequence[int]
    of: int


@dataclass(frozen=True, slots=True)
class LearntRule:
    """What a rule did since ever, and lately; of a fit rule each period tells whom it fits now."""

    id: str
    lines: int
    leads: int
    points: float
    points_now: float
    periods: tuple[LearntPeriod, ...]

    def in_days(self, days: int) -> LearntPeriod:
        """What it did in so many days; nothing where it did nothing."""
        return next((each for each in self.periods if each.days == days), LearntPeriod(days, 0, 0.0))


@dataclass(frozen=True, slots=True)
class LearntSource:
    """Where leads came from first: how many, how many are hot now, how many converted (None: nobody ever did)."""

    source: str
    leads: int
    hot: int
    won: int | None


@dataclass(frozen=True, slots=True)
class LearntBin:
    """So many leads have a score over `low`, up to and with `high`."""

    low: float
    high: float
    leads: int


@dataclass(frozen=True, slots=True)
class LearntRanking:
    """The chance that what converts stands before what does not, with its 95 % interval."""

    auc: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Learnt:
    """One report: of a version of a model, as of an instant, from facts between two instants."""

    model_id: int
    at: int
    facts: int
    leads: int
    first_at: int | None
    last_at: int | None
    horizon_us: int
    event: str  # that is the conversion
    bands: tuple[LearntBand, ...]
    rules: tuple[LearntRule, ...]
    sources: tuple[LearntSource, ...]
    bins: tuple[LearntBin, ...]
    ranking: LearntRanking | None

    def band(self, band_id: str) -> LearntBand | None:
        """What was learnt of a band."""
        return next((each for each in self.bands if each.id == band_id), None)

    def rule(self, rule_id: str) -> LearntRule:
        """What was learnt of a rule; nothing where it did nothing."""
        nothing = LearntRule(rule_id, 0, 0, 0.0, 0.0, ())
        return next((each for each in self.rules if each.id == rule_id), nothing)


def latest(connection: Connection[Any], model_id: int) -> Learnt | None:
    """The newest report of a version; None until there is one.

    One that another version of ours wrote otherwise is none: it is counted again.
    """
    row = connection.execute(_LATEST, [model_id]).fetchone()
    try:
        return None if row is None else _learnt(row[2])
    except (KeyError, TypeError):
        return None


def behind(connection: Connection[Any], model_id: int, rule_id: str, days: int) -> Earners:
    """The leads that a rule gave points to in the last days of one of `PERIODS`, as of the newest report."""
    row = connection.execute(_BEHIND, {"model": model_id, "rule": rule_id, "days": days}).fetchone()
    numbers, leads = (None, None) if row is None else row
    return Earners(tuple(numbers or ()), leads or 0)


def save(connection: Connection[Any], learnt: Learnt, behind: Behind) -> None:
    """Keep a report with the leads behind its rules, unless a later one of its version is there."""
    report = json.dumps({**asdict(learnt), "behind": behind}, ensure_ascii=False)
    values = {"model": learnt.model_id, "at": learnt.at, "report": report}
    connection.execute(_SAVE, values)


def signs(connection: Connection[Any], model_id: int) -> tuple[bool, int | None]:
    """Whether there is anything to learn of a version, and when files were last brought in or taken back."""
    row = connection.execute(_SIGNS, {"model": model_id}).fetchone()
    assert row is not None  # a select without a table has one
    return bool(row[0]), row[1]


def _learnt(told: Mapping[str, Any]) -> Learnt:
    ranking = told["ranking"]
    return Learnt(
        **{
            **told,
            "bands": _all(LearntBand, told["bands"]),
            "rules": tuple(LearntRule(**{**each, "periods": _periods(each["periods"])}) for each in told["rules"]),
            "sources": _all(LearntSource, told["sources"]),
            "bins": _all(LearntBin, told["bins"]),
            "ranking": None if ranking is None else LearntRanking(**ranking),
        }
    )


def _periods(told: Sequence[Mapping[str, Any]]) -> tuple[LearntPeriod, ...]:
    return tuple(LearntPeriod(**{**each, "best": _all(LearntLead, each["best"])}) for each in told)


def _all(kind: type[Kind], told: Sequence[Mapping[str, Any]]) -> tuple[Kind, ...]:
    return tuple(kind(**each) for each in told)
