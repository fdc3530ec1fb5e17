"""What a scored history gives the report: counts, bands, funnel, sources, rules, and the top leads closely."""

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

import numpy as np

from couveuse.core.events import Reject as Reason
from couveuse.core.model import LeadClass, Model, Stage, Temperature
from couveuse.core.reading import Maturity, RouteDue
from couveuse.core.times import microseconds
from couveuse.documents.words import tell
from couveuse.engine.clocks import now_us
from couveuse.engine.summing import histogram, learnt, sources
from couveuse.history.dossiers import Dossier, dossiers
from couveuse.history.scoring import Scoring
from couveuse.learn.calibration import reliability
from couveuse.learn.observations import Observations
from couveuse.learn.ranking import Ranking as Ranked
from couveuse.learn.ranking import lift_table
from couveuse.learn.rates import BandRate
from couveuse.report import values
from couveuse.report.closely import heaviest, lead_page
from couveuse.report.persons import about, person

# How many leads the report's table holds at least.
TABLE_ROWS = 200
REJECTS: Mapping[str, Mapping[str, str]] = {
    "fr": {
        Reason.NOT_AN_OBJECT: "ce n’est pas un objet JSON",
        Reason.BAD_CELLS: "le nombre de cellules n’est pas celui de l’en-tête",
        Reason.NO_EVENT: "pas d’événement",
        Reason.NO_TIME: "pas de date",
        Reason.BAD_TIME: "date illisible",
        Reason.FUTURE: "date dans l’avenir",
        Reason.NO_IDENTITY: "aucune identité",
        Reason.NUL: "octet nul",
        Reason.TOO_LARGE: "ligne trop longue",
        Reason.BAD_CHANGE: "fait incomplet",
    },
    "en": {
        Reason.NOT_AN_OBJECT: "not a JSON object",
        Reason.BAD_CELLS: "not as many cells as the header",
        Reason.NO_EVENT: "no event",
        Reason.NO_TIME: "no time",
        Reason.BAD_TIME: "a time that cannot be read",
        Reason.FUTURE: "a time in the future",
        Reason.NO_IDENTITY: "no identity",
        Reason.NUL: "a NUL byte",
        Reason.TOO_LARGE: "a row too long",
        Reason.BAD_CHANGE: "an incomplete fact",
    },
}  # fmt: skip


def gather(scoring: Scoring, *, language: str, pages: int) -> values.Report:
    """All that the report shows, with a page for each of the `pages` best leads."""
    request = scoring.request
    rows = list(scoring.scores(max(pages, TABLE_ROWS)))
    closely = dossiers(scoring, [(str(row["lead"]), str(row["sort"])) for row in rows])
    by_name = {dossier.lead: dossier for dossier in closely}
    leads = [_lead_row(row, by_name[str(row["lead"])]) for row in rows]
    rates, ranked, observed = learnt(scoring)
    telling = tell(request.model, language)
    return values.Report(
        model=request.model,
        language=language,
        at_us=request.at,
        generated_at_us=now_us(),
        source_names=tuple(Path(name).name for name in (*request.events, *request.leads)),
        counts=_counts(scoring, language),
        leads=leads,
        bands=_bands(scoring, rates),
        funnel=_funnel(scoring),
        sources=sources(scoring),
        rules=_rules(scoring),
        histogram=histogram(scoring),
        lead_pages=[_page(row, by_name[row.lead]) for row in leads[:pages]],
        telling=values.Telling(
            tuple(values.TellingSection(s.title, tuple(s.sentences), tuple(s.rows)) for s in telling.sections)
        ),
        ranking=_ranking(request.model, ranked, observed),
    )


def _counts(scoring: Scoring, language: str) -> values.Counts:
    counts = scoring.counts
    words = REJECTS[language]
    rejects = tuple(
        values.Reject(words[Reason(reason.removeprefix("lead_"))], rows) for reason, rows in counts.rejects.items()
    )
    return values.Counts(counts.rows, counts.facts, counts.copies, counts.leads, counts.visitors, rejects)


# ---- Leads -------------------------------------------------------------------------------------------------


def _lead_row(row: Mapping[str, object], dossier: Dossier) -> values.LeadRow:
    who = person(dossier.traits)
    last = row["last_event_at"]
    routes = row["routes"]
    assert isinstance(routes, list)  # as the scores' schema says
    deeds = [deed for deed in dossier.deeds if deed.event != "Verdict Given"]
    return values.LeadRow(
        lead=str(row["lead"]),
        score=float(str(row["score"])),
        behaviour=float(str(row["behaviour"])),
        fit=float(str(row["fit"])),
        band=str(row["band"]),
        rate=float(str(row["rate"])),
        temperature=Temperature(str(row["temperature"])),
        stage=Stage[str(row["stage"]).upper()] if row["stage"] else None,
        lead_class=LeadClass(str(row["class"])) if row["class"] else None,
        persona=str(row["persona"]) if row["persona"] else None,
        maturity=Maturity(str(row["maturity"])),
        routes=tuple(RouteDue(route["team"], route["treatment"], route["cause"]) for route in routes),
        last_event_at=None if last is None else microseconds(last),  # type: ignore[arg-type]  # a time with a zone
        last_event=deeds[-1].event if deeds else "",
        why=heaviest(line for line, _ in dossier.lines),
        name=who.name,
        company=who.company,
        job_title=who.job_title,
        source=who.source,
    )


def _page(row: values.LeadRow, dossier: Dossier) -> values.LeadPage:
    deeds: dict[Hashable, values.Fact] = {
        deed.ref: values.Fact(deed.at, deed.event, about(deed.properties, deed.traits), verdict=deed.verdict)
        for deed in dossier.deeds
    }
    return lead_page(row, dossier.lines, deeds, dossier.curve, dossier.interests)


# ---- All leads ---------------------------------------------------------------------------------------------


def _bands(scoring: Scoring, rates: Sequence[BandRate]) -> list[values.BandRow]:
    counted = {
        row["band"]: row["leads"] for row in scoring.rows("select band, count(*) as leads from scores group by 1")
    }
    learnt_by = {rate.band: rate for rate in rates}
    rows = []
    for band in scoring.request.model.bands:
        rate = learnt_by[band.id]
        known = None
        if rate.observations or rate.not_ended:
            known = values.LearntRate(
                rate.rate, rate.low, rate.high, rate.leads, rate.observations, rate.conversions, rate.not_ended,
                rate.scant is not None,
            )  # fmt: skip
        rows.append(values.BandRow(band.id, int(str(counted.get(band.id, 0))), known))
    return rows


def _funnel(scoring: Scoring) -> values.Funnel:
    def count(column: str) -> dict[str, int]:
        rows = scoring.rows(f"select coalesce({column}, '') as value, count(*) as leads from scores group by 1")
        return {str(row["value"]): int(str(row["leads"])) for row in rows}

    stages = count("stage")
    return values.Funnel(
        maturities={Maturity(value): leads for value, leads in count("maturity").items()},
        stages={(Stage[value.upper()] if value else None): leads for value, leads in stages.items()},
        temperatures={Temperature(value): leads for value, leads in count("temperature").items()},
    )


def _rules(scoring: Scoring) -> list[values.RuleRow]:
    model = scoring.request.model
    ids = [*(rule.id for rule in model.rules), *(fit.id for fit in model.fit)]
    ids += [rule for rule in scoring.tallies if rule not in ids]
    rows = []
    for rule in ids:
        tally = scoring.tallies.get(rule)
        if tally is not None:
            rows.append(values.RuleRow(rule, tally.lines, tally.leads, tally.points, tally.points_now))
        else:
            rows.append(values.RuleRow(rule, 0, 0, 0.0, 0.0))
    return rows


def _ranking(model: Model, ranked: Ranked | None, observed: Observations) -> values.Ranking | None:
    if ranked is None or ranked.auc is None:
        return None
    known = observed.known()
    prior = np.array([band.rate for band in model.bands])[known.band]
    return values.Ranking(
        auc=ranked.auc,
        observations=len(known),
        leads=len(np.unique(known.lead)),
        conversions=int(known.converted.sum()),
        low=ranked.low,
        high=ranked.high,
        lift=tuple(
            values.LiftRow(row.rows, row.conversions, row.lift, row.rows_share, row.conversions_share)
            for row in lift_table(known.score, known.converted)
        ),
        reliability=tuple(
            values.ReliabilityPoint(point.predicted, point.observed, point.low, point.high, point.observations)
            for point in reliability(prior, known.converted, lead=known.lead)
        ),
    )
