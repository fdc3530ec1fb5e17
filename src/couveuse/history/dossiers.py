"""A few leads looked at closely: who they are, what they did, their ledger and how their score went."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from couveuse.core.events import Fact, Properties, Verdict, parts
from couveuse.core.fold import behaviour_at, fit_points, hit_counts, run, verdict_on
from couveuse.core.ledger import Ledger, Line
from couveuse.core.plan import Plan, plan
from couveuse.core.reading import interests, lines
from couveuse.core.state import State
from couveuse.core.times import EVER
from couveuse.history.folding import SORTS, Folder, KeptLead, notes_of
from couveuse.history.scoring import Scoring
from couveuse.history.shares import FACTS, NOTES, batches
from couveuse.history.staging import plain_row


@dataclass(frozen=True, slots=True)
class Deed:
    """One fact with what it says, and what is thought of it."""

    ref: int
    at: int
    event: str
    properties: Properties
    traits: Properties
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Dossier:
    """One lead looked at closely; `lines` refer to deeds by `ref`, and sum to the score at the instant asked."""

    lead: str
    traits: Mapping[str, object]
    deeds: tuple[Deed, ...]
    lines: tuple[tuple[Line, int | None], ...]
    curve: tuple[tuple[int, float], ...]  # (instant, behaviour and fit)
    interests: tuple[str, ...]


class _Keeper(Folder):
    """Keeps the leads' facts instead of folding them."""

    def __init__(self, scoring: Scoring) -> None:
        assert scoring.prepared is not None  # the caller has folded it before
        folding = replace(scoring.folding(scoring.prepared), landmarks=(EVER,), want_lines=False, want_states=False)
        super().__init__(folding)
        self.kept: list[KeptLead] = []

    def finish(self) -> None:
        """Keep the lead as it is."""
        if self.lead is not None:
            self.kept.append(self.lead)
        self.lead = None


def dossiers(scoring: Scoring, leads: Sequence[tuple[str, str]]) -> list[Dossier]:
    """The dossiers of leads by (name, sort), in that order; the scoring must have kept its rows (`want_dossiers`)."""
    assert scoring.prepared is not None  # scored before
    planned = plan(scoring.request.model)
    digests = _name_chosen(scoring, leads)
    rows, said = _rows(scoring), _said(scoring)
    found = []
    for digest in digests:
        notes = notes_of(batches(str(scoring.prepared.notes), NOTES, digest, digest + 1))
        keeper = _Keeper(scoring)
        for batch in batches(str(scoring.prepared.facts), FACTS, digest, digest + 1):
            keeper.feed(batch, notes)
        keeper.end(notes)
        found += [_dossier(scoring, planned, lead, rows.get(digest, []), said.get(digest, {})) for lead in keeper.kept]
    return found


def _name_chosen(scoring: Scoring, leads: Sequence[tuple[str, str]]) -> list[int]:
    """`chosen`: the leads looked at, by digest, so that their rows are looked up together; the digests in order."""
    sorts = pa.array([SORTS.index(sort) for _, sort in leads], pa.int8())
    scoring.staging.sql("create or replace table chosen (place bigint, sort tinyint, key varchar, lead ubigint)")
    scoring.staging.sql("create or replace table named (place bigint, sort tinyint, key varchar)")
    places = pa.array(range(len(leads)), pa.int64())
    scoring.staging.insert(
        "named", pa.table({"place": places, "sort": sorts, "key": pa.array([n for n, _ in leads], pa.string())})
    )
    scoring.staging.sql("insert into chosen select place, sort, key, hash(sort, key) from named")
    return [int(str(lead)) for (lead,) in scoring.staging.sql("select lead from chosen order by place")]


def _dossier(
    scoring: Scoring, planned: Plan, lead: KeptLead, rows: Sequence["_Row"], said: Mapping[str, object]
) -> Dossier:
    at = scoring.request.at
    by_id = {(row.source, row.message_id): row.ref for row in rows}
    counted = [step for place, step in enumerate(lead.steps) if step[0] <= at and _is_counted(lead, place)]
    ledger = Ledger()
    state = lead.state.copy()
    curve: list[tuple[int, float]] = []
    for step in counted:
        before = behaviour_at(planned, state, step[0]) + fit_points(planned, state)
        run(planned, state, (step,), ledger)
        curve += [(step[0], before), (step[0], behaviour_at(planned, state, step[0]) + fit_points(planned, state))]
    curve.append((at, behaviour_at(planned, state, at) + fit_points(planned, state)))
    weights = interests(planned, state, at)
    return Dossier(
        lead=lead.name,
        traits=_traits(said, rows, at),
        deeds=tuple(_deed(row, lead.state) for row in rows if row.at <= at),
        lines=tuple((line, _ref(line, by_id)) for line in lines(planned, state, ledger, at)),
        curve=tuple(curve),
        interests=tuple(sorted(weights, key=lambda topic: -weights[topic])),
    )


def _deed(row: "_Row", state: State) -> Deed:
    properties, _, traits = parts(row.whole)
    verdict = verdict_on(state.verdicts, row.source, row.message_id)
    return Deed(row.ref, row.at, row.event, properties, traits, verdict)


def _is_counted(lead: KeptLead, place: int) -> bool:
    hit = lead.hits.get(place)
    return hit is None or hit_counts(lead.state.verdicts, *hit)


def _ref(line: Line, by_id: Mapping[tuple[str, str], int]) -> int | None:
    if isinstance(line.reference, Fact):
        return by_id.get((line.reference.source, line.reference.message_id))
    return line.reference if isinstance(line.reference, int) else None


@dataclass(frozen=True, slots=True)
class _Row:
    """One fact as it stood in a file."""

    ref: int
    at: int
    event: str
    source: str
    message_id: str
    whole: dict[str, object]


def _rows(scoring: Scoring) -> dict[int, list[_Row]]:
    """The chosen leads' facts as they stood in the files, copies left out, in order."""
    staging = scoring.staging
    found = staging.sql(
        """select s.lead, s.ref, s.inst, f.event, f.source, f.mid, f.whole
        from (select * from slim where lead in (select lead from chosen) and ref not in (from losers)) s
        join known_rows f using (ref) order by s.lead, s.inst, s.kind, f.source, f.mid"""
    )
    rename = {old: new for new, old in staging.options.rename.items()}
    rows: dict[int, list[_Row]] = {}
    for lead, ref, at, event, source, mid, whole in found:
        object_ = plain_row(json.loads(str(whole)), rename, is_table=True)
        row = _Row(int(str(ref)), int(str(at)), str(event), str(source), str(mid), object_)
        rows.setdefault(int(str(lead)), []).append(row)
    return rows


def _said(scoring: Scoring) -> dict[int, dict[str, object]]:
    """What the files of leads say of the chosen ones."""
    said: dict[int, dict[str, object]] = {}
    if not scoring.staging.has_leads:
        return said
    held = scoring.staging.sql(
        """select c.lead, l.whole from chosen c join owned_lead_rows o using (sort, key)
        join loose_leads l on l.ref = o.ref order by o.traits"""
    )
    for lead, whole in held:
        properties, _, traits = parts(plain_row(json.loads(str(whole)), {}, is_table=True))
        said.setdefault(int(str(lead)), {}).update({**properties, **traits})
    return said


def _traits(said: Mapping[str, object], rows: Sequence[_Row], at: int) -> dict[str, object]:
    """All that is known of who a lead is: what the files of leads say, then what its facts said by the instant."""
    found = dict(said)
    for row in rows:
        if row.event == "Traits Set" and row.at <= at:
            found |= parts(row.whole)[2]
    return found
