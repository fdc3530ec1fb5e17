"""What a scored history comes to: the rates of its bands, the distribution of its scores, its sources."""

from itertools import pairwise
from typing import Final

import numpy as np

from couveuse.core.reading import DECIMALS
from couveuse.history.duck import quoted
from couveuse.history.scoring import Scoring
from couveuse.learn.observations import NO_TIME, Observations
from couveuse.learn.ranking import Ranking, ranking
from couveuse.learn.rates import BandRate, rates
from couveuse.report import values
from couveuse.report.persons import NAMED

BINS: Final = 28


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


def sources(scoring: Scoring, *, by_facts: bool = False) -> list[values.SourceRow]:
    """Where leads came from: by the leads' files, else by the source of each lead's first fact.

    `by_facts`: so too is whoever the files tell no source of.
    """
    staging = scoring.staging
    first = """select o.sort, o.key, first(o.source order by s.inst) as source
        from slim s join owned_known_rows o using (ref) group by 1, 2"""
    if staging.has_leads:
        paths = [f'$."{part}{name}"' for name in NAMED["source"] for part in ("", "traits.")]
        found = ", ".join(f"json_extract_string(l.whole, {quoted(path)})" for path in paths)
        said = f"""select o.sort, o.key, any_value(nullif(coalesce({found}), '')) as source
            from owned_lead_rows o join loose_leads l using (ref) group by 1, 2"""
        first = f"""select sort, key, coalesce(l.source, {"f.source, " if by_facts else ""}'') as source
            from ({first}) f full join ({said}) l using (sort, key)"""
    won = f"""select distinct o.sort, o.key from slim s join owned_known_rows o using (ref)
        where o.event = {quoted(scoring.request.model.conversion.event)} and s.inst <= {scoring.request.at}"""
    any_won = scoring.request.won is not None or bool(list(scoring.rows(f"select 1 from ({won}) limit 1")))
    sorts = "['email', 'user_id', 'anonymous_id']"
    rows = scoring.rows(
        f"""select coalesce(f.source, '') as source, count(*) as leads,
            count(*) filter (s.temperature = 'hot') as hot,
            count(*) filter (s.won or w.key is not null) as won
        from scores s left join ({first}) f on f.key = s.lead and {sorts}[f.sort + 1] = s.sort
        left join ({won}) w on w.key = s.lead and {sorts}[w.sort + 1] = s.sort
        group by 1 order by leads desc, source"""
    )
    return [
        values.SourceRow(
            str(row["source"]), int(str(row["leads"])), int(str(row["hot"])), int(str(row["won"])) if any_won else None
        )
        for row in rows
    ]


def histogram(scoring: Scoring) -> list[values.Bin]:
    """Bins that end on the edges of bands, about as wide as each other."""
    scores = np.sort(scoring.table("select score from scores")["score"].to_numpy())
    if not len(scores):
        return []
    low, high = float(np.floor(scores[0])), float(np.ceil(scores[-1]))
    inner = [b.up_to for b in scoring.request.model.bands if b.up_to is not None and low < b.up_to < high]
    # (low, high] would leave the lowest score out where it is a whole number.
    marks = [low - (1.0 if scores[0] <= low else 0.0), *inner, max(high, low + 1)]
    width = max((marks[-1] - marks[0]) / BINS, 1e-9)
    edges: list[float] = []
    for start, end in pairwise(marks):
        edges += list(np.linspace(start, end, max(round((end - start) / width), 1), endpoint=False))
    edges.append(marks[-1])
    counts = np.diff(np.searchsorted(scores, edges, side="right"))
    return [values.Bin(float(a), float(b), int(count)) for a, b, count in zip(edges, edges[1:], counts, strict=False)]
