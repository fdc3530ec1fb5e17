"""A few leads looked at closely: who they are, what they did, their ledger and how their score went."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from couveuse.core.events import Fact, Verdict, parts
from couveuse.core.fold import behaviour_at, fit_points, hit_counts, run
from couveuse.core.ledger import Ledger, Line
from couveuse.core.plan import Plan, plan
from couveuse.core.reading import interests, lines
from couveuse.core.times import EVER
from couveuse.history.folding import Folder, Notes, notes_of, _Lead
from couveuse.history.loose import quoted
from couveuse.history.scoring import Scoring
from couveuse.history.shares import FACTS, NOTES, batches
from couveuse.history.staging import plain_row

# What a row says of itself in a few words: the first of these properties that it has.
TELLING = (
    "title", "document", "name", "subject", "mailing", "form", "path", "url", "topic", "reason", "group", "purpose",
    "verdict", "amount", "kind",
)  # fmt: skip
MOST_WORDS = 120


@dataclass(frozen=True, slots=True)
class Deed:
    """One fact as people read it."""

    ref: int
    at: int
    event: str
    about: str
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
        self.kept: list[_Lead] = []

    def finish(self) -> None:
        """Keep the lead as it is."""
        if self.lead is not None:
            self.kept.append(self.lead)
        self.lead = None


def dossiers(scoring: Scoring, leads: Sequence[tuple[str, str]]) -> list[Dossier]:
    """The dossiers of leads by (name, sort), in that order; the scoring must have kept its rows (`want_dossiers`)."""
    assert scoring.prepared is not None  # scored before
    planned = plan(scoring.request.model)
    found = []
    for name, sort in leads:
        digest = _digest(scoring, name, sort)
        notes = notes_of(batches(str(scoring.prepared.notes), NOTES, digest, digest + 1))
        keeper = _Keeper(scoring)
        for batch in batches(str(scoring.prepared.facts), FACTS, digest, digest + 1):
            keeper.feed(batch, notes)
        keeper.end(Notes(notes.headers, notes.refs, notes.texts))
        found += [_dossier(scoring, planned, lead, digest) for lead in keeper.kept]
    return found


def _digest(scoring: Scoring, name: str, sort: str) -> int:
    number = ("email", "user_id", "anonymous_id").index(sort)
    return scoring.staging.one(f"select hash({number}::tinyint, {quoted(name)})")


def _dossier(scoring: Scoring, planned: Plan, lead: _Lead, digest: int) -> Dossier:
    at = scoring.request.at
    rows = _rows(scoring, digest)
    by_id = {(source, mid): ref for ref, _, _, source, mid, _ in rows}
    counted = [step for place, step in enumerate(lead.steps) if step[0] <= at and _is_counted(lead, place)]
    ledger = Ledger()
    state = lead.state.copy()
    curve: list[tuple[int, float]] = []
    for step in counted:
        before = behaviour_at(planned, state, step[0]) + fit_points(planned, state)
        run(planned, state, (step,), ledger)
        after = behaviour_at(planned, state, step[0]) + fit_points(planned, state)
        curve += [(step[0], before), (step[0], after)]
    curve.append((at, behaviour_at(planned, state, at) + fit_points(planned, state)))
    said = {(source, mid): verdict for (source, mid), (_, verdict) in lead.state.verdicts.items()}
    deeds = [
        Deed(ref, instant, event, _about(row), Verdict(said.get((source, mid), said.get((None, mid), "human"))))
        for ref, instant, event, source, mid, row in rows
        if instant <= at
    ]
    weights = interests(planned, state, at)
    return Dossier(
        lead=lead.name,
        traits=_traits(scoring, lead, rows, at),
        deeds=tuple(deeds),
        lines=tuple((line, _ref(line, by_id)) for line in lines(planned, state, ledger, at)),
        curve=tuple(curve),
        interests=tuple(sorted(weights, key=lambda topic: -weights[topic])),
    )


def _is_counted(lead: _Lead, place: int) -> bool:
    hit = lead.hits.get(place)
    return hit is None or hit_counts(lead.state.verdicts, *hit)


def _ref(line: Line, by_id: Mapping[tuple[str, str], int]) -> int | None:
    if isinstance(line.reference, Fact):
        return by_id.get((line.reference.source, line.reference.message_id))
    return line.reference if isinstance(line.reference, int) else None


_Row = tuple[int, int, str, str, str, dict[str, object]]


def _rows(scoring: Scoring, digest: int) -> list[_Row]:
    """A lead's facts as they stood in the files, copies left out, in order."""
    staging = scoring.staging
    found = staging.sql(
        f"""select s.ref, s.inst, f.event, f.source, f.mid, f.whole from slim s join known_rows f using (ref)
        where s.lead = {digest}::ubigint and s.ref not in (from losers) order by s.inst, s.kind, f.source, f.mid"""
    )
    rename = {old: new for new, old in staging.options.rename.items()}
    return [
        (
            int(str(ref)),
            int(str(inst)),
            str(event),
            str(source),
            str(mid),
            plain_row(json.loads(str(whole)), rename, is_table=True),
        )
        for ref, inst, event, source, mid, whole in found
    ]


def _about(row: Mapping[str, object]) -> str:
    properties, _, traits = parts(row)
    for name in TELLING:
        value = properties.get(name)
        if isinstance(value, (str, int, float)) and value != "":
            return str(value)[:MOST_WORDS]
    return ", ".join(f"{name}: {value}" for name, value in traits.items() if not isinstance(value, dict))[:MOST_WORDS]


def _traits(scoring: Scoring, lead: _Lead, rows: Sequence[_Row], at: int) -> dict[str, object]:
    """All that is known of who a lead is: what the files of leads say, then what its facts said by the instant."""
    found: dict[str, object] = {}
    if scoring.staging.has_leads:
        sort = lead.sort
        held = scoring.staging.sql(
            f"""select l.whole from owned_lead_rows o join loose_leads l using (ref)
            where o.sort = {sort} and o.key = {quoted(lead.name)} order by o.traits"""
        )
        for (whole,) in held:
            properties, _, traits = parts(plain_row(json.loads(str(whole)), {}, is_table=True))
            found |= {**properties, **traits}
    for _, instant, event, _, _, row in rows:
        if event == "Traits Set" and instant <= at:
            found |= parts(row)[2]
    return found
