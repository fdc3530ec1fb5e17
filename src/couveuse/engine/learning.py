"""What the whole history of this instance says of the acting model: counted each night, after an import, and at first.

The facts are laid out and folded as `couveuse score instance` does it, in one process: whoever looks at pages meanwhile
goes first. What comes of it are counts and numbers of leads; a job that was killed begins again.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from psycopg import Connection

from couveuse.configuration import Configuration
from couveuse.core.model import Model
from couveuse.core.plan import plan
from couveuse.core.times import DAY_US, HOUR_US, microseconds, moment
from couveuse.engine import jobs
from couveuse.engine.job_kinds import LEARN
from couveuse.engine.jobs import Standing, Work
from couveuse.engine.live import model_of
from couveuse.store import connections, identities, versions
from couveuse.store import learnt as store
from couveuse.store.dispatch import OURSELVES
from couveuse.store.learnt import (
    PERIODS,
    Behind,
    Learnt,
    LearntBand,
    LearntBin,
    LearntLead,
    LearntPeriod,
    LearntRanking,
    LearntRule,
    LearntSource,
)

# When a night's report is made, in the model's time zone.
NIGHT_HOUR: Final = 3
# After one that failed so long is waited.
AGAIN_US: Final = 6 * HOUR_US
# So many leads of a rule are told with their points; of the others their numbers are kept.
MOST_SHOWN: Final = 50
# So many keys are looked up at a time.
NAMES_AT_ONCE: Final = 5_000
STEPS: Final = ("laying_out", "sorting", "folding", "counting")


def learn_if_due(url: str, settings: Configuration, now: int) -> None:
    """Ask for a report of the acting model where there is none yet, a night has passed, or files came in since."""
    with connections.connect(url, "learn", autocommit=True) as connection:
        if is_due(connection, now):
            ask(connection, by=OURSELVES, now=now)


def ask(connection: Connection[Any], *, by: str, now: int) -> int:
    """Ask for a report; returns the job's number, which is that of one that waits or runs where there is one."""
    return jobs.ask(connection, LEARN, {}, by, now, key="", is_low=by == OURSELVES)


def is_due(connection: Connection[Any], now: int) -> bool:
    """Whether a report is to be made by itself."""
    acting = versions.acting(connection)
    if acting is None:
        return False
    has_leads, brought_at = store.signs(connection, acting.published.id)
    if not has_leads:
        return False
    last = jobs.latest(connection, LEARN)
    if last is not None and (
        not last.standing.is_over or (last.standing == Standing.FAILED and now - (last.ended_at or 0) < AGAIN_US)
    ):
        return False
    report = store.latest(connection, acting.published.id)
    if report is None:
        return True
    night = last_night(now, model_of(acting.published).timezone)
    return report.at < night or (brought_at is not None and report.at < brought_at <= now)


def last_night(now: int, timezone: str) -> int:
    """The last instant, up to now, at which a night's report is to be made.

    >>> last_night(1_780_000_000_000_000, "Europe/Paris")  # on 28 May 2026, at 22:26 in Paris
    1779930000000000
    """
    local = moment(now, ZoneInfo(timezone))
    night = local.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return microseconds(night if night <= local else night - timedelta(days=1))


def learn(work: Work) -> Mapping[str, object]:
    """Count what the history says of the model that acts, and keep it."""
    with connections.connect(work.url, "learn", autocommit=True) as connection:
        acting = versions.acting(connection)
    if acting is None:
        return {"leads": 0}
    learnt, behind = count(work, acting.published.id, model_of(acting.published))
    with connections.connect(work.url, "learn", autocommit=True) as connection:
        store.save(connection, learnt, behind)
    return {"model": learnt.model_id, "leads": learnt.leads, "facts": learnt.facts}


def count(work: Work, model_id: int, model: Model) -> tuple[Learnt, Behind]:
    """What the history says of a model, as of now, and the leads behind each of its rules."""
    from couveuse.engine.exporting import laid_out
    from couveuse.history.scoring import Request, Scoring

    now = work.clock()

    def step(number: int) -> None:
        work.progress(number, len(STEPS), STEPS[number])

    def written(rows: int) -> None:
        work.progress(rows, None, STEPS[0])

    step(0)
    with laid_out(work.url, work.settings.data, plan(model), progress=written) as laid:
        step(1)
        request = Request(
            laid.events, model, now, now, leads=laid.leads, want_rules=True, want_rates=True, processes=1,
            since=tuple(now - days * DAY_US for days in PERIODS),
        )  # fmt: skip
        if not laid.leads:  # nobody is a lead yet
            return _nothing(model_id, model, now), {}
        with Scoring(request, within=laid.folder) as scoring:
            prepared = scoring.prepare()
            step(2)
            scoring.fold(prepared, lambda done, of: work.progress(done, of, STEPS[2]))
            step(3)
            numbers = _named(work.url, scoring.tallies)
            return _summed(scoring, model_id, numbers), _behind(scoring.tallies, numbers)


def _nothing(model_id: int, model: Model, now: int) -> Learnt:
    bands = tuple(
        LearntBand(each.id, 0, float(each.rate), None, None, None, 0, 0, 0, 0, "nothing") for each in model.bands
    )
    within, event = model.conversion.within, model.conversion.event
    return Learnt(model_id, now, 0, 0, None, None, within, event, bands, (), (), (), None)


def _summed(scoring: Any, model_id: int, numbers: Mapping[str, int]) -> Learnt:
    from couveuse.engine.summing import histogram, learnt, sources

    rates, ranked, _ = learnt(scoring)
    counts, conversion = scoring.counts, scoring.request.model.conversion
    found = sources(scoring, by_facts=True)
    in_band = {
        str(row["band"]): int(row["leads"])
        for row in scoring.rows("select band, count(*) as leads from scores group by 1")
    }
    return Learnt(
        model_id=model_id,
        at=scoring.request.at,
        facts=counts.facts,
        leads=counts.leads,
        first_at=counts.first_at,
        last_at=counts.last_at,
        horizon_us=conversion.within,
        event=conversion.event,
        bands=tuple(
            LearntBand(
                each.band,
                in_band.get(each.band, 0),
                each.prior,
                each.rate,
                each.low,
                each.high,
                each.leads,
                each.observations,
                each.conversions,
                each.not_ended,
                each.scant.value if each.scant else None,
            )
            for each in rates
        ),
        rules=_rules(scoring.tallies, numbers),
        sources=tuple(LearntSource(each.name, each.leads, each.hot, each.conversions) for each in found),
        bins=tuple(LearntBin(each.low, each.high, each.leads) for each in histogram(scoring)),
        ranking=None if ranked is None else LearntRanking(ranked.auc, ranked.low, ranked.high),
    )


def _named(url: str, tallies: Mapping[str, Any]) -> dict[str, int]:
    """The numbers of all whom some rule gave most to, by their keys."""
    for tally in tallies.values():
        for lately in tally.lately:
            lately.trim()
    names = sorted({name for tally in tallies.values() for lately in tally.lately for _, _, name in lately.best})
    found: dict[str, int] = {}
    with connections.connect(url, "learn", autocommit=True) as connection:
        for first in range(0, len(names), NAMES_AT_ONCE):
            found |= _numbers(connection, names[first : first + NAMES_AT_ONCE])
    return found


def _rules(tallies: Mapping[str, Any], numbers: Mapping[str, int]) -> tuple[LearntRule, ...]:
    return tuple(
        LearntRule(
            rule, tally.lines, tally.leads, tally.points, tally.points_now,
            tuple(
                LearntPeriod(
                    days, lately.leads, lately.points,
                    tuple(
                        LearntLead(numbers[name], points)
                        for points, _, name in _earners(lately, numbers)[:MOST_SHOWN]
                    ),
                )
                for days, lately in zip(PERIODS, tally.lately, strict=True)
            ),
        )
        for rule, tally in tallies.items()
    )  # fmt: skip


def _behind(tallies: Mapping[str, Any], numbers: Mapping[str, int]) -> Behind:
    return {
        rule: {
            days: [numbers[name] for _, _, name in _earners(lately, numbers)]
            for days, lately in zip(PERIODS, tally.lately, strict=True)
        }
        for rule, tally in tallies.items()
    }


def _earners(lately: Any, numbers: Mapping[str, int]) -> list[tuple[float, float, str]]:
    """Those whose numbers are known, whom a rule gave most to first."""
    return [each for each in lately.best if each[2] in numbers]


def _numbers(connection: Connection[Any], names: Collection[str]) -> dict[str, int]:
    """The leads of keys: e-mails, else user ids."""
    nodes = [(sort, name) for name in names for sort in (0, 1)]
    found = identities.find_identities(connection, nodes) if nodes else {}
    numbers: dict[str, int] = {}
    for (_, name), identity in sorted(found.items(), key=lambda each: -each[0][0]):  # e-mails last: they win
        if identity.lead_id is not None:
            numbers[name] = identity.lead_id
    return numbers
