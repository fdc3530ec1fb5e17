"""Every case holds in one fold, whatever the order of its rows, and one fact at a time."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from couveuse.core import fold, reading
from couveuse.core.errors import OutOfOrder
from couveuse.core.events import Fact, Row, check
from couveuse.core.identities import Node, owner_of, owners
from couveuse.core.ledger import Ledger, LineKind
from couveuse.core.model import Model
from couveuse.core.plan import Plan, plan
from couveuse.core.state import State
from couveuse.core.times import EVER, NEVER, instant
from tests import outside
from tests.cases.loader import Case, load_cases
from tests.laws.strategies import standings

OWN = load_cases(Path(__file__).with_name("own_cases.yaml"))
SEEDS = (1, 2, 3, 4, 5)


def given_cases() -> list[object]:
    """The cases of the folder from outside; where none is named, one parameter that says so."""
    folder = outside.folder()
    if folder is None:
        return [pytest.param(None, id="none", marks=pytest.mark.skip(reason=outside.UNSET))]
    return [pytest.param(case, id=case.id) for case in load_cases(folder / "cases.yaml")]


EVERY = [*(pytest.param(case, id=case.id) for case in OWN), *given_cases()]


@dataclass(slots=True)
class Folded:
    """A lead as it came out: the state, and the ledger written on the way."""

    state: State
    ledger: Ledger


@dataclass(slots=True)
class Live:
    """Leads to which facts come one at a time; the first accepted copy of a fact is the one that counts."""

    plan: Plan
    rows: list[Row] = field(default_factory=list)
    known: set[tuple[str, str]] = field(default_factory=set)
    leads: dict[Node, Folded] = field(default_factory=dict)
    begun: dict[Node, list[Fact]] = field(default_factory=dict)
    refolded: int = 0

    def accept(self, row: Row) -> None:
        """One more row: folded where it comes in order, and refolded with all others of its lead where it does not."""
        if (row.fact.source, row.fact.message_id) in self.known:
            return
        self.known.add((row.fact.source, row.fact.message_id))
        before = by_lead(self.rows)
        self.rows.append(row)
        after = by_lead(self.rows)
        for owner in before.keys() - after.keys():
            self._refold(owner, [])  # its facts are another's now
        for owner, facts in after.items():
            held = before.get(owner, [])
            if owner in self.leads and facts[:-1] == held:
                self._advance(owner, facts[-1])
            elif facts != held:
                self._refold(owner, facts)

    def _advance(self, owner: Node, fact: Fact) -> None:
        lead = self.leads[owner]
        try:
            lead.state = fold.advance(self.plan, lead.state, fact, lead.ledger)
        except OutOfOrder:
            self._refold(owner, by_lead(self.rows)[owner])

    def _refold(self, owner: Node, facts: list[Fact]) -> None:
        self.refolded += 1
        facts = [*self.begun.get(owner, []), *facts]
        if facts:
            self.leads[owner] = folded(self.plan, owner, facts)
        else:
            del self.leads[owner]


def by_lead(rows: Iterable[Row]) -> dict[Node, list[Fact]]:
    """Each lead's facts, in the order of the rows."""
    rows = list(rows)
    owned = owners(standings(rows))
    facts: dict[Node, list[Fact]] = {}
    for row in rows:
        owner = owner_of(owned, row.email, row.user_id, row.anonymous_id)
        assert owner is not None
        facts.setdefault(owner, []).append(row.fact)
    return facts


def folded(planned: Plan, owner: Node, facts: list[Fact]) -> Folded:
    """A lead folded from all its facts."""
    ledger = Ledger()
    email = owner[1] if owner[0] == "email" else None
    return Folded(fold.fold(planned, fold.canonical(facts), email=email, ledger=ledger), ledger)


def rows_of(case: Case, model: Model) -> list[Row]:
    """The rows of a case as facts; none is refused."""
    found = [check(dict(row), zone=ZoneInfo(model.timezone), latest=EVER) for row in case.facts]
    assert all(isinstance(row, Row) for row in found), f"{case.id}: {found}"
    return [row for row in found if isinstance(row, Row)]


def always_of(case: Case) -> dict[Node, list[Fact]]:
    """The traits of the leads' rows, held since always."""
    facts: dict[Node, list[Fact]] = {}
    for number, row in enumerate(case.leads):
        traits = {name: value for name, value in row.items() if name != "email"}
        fact = Fact(NEVER, "Traits Set", f"leads:{number}", traits=traits)
        facts.setdefault(("email", str(row["email"])), []).append(fact)
    return facts


def seen(rows: Iterable[Row], at: int) -> list[Row]:
    """What had occurred by an instant, with the corrections known today."""
    return [row for row in rows if row.fact.at <= at or row.fact.event == "Verdict Given"]


def instant_of(case: Case, model: Model) -> int:
    """The instant of the case."""
    at = instant(case.at, ZoneInfo(model.timezone))
    assert at is not None, f"{case.id}: {case.at} is no time"
    return at


# ---- Runs ---------------------------------------------------------------------------------------------------------


def in_one_fold(case: Case, rows: list[Row], model: Model, at: int) -> tuple[Plan, dict[Node, Folded]]:
    """All facts at once, as of the instant."""
    planned, facts = plan(model), always_of(case)
    for owner, found in by_lead(rows).items():
        facts.setdefault(owner, []).extend(found)
    leads = {}
    for owner, found in facts.items():
        ledger = Ledger()
        email = owner[1] if owner[0] == "email" else None
        state = fold.fold(planned, fold.canonical(found), email=email, until=at, ledger=ledger)
        leads[owner] = Folded(state, ledger)
    return planned, leads


def one_at_a_time(case: Case, rows: list[Row], model: Model, at: int) -> tuple[Plan, dict[Node, Folded]]:
    """Fact by fact, as they come."""
    live = Live(plan(model), begun=always_of(case))
    live.leads = {owner: folded(live.plan, owner, facts) for owner, facts in live.begun.items()}
    for row in seen(rows, at):
        live.accept(row)
    return live.plan, live.leads


@pytest.mark.parametrize("case", EVERY)
def test_a_case_holds_in_one_fold(case: Case) -> None:
    model = case.model
    at = instant_of(case, model)
    compare(case, *in_one_fold(case, rows_of(case, model), model, at), at)


@pytest.mark.parametrize("case", EVERY)
def test_a_case_holds_whatever_the_order_of_its_rows(case: Case) -> None:
    model = case.model
    at = instant_of(case, model)
    for seed in SEEDS:
        rows = rows_of(case, model)
        Random(seed).shuffle(rows)
        compare(case, *in_one_fold(case, rows, model, at), at)


@pytest.mark.parametrize("case", EVERY)
def test_a_case_holds_one_fact_at_a_time(case: Case) -> None:
    """The copy that a file would count is sent first, since live the first accepted counts; the rest in any order."""
    model = case.model
    at = instant_of(case, model)
    for seed in (0, *SEEDS):
        rows = rows_of(case, model)
        if seed:
            Random(seed).shuffle(rows)
        copies = {(row.fact.source, row.fact.message_id): row for row in sorted(rows, key=_place, reverse=True)}
        rows = [copies[row.fact.source, row.fact.message_id] for row in rows]
        compare(case, *one_at_a_time(case, rows, model, at), at)


def test_facts_that_come_in_order_are_never_refolded() -> None:
    case = next(case for case in OWN if case.id == "a-day-has-its-cap")
    live = Live(plan(case.model))
    for row in sorted(rows_of(case, case.model), key=_place):
        live.accept(row)
    assert live.refolded == len(live.leads), "each lead is folded once, for its first fact"


def test_live_the_first_accepted_copy_counts() -> None:
    """Half-life 10 days: the copy of 11 March, accepted first, is worth 8 halved once by 21 March; in a file, twice."""
    case = next(case for case in OWN if case.id == "the-earliest-copy-counts")
    late, early = rows_of(case, case.model)
    assert late.fact.at > early.fact.at
    planned, leads = one_at_a_time(case, [late, early], case.model, instant_of(case, case.model))
    (lead,) = leads.values()
    assert reading.at(planned, lead.state, instant_of(case, case.model)).score == 4


def test_the_cases_are_many_and_each_has_its_name() -> None:
    assert len({case.id for case in OWN}) == len(OWN) >= 25


def _place(row: Row) -> tuple[int, int, str, str]:
    return row.fact.key


# ---- What is expected ---------------------------------------------------------------------------------------------

NUMBERS = ("score", "behaviour", "fit", "rate")


def compare(case: Case, planned: Plan, leads: Mapping[Node, Folded], at: int) -> None:
    """What the case pins of each lead, and nothing else."""
    named = {key: lead for (sort, key), lead in leads.items() if sort != "anonymous_id"}
    for name, expected in case.expect.items():
        if expected == "absent":
            assert name not in named, f"{name} is a visitor, and no lead"
            continue
        assert name in named, f"{name} is not among {sorted(named)}"
        assert isinstance(expected, Mapping)
        wanted = dict(expected)
        ledger = wanted.pop("ledger", None)
        lead = named[name]
        found = said(reading.at(planned, lead.state, at))
        for key, value in wanted.items():
            assert equal(key, found[key], value), f"{name}: {key} is {found[key]}, not {value}"
        lines = reading.lines(planned, lead.state, lead.ledger, at)
        assert math.isclose(math.fsum(line.points for line in lines), found["score"], abs_tol=1e-9)
        if ledger is not None:
            compare_lines(lines, ledger, name)


def said(read: reading.Reading) -> dict[str, object]:
    """A reading in the words of the cases."""
    return {
        "score": read.score,
        "behaviour": read.behaviour,
        "fit": read.fit,
        "band": read.band.id,
        "rate": read.rate,
        "stage": None if read.stage is None else read.stage.name.lower(),
        "temperature": str(read.temperature),
        "class": None if read.lead_class is None else str(read.lead_class),
        "persona": read.persona,
        "maturity": str(read.maturity),
        "routes": {(route.team, route.treatment, route.cause) for route in read.routes},
    }


def equal(key: str, found: object, wanted: object) -> bool:
    """Numbers within 1e-9, routes as a set, everything else exactly."""
    if key in NUMBERS:
        return math.isclose(float(str(found)), float(str(wanted)), rel_tol=0, abs_tol=1e-9)
    if key == "routes":
        assert isinstance(wanted, list)
        return found == {(route["team"], route["treatment"], route["cause"]) for route in wanted}
    return found == wanted


def compare_lines(lines: list[object], ledger: Mapping[str, object], name: str) -> None:
    """Net points of each fact and rule, decayed or not; lines of nothing are left out."""
    nets: dict[tuple[str | None, str], float] = {}
    for line in lines:
        if line.kind is LineKind.DECAY and ledger["is"] == "undecayed":
            continue
        fact = None if line.reference is None else line.reference.message_id
        nets[fact, line.rule] = nets.get((fact, line.rule), 0.0) + line.points
    found = {key: points for key, points in nets.items() if abs(points) > 1e-9}
    wanted = {(line["fact"], line["rule"]): line["points"] for line in ledger["lines"]}
    assert found == pytest.approx(wanted, abs=1e-9), f"{name}: the lines are {found}"
