"""What the engine has counted of all leads, so that no page has to: how many stand where, what happened each day."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from psycopg import Connection, sql

from couveuse.store import flows
from couveuse.store.statements import statement
from couveuse.store.states import table_of

# Whoever counts holds this lock of the transaction's.
LOCK: Final = 0x726F6C6C
# Scores are counted by whole points between these; what is beyond stands at the end.
LEAST_SCORE, MOST_SCORE = -200, 1000

_ALONE, _SIGN, _STANDINGS, _SOURCES, _PUT, _ALL = (
    statement("rollups", name) for name in ("alone", "sign", "standings", "sources", "put", "all")
)
_FORGET, _PRUNE, _COUNT, _COUNT_SPANS, _DAYS = (
    statement("rollups", name) for name in ("forget_days", "prune_days", "count_days", "count_spans", "days")
)


@dataclass(frozen=True, slots=True)
class Standing:
    """So many leads stand there; the band by its place in the model, `temperature` as in `StateRow`."""

    band: int
    stage: int | None
    temperature: int
    lead_class: str | None
    leads: int


@dataclass(frozen=True, slots=True)
class Scored:
    """So many leads that are not irrelevant have a score from so many whole points up to the next, in a band."""

    score: int
    band: int
    leads: int


@dataclass(frozen=True, slots=True)
class Source:
    """So many leads come from there (empty: nobody knows), and so many of them are hot."""

    name: str
    leads: int
    hot: int


@dataclass(frozen=True, slots=True)
class Rollup:
    """What was counted under one name, of which model, as of when; `took` in microseconds."""

    name: str
    model_id: int
    at: int
    took: int
    counted: Any


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on a day: so many leads of a kind; `about` as in `Happened`."""

    day: date
    kind: str
    about: str
    number: int


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant until before another one, under a name."""

    name: str
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened in a span: so many leads of a kind. What teams did is told of sets of them, joined by commas."""

    span: str
    kind: str
    about: str
    leads: int


@dataclass(frozen=True, slots=True)
class Sign:
    """What must be the same for a count to be fresh."""

    model_id: int | None
    imports: str


def alone(connection: Connection[Any]) -> bool:
    """Whether nobody else counts, until the transaction ends."""
    return connection.execute(_ALONE, [LOCK]).fetchone() == (True,)


def sign(connection: Connection[Any]) -> Sign:
    """What must stay the same for a count to be fresh."""
    row = connection.execute(_SIGN).fetchone()
    assert row is not None  # a select without a table has one
    return Sign(row[0], row[1])


def count_standings(connection: Connection[Any], model_id: int) -> tuple[list[Standing], list[Scored]]:
    """How many leads stand where under a model, and how their scores are spread; in one pass over its states."""
    query = _STANDINGS.format(states=sql.Identifier(table_of(model_id)))
    rows = connection.execute(query, {"least": LEAST_SCORE, "most": MOST_SCORE}).fetchall()
    standings, scores = [], []
    for is_score, band, stage, temperature, lead_class, score, leads, relevant in rows:
        if is_score:
            scores.append(Scored(score, band, relevant))
        else:
            standings.append(Standing(band, stage, temperature, lead_class, leads))
    return standings, sorted((each for each in scores if each.leads), key=lambda each: (each.score, each.band))


def count_sources(connection: Connection[Any], model_id: int, traits: Sequence[str], most: int) -> list[Source]:
    """From where leads come: by the first of some traits that each has; the most usual ones, in their order."""
    asked = [sql.SQL("nullif(btrim(l.traits ->> {}), '')").format(sql.Literal(name)) for name in traits]
    source = sql.SQL("coalesce({}, '')").format(sql.SQL(", ").join(asked))
    query = _SOURCES.format(states=sql.Identifier(table_of(model_id)), source=source)
    return [Source(*row) for row in connection.execute(query, {"most": most}).fetchall()]


def put(connection: Connection[Any], name: str, model_id: int, *, at: int, took: int, counted: object) -> None:
    """Keep what was counted."""
    wanted = {"name": name, "model": model_id, "at": at, "took": took, "counted": json.dumps(counted)}
    connection.execute(_PUT, wanted)


def rollups(connection: Connection[Any]) -> Mapping[str, Rollup]:
    """What was counted, by name."""
    return {row[0]: Rollup(*row) for row in connection.execute(_ALL).fetchall()}


def count_days(
    connection: Connection[Any], model_id: int, first: date, *, since: int, now: int, zone: str, facts: Sequence[str]
) -> None:
    """Count anew what happened from a day on, which began at an instant in a time zone."""
    connection.execute(_FORGET, {"day": first})
    wanted = {"since": since, "now": now, "zone": zone}
    connection.execute(_COUNT.format(happened=_happened(connection, model_id, facts)), wanted)


def count_spans(
    connection: Connection[Any], model_id: int, spans: Sequence[Span], before: Span, *, now: int, facts: Sequence[str]
) -> list[Happened]:
    """What happened in spans of time that last until now, and in one before them; each lead once in each."""
    wanted = {
        "since": min(each.since for each in (*spans, before)), "now": now, "spans": [each.name for each in spans],
        "sinces": [each.since for each in spans], "before": before.name, "before_since": before.since,
        "before_until": before.until,
    }  # fmt: skip
    query = _COUNT_SPANS.format(happened=_happened(connection, model_id, facts))
    return [Happened(*row) for row in connection.execute(query, wanted).fetchall()]


def _happened(connection: Connection[Any], model_id: int, facts: Sequence[str]) -> sql.Composed:
    return flows.happened(flows.numbers_of(connection, facts), sql.Identifier(table_of(model_id)))


def prune_days(connection: Connection[Any], first: date) -> None:
    """What was before a day is kept no longer."""
    connection.execute(_PRUNE, {"day": first})


def days(connection: Connection[Any], first: date) -> list[Day]:
    """What happened from a day on."""
    return [Day(*row) for row in connection.execute(_DAYS, {"day": first}).fetchall()]
