"""Folding leads from what the store holds: the state of one lead, and the row that is kept of it.

The fold itself is the core's. What is decided here is which facts go in: what a public key claims of a person changes
nothing of a lead that is known by trusted facts.
"""

import json
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from couveuse.core.events import CHANGES, Change, Fact, dig
from couveuse.core.fold import begin, fold, is_counted, learn_verdict, run
from couveuse.core.ledger import Ledger
from couveuse.core.model import Temperature
from couveuse.core.plan import LAST_FACT, Plan
from couveuse.core.reading import Maturity, Reading, at, next_band
from couveuse.core.state import State
from couveuse.store import binary
from couveuse.store.events import Stored
from couveuse.store.leads import Known, Who
from couveuse.store.packets import Flag
from couveuse.store.payloads import Compressor
from couveuse.store.states import StateRow, pack_state

TEMPERATURES = (Temperature.COLD, Temperature.WARM, Temperature.HOT, Temperature.IRRELEVANT)
MATURITIES = tuple(Maturity)
_TEMPERATURE_NUMBERS = {temperature: number for number, temperature in enumerate(TEMPERATURES)}
_MATURITY_NUMBERS = {maturity: number for number, maturity in enumerate(MATURITIES)}
# What changes who a lead is; a claim of these does not count for a lead that is known.
_OF_THE_PERSON = frozenset((Change.TRAITS, Change.JOIN, Change.LEAVE, Change.ADJUST, Change.VERDICT))


def is_admitted(fact: Fact, flags: int, who: Who) -> bool:
    """Whether a fact counts for this lead."""
    return not (flags & Flag.CLAIM and who.is_known and CHANGES.get(fact.event) in _OF_THE_PERSON)


def since_always(plan: Plan, given: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """Traits held since always as the fold begins with them; several rows in the order that whole histories have."""
    rows = [{path: dig(traits, path) for path in plan.trait_paths} for traits in given]
    said: dict[str, object] = {}
    for row in sorted(rows, key=lambda row: json.dumps(row, ensure_ascii=False, separators=(",", ":"))):
        said.update({name: value for name, value in row.items() if value is not None})
    return said


def fold_lead(
    plan: Plan, who: Who, stored: Sequence[Stored], *, until: int | None = None, ledger: Ledger | None = None
) -> State:
    """A lead's state after its facts, given in canonical order; only those up to `until` (microseconds) count."""
    facts = [each.fact for each in stored if is_admitted(each.fact, each.flags, who)]
    return fold(plan, facts, email=who.email, since_always=since_always(plan, who.given), until=until, ledger=ledger)


def readings_at(plan: Plan, who: Who, stored: Sequence[Stored], instants: Collection[int]) -> dict[int, Reading]:
    """What a lead's facts, given in canonical order, said at some instants; they are gone through once."""
    state = begin(plan, who.email, since_always(plan, who.given))
    facts = [each.fact for each in stored if is_admitted(each.fact, each.flags, who)]
    for fact in facts:
        learn_verdict(state, fact)
    found: dict[int, Reading] = {}
    done = 0
    for instant in sorted(instants):
        until = bisect_right(facts, instant, lo=done, key=lambda fact: fact.at)
        steps = [(fact.at, plan.match_fact(fact), fact) for fact in facts[done:until] if is_counted(state, fact)]
        run(plan, state, steps)
        done = until
        found[instant] = at(plan, state, instant)
    return found


def known_of(who: Who, stored: Sequence[Stored]) -> Known:
    """All that is known of who a lead is: what files of leads say, then what its facts said, the last word standing."""
    known = Known()
    for traits in sorted(who.given, key=lambda row: json.dumps(row, sort_keys=True)):
        known.traits |= {name: value for name, value in traits.items() if value is not None}
    for each in stored:
        if CHANGES.get(each.fact.event) and is_admitted(each.fact, each.flags, who):
            learn(known, each.fact)
    return known


def learn(known: Known, fact: Fact) -> None:
    """What one more fact says of who a lead is."""
    match CHANGES.get(fact.event):
        case Change.TRAITS:
            known.traits.update(fact.traits)
            known.traits = {name: value for name, value in known.traits.items() if value is not None}
        case Change.JOIN if (group := str(fact.properties["group"])) not in known.groups:
            known.groups.append(group)
        case Change.LEAVE if (group := str(fact.properties["group"])) in known.groups:
            known.groups.remove(group)
        case _:
            pass


def reading_of(plan: Plan, state: State, now: int) -> Reading:
    """The reading now; at the last fact where a sender's clock put that a little ahead of ours."""
    return at(plan, state, max(now, state.ints[LAST_FACT]))


@dataclass(slots=True)
class Bands:
    """The places of a model's bands."""

    plan: Plan
    numbers: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.numbers = {band.id: number for number, band in enumerate(self.plan.model.bands)}


def row_of(bands: Bands, lead_id: int, state: State, reading: Reading, payloads: Compressor) -> StateRow:
    """What is kept of a lead under a model."""
    change = next_band(bands.plan, state, reading.at, reading)
    routes = None
    if reading.routes:
        due = [{"team": each.team, "treatment": each.treatment, "cause": each.cause} for each in reading.routes]
        routes = binary.jsonb(json.dumps(due, ensure_ascii=False))
    return StateRow(
        lead_id=lead_id,
        score=reading.score,
        read_at=reading.at,
        band_changes_at=None if change is None else change.at,
        last_event_at=reading.last_event_at,
        behaviour=reading.behaviour,
        fit=reading.fit,
        band=bands.numbers[reading.band.id],
        stage=None if reading.stage is None else int(reading.stage),
        temperature=_TEMPERATURE_NUMBERS[reading.temperature],
        maturity=_MATURITY_NUMBERS[reading.maturity],
        lead_class=None if reading.lead_class is None else reading.lead_class.value,
        persona=reading.persona,
        routes=routes,
        state=pack_state(state, payloads),
    )
