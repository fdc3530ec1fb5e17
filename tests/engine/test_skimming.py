"""What is read of stored rows is enough: the states are those of whole facts, to the last digit."""

import json
from collections.abc import Collection, Mapping
from random import Random

import pytest

from couveuse.core.conditions import Operator, Test
from couveuse.core.events import Fact
from couveuse.core.fold import canonical
from couveuse.core.plan import Plan, plan
from couveuse.core.state import packed
from couveuse.engine.folding import fold_lead
from couveuse.engine.skimming import Row, Skimmer
from couveuse.store.events import Stored
from couveuse.store.leads import Who
from couveuse.store.packets import Flag
from couveuse.store.payloads import Compressor
from tests.conftest import profile
from tests.core.making import START, a_fact, a_plan, a_rule
from tests.laws.strategies import leads_of, world

SEEDS = {"dev": 300, "ci": 1_000, "faults": 20_000}[profile()]
PAYLOADS = Compressor()


class Numbers:
    """A register of words that needs no database."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def number(self, word: str) -> int:
        return self.known.setdefault(word, len(self.known) + 1)

    def words(self, _: object, numbers: Collection[int]) -> Mapping[int, str]:
        return {number: word for word, number in self.known.items()}


def skimmed(planned: Plan, who: Who, facts: list[tuple[Fact, int]]) -> str:
    names, sources = Numbers(), Numbers()
    rows: list[Row] = [
        (1, fact.at, names.number(fact.event), sources.number(fact.source), flags, PAYLOADS.pack_fact(fact, "u1"))
        for fact, flags in facts
    ]
    rows.sort(key=lambda row: row[1])
    skimmer = Skimmer(planned, names, sources, PAYLOADS)  # type: ignore[arg-type]  # they ask for no connection
    skimmer.learn(None, rows)  # type: ignore[arg-type]
    return packed(skimmer.fold(who, rows))


def whole(planned: Plan, who: Who, facts: list[tuple[Fact, int]]) -> str:
    stored = [Stored(fact, 0, flags, 1, None, None) for fact, flags in sorted(facts, key=lambda each: each[0].key)]
    return packed(fold_lead(planned, who, stored))


def agree(planned: Plan, who: Who, facts: list[tuple[Fact, int]]) -> None:
    assert json.loads(skimmed(planned, who, facts)) == json.loads(whole(planned, who, facts))


@pytest.mark.grows
def test_it_works_on_random_histories() -> None:
    for seed in range(SEEDS):
        made, rng = world(seed), Random(seed)
        planned = plan(made.model)
        for lead in leads_of(made):
            facts = [(fact, rng.choice((0, 0, int(Flag.CLAIM)))) for fact in canonical(lead.facts) if fact.at > 0]
            rng.shuffle(facts)
            given = ({"job_title": "CEO"},) if rng.random() < 0.3 else ()
            agree(planned, Who(1, lead.email, is_known=rng.random() < 0.5, given=given), facts)


@pytest.mark.parametrize(
    "field", ["strength", "properties.strength", "context.page.title", "cart.total", "traits.age", "none"]
)
def test_a_field_is_found_wherever_it_stands(field: str) -> None:
    planned = a_plan(a_rule(where=Test(field, Operator.EXISTS, True), points=3))
    fact = a_fact(
        strength="weak", cart={"total": 5}, context={"page": {"title": "a"}}, traits={"age": 4}, **{"cart.sum": 1}
    )
    agree(planned, Who(1, None, True), [(fact, 0)])


def test_what_msgspec_does_not_read_is_read_all_the_same() -> None:
    planned = a_plan(a_rule(where=Test("size", Operator.GT, 5), points=3))
    facts = [a_fact(day, size=10**40, odd="\ud800", id=f"{day}") for day in ("Click",)]
    agree(planned, Who(1, None, True), [(facts[0], 0)])


def test_facts_of_one_instant_stand_in_canonical_order() -> None:
    planned = a_plan(a_rule(points=3), a_rule("Reset", points=0), cycle_ends_on=("Reset",))
    facts = [a_fact("Click", at=START, id="b"), a_fact("Reset", at=START, id="a"), a_fact("Click", at=START, id="c")]
    for _ in range(4):
        Random(_).shuffle(facts)
        agree(planned, Who(1, None, True), [(fact, 0) for fact in facts])
