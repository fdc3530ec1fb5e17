"""The ledger of a lead of very many facts is that of any other, to the last digit, however little of it is told."""

from collections.abc import Sequence
from math import fsum
from random import Random

import pytest

from couveuse.core.events import Fact
from couveuse.core.fold import canonical
from couveuse.core.ledger import Line, LineKind
from couveuse.core.plan import Plan, plan
from couveuse.core.state import packed
from couveuse.engine.long_ledgers import Asked, LongLedger, folded
from couveuse.engine.looking import Look, is_close, look_at
from couveuse.engine.skimming import Row, Skimmer
from couveuse.report.charts import thinned
from couveuse.store.events import Stored
from couveuse.store.leads import Who
from couveuse.store.packets import Flag
from couveuse.store.payloads import Compressor
from tests.conftest import profile
from tests.core.making import DAY_US, START, a_fact, a_plan, a_rule
from tests.engine.test_skimming import Numbers
from tests.laws.strategies import leads_of, world

SEEDS = {"dev": 100, "ci": 300, "faults": 5_000}[profile()]
PAYLOADS = Compressor()
NOW = 4_000_000_000_000_000
Given = list[tuple[Fact, int]]


def long(planned: Plan, who: Who, facts: Given, asked: Asked) -> LongLedger:
    names, sources = Numbers(), Numbers()
    rows: list[Row] = [
        (1, fact.at, names.number(fact.event), sources.number(fact.source), flags, PAYLOADS.pack_fact(fact))
        for fact, flags in facts
    ]
    rows.sort(key=lambda row: row[1])
    skimmer = Skimmer(planned, names, sources, PAYLOADS)  # type: ignore[arg-type]  # they ask for no connection
    skimmer.learn(None, rows)  # type: ignore[arg-type]
    return folded(planned, skimmer, who, rows, asked)


def whole(planned: Plan, who: Who, facts: Given, asked: Asked) -> Look:
    stored = [Stored(fact, 0, flags, 1, None, None) for fact, flags in sorted(facts, key=lambda each: each[0].key)]
    return look_at(1, who, planned, stored, at=asked.at, now=asked.now)


def told(line: Line) -> tuple[object, ...]:
    key = line.reference.key if isinstance(line.reference, Fact) else None
    return line.at, key, line.rule, line.kind, line.points


def agree(planned: Plan, who: Who, facts: Given, asked: Asked) -> None:
    one, other = long(planned, who, facts, asked), whole(planned, who, facts, asked)
    assert (one.reading, packed(one.state), one.sum) == (other.reading, packed(other.state), other.sum)
    assert (one.known.traits, one.known.groups) == (other.known.traits, other.known.groups)
    entries = [place for place, line in enumerate(other.lines) if line.kind is LineKind.POINTS]
    assert (
        one.entries
        == len(entries)
        == one.before.entries + one.after.entries + len([line for line in one.lines if line.kind is LineKind.POINTS])
    )
    still = sum(line.kind in (LineKind.FIT, LineKind.TOTAL) for line in other.lines)
    edges = [*entries, len(other.lines) - still]
    start, end = edges[one.before.entries], edges[one.entries - one.after.entries]
    expected = [*other.lines[:start], *other.lines[end : len(other.lines) - still]]
    assert list(map(told, one.lines)) == list(
        map(told, [*other.lines[start:end], *other.lines[len(other.lines) - still :]])
    )
    assert is_close(fsum(line.points for line in expected), one.before.left + one.after.left)
    for unshown, lines in ((one.before, other.lines[:start]), (one.after, other.lines[end : len(other.lines) - still])):
        assert unshown.left == fsum(line.points for line in lines)
        assert unshown.given == fsum(line.points for line in lines if line.kind is LineKind.POINTS)
    admitted = [each for each in other.facts if each.is_admitted]
    assert one.facts == len(admitted)
    if asked.with_curve:
        assert list(one.curve) == other.curve()
        assert set(one.spots) <= {(each.stored.fact.at, each.counts) for each in admitted}


@pytest.mark.grows
def test_it_works_on_random_histories() -> None:
    for seed in range(SEEDS):
        made, rng = world(seed), Random(seed)
        planned = plan(made.model)
        for lead in leads_of(made):
            facts = [(fact, rng.choice((0, 0, int(Flag.CLAIM)))) for fact in canonical(lead.facts) if fact.at > 0]
            rng.shuffle(facts)
            at = rng.choice([None, *(fact.at for fact, _ in facts)])
            until = rng.choice([None, rng.randrange(-2, len(facts) + 3)])
            asked = Asked(NOW, at, until=until, most=rng.choice((0, 1, 3, 10_000)), with_curve=rng.random() < 0.5)
            given = ({"job_title": "CEO"},) if rng.random() < 0.3 else ()
            agree(planned, Who(1, lead.email, is_known=rng.random() < 0.5, given=given), facts, asked)


def test_a_long_curve_is_drawn_as_if_it_were_whole() -> None:
    planned, rng = a_plan(a_rule(points=3)), Random(1)
    facts = [(a_fact(day=rng.random() * 300, id=f"{number}"), 0) for number in range(2_000)]
    asked, who = Asked(START + 300 * DAY_US), Who(1, None, True)
    one, other = long(planned, who, facts, asked), whole(planned, who, facts, asked).curve()
    assert len(one.curve) < len(other) // 2
    assert thinned(placed(one.curve)) == thinned(placed(other))


def placed(curve: Sequence[tuple[int, float]]) -> list[tuple[float, float]]:
    """A curve with its instants as they are drawn, from 0 to 1."""
    start, end = curve[0][0], curve[-1][0]
    return [((at - start) / (end - start), score) for at, score in curve]
