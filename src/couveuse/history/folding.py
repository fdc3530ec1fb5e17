"""One share of the leads, folded: slim facts in, scores out, lead by lead, whatever brought the facts here.

The same code runs in this process, in one process a core, and in Spark's workers: it is given batches of slim facts
sorted by lead and canonical order (`couveuse.history.prepare`), and gives rows.
"""

import json
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from couveuse.core.events import Fact, parts
from couveuse.core.fold import Step, begin, hit_counts, learn_verdict, run
from couveuse.core.ledger import Ledger, Line, LineKind
from couveuse.core.model import Model, Stage
from couveuse.core.plan import LAST_FACT, Match, Plan, plan
from couveuse.core.reading import Reading, at, lines, next_band, value
from couveuse.core.state import State, packed
from couveuse.core.times import DAY_US, EVER
from couveuse.history.prepare import VERDICT_AT
from couveuse.history.staging import plain_row

SORTS = ("email", "user_id", "anonymous_id")
STAGES = tuple(stage.name.lower() for stage in Stage)
# Of those whom a rule gave points to lately, so many are named, whom it gave most to first.
BEST = 2_000
# A lead stands at a landmark if it had a fact within this long before it.
ACTIVE_US = 180 * DAY_US

ROUTE = pa.struct([("team", pa.string()), ("treatment", pa.string()), ("cause", pa.string())])
SCORES = pa.schema(
    [
        ("lead", pa.string()),
        ("sort", pa.string()),
        ("score", pa.float64()),
        ("behaviour", pa.float64()),
        ("fit", pa.float64()),
        ("band", pa.string()),
        ("rate", pa.float64()),
        ("stage", pa.string()),
        ("temperature", pa.string()),
        ("class", pa.string()),
        ("persona", pa.string()),
        ("maturity", pa.string()),
        ("routes", pa.list_(ROUTE)),
        ("last_event_at", pa.timestamp("us", "UTC")),
        ("value", pa.float64()),
        ("won", pa.bool_()),
    ]
)
STATES = pa.schema(
    [
        ("lead", pa.string()),
        ("sort", pa.string()),
        ("state", pa.string()),
        ("band_changes_at", pa.timestamp("us", "UTC")),
    ]
)
LINES = pa.schema(
    [
        ("lead", pa.string()),
        ("at", pa.timestamp("us", "UTC")),
        ("source", pa.string()),
        ("fact", pa.string()),
        ("event", pa.string()),
        ("rule", pa.string()),
        ("kind", pa.string()),
        ("points", pa.float64()),
    ]
)
OBSERVED = pa.schema(
    [
        ("lead", pa.uint64()),
        ("landmark", pa.int64()),
        ("band", pa.int16()),
        ("score", pa.float64()),
        ("converted", pa.bool_()),
        ("ended", pa.bool_()),
    ]
)


@dataclass(frozen=True, slots=True)
class Folding:
    """What is to be folded, and what is wanted of it."""

    model: Model
    kinds: tuple[tuple[str, tuple[object, ...]], ...]
    at: int
    want_lines: bool = False
    want_states: bool = False
    want_rules: bool = False
    landmarks: tuple[int, ...] = ()
    since: tuple[int, ...] = ()  # from when on each rule's latest deeds are told, for each of these instants
    history_end: int = 0  # after which nothing is known, microseconds
    rename: tuple[tuple[str, str], ...] = ()  # new name, name in the file

    @property
    def is_named(self) -> bool:
        """Whether each fact has a note with its source and message_id."""
        return self.want_lines or self.want_states


@dataclass(slots=True)
class Notes:
    """The text that goes with some facts: headers by digest in order, and notes by row number."""

    headers: deque[tuple[int, str]]
    refs: "np.typing.NDArray[np.int64]"  # sorted
    texts: dict[int, str]


def notes_of(batches: Iterable[pa.RecordBatch]) -> Notes:
    """Notes as batches of (lead, ref, note), sorted by lead, hold them; a header has no ref."""
    headers: deque[tuple[int, str]] = deque()
    texts: dict[int, str] = {}
    for batch in batches:
        for lead, ref, note in zip(*(batch.column(n).to_pylist() for n in ("lead", "ref", "note")), strict=True):
            if ref is None:
                headers.append((lead, note))
            else:
                texts[ref] = note
    return Notes(headers, np.array(sorted(texts), dtype=np.int64), texts)


@dataclass(slots=True)
class Lately:
    """What one rule did from an instant on; the best are (points, score, lead), the most first."""

    leads: int = 0
    points: float = 0.0
    best: list[tuple[float, float, str]] = field(default_factory=list)

    def note(self, points: float, score: float, lead: str) -> None:
        """One lead more, that it gave so many points to."""
        self.leads += 1
        self.points += points
        self.best.append((points, score, lead))
        if len(self.best) >= 2 * BEST:
            self.trim()

    def trim(self) -> None:
        """Keep the best alone."""
        self.best = sorted(self.best, key=lambda each: (-each[0], -each[1], each[2]))[:BEST]

    def add(self, other: "Lately") -> None:
        """What it did in another share of the leads."""
        self.leads += other.leads
        self.points += other.points
        self.best += other.best
        self.trim()


@dataclass(slots=True)
class RuleTally:
    """What one rule did over all leads."""

    lines: int = 0
    leads: int = 0
    points: float = 0.0  # as given, caps taken off
    points_now: float = 0.0  # what cuts and time have left
    lately: list[Lately] = field(default_factory=list)  # for each instant of `Folding.since`

    def add(self, other: "RuleTally") -> None:
        """What it did in another share of the leads."""
        self.lines += other.lines
        self.leads += other.leads
        self.points += other.points
        self.points_now += other.points_now
        if not self.lately:
            self.lately = [Lately() for _ in other.lately]
        for mine, more in zip(self.lately, other.lately, strict=True):
            mine.add(more)


@dataclass(slots=True)
class Rows:
    """What a share of the leads comes to, column by column."""

    scores: list[tuple[object, ...]] = field(default_factory=list)
    states: list[tuple[object, ...]] = field(default_factory=list)
    lines: list[tuple[object, ...]] = field(default_factory=list)
    observed: list[tuple[object, ...]] = field(default_factory=list)

    def tables(self) -> dict[str, pa.Table]:
        """As Arrow tables, by name; what nobody wanted is empty."""
        named = (("scores", SCORES), ("states", STATES), ("lines", LINES), ("observed", OBSERVED))
        return {name: _table(getattr(self, name), schema) for name, schema in named}


def _table(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    return pa.table([pa.array(column, kind.type) for column, kind in zip(columns, schema, strict=True)], schema=schema)


@dataclass(slots=True)
class KeptLead:
    """The lead that is being folded."""

    digest: int
    name: str
    sort: int
    won: bool | None
    state: State
    ledger: Ledger | None
    steps: list[Step] = field(default_factory=list)  # kept for landmarks only
    verdicts: list[Fact] = field(default_factory=list)
    hits: dict[int, tuple[str, str]] = field(
        default_factory=dict
    )  # where in `steps` a hit is of which a verdict speaks


class Folder:
    """Folds a share of the leads, batch by batch; what is done stands in `rows` until it is taken."""

    def __init__(self, folding: Folding) -> None:
        self.folding = folding
        self.plan: Plan = plan(folding.model)
        self.matches: list[Match] = [self.plan.match(event, values) for event, values in folding.kinds]
        self.is_change = [bool(match.change) for match in self.matches]
        self.rows = Rows()
        self.rules: dict[str, RuleTally] = {}
        self.lead: KeptLead | None = None
        self.wants_ledger = folding.want_lines or folding.want_rules
        self.rename = {old: new for new, old in folding.rename}
        self.bands = {band.id: index for index, band in enumerate(folding.model.bands)}

    def feed(self, batch: pa.RecordBatch, notes: "Notes") -> None:
        """Fold the facts of one batch; its last lead may go on in the next one."""
        digests = batch.column("lead").to_numpy()
        ends = [*(np.flatnonzero(digests[1:] != digests[:-1]) + 1).tolist(), len(digests)]
        instants = batch.column("inst").to_pylist()
        matches = self.matches
        found = [matches[number] for number in batch.column("match").to_pylist()]
        numbers = batch.column("ref").to_numpy()
        told = np.flatnonzero(np.isin(numbers, notes.refs)).tolist()
        refs: list[int] = numbers.tolist()
        low = position = 0
        for high in ends:
            first = position
            while position < len(told) and told[position] < high:
                position += 1
            digest = int(digests[low])
            if self.lead is None or self.lead.digest != digest:
                self._begin_at(digest, notes)
            if self.lead is not None and self.lead.digest == digest:
                self._facts(low, high, instants, found, refs, told[first:position], notes.texts)
            low = high

    def _begin_at(self, digest: int, notes: "Notes") -> None:
        """Begin the lead of that digest; those before it of whom there are no facts are done with at once."""
        while notes.headers and notes.headers[0][0] <= digest:
            self._begin(*notes.headers.popleft())

    def end(self, notes: "Notes") -> None:
        """No facts are left; leads of whom there are none are done with."""
        self._begin_at(2**64, notes)
        self.finish()

    def _begin(self, digest: int, header: str) -> None:
        self.finish()
        who = json.loads(header)
        email = who["key"] if who["sort"] == 0 else None
        said: dict[str, object] = {}
        for text in who["traits"] or ():
            said.update({name: held for name, held in json.loads(text).items() if held is not None})
        state = begin(self.plan, email, said)
        ledger = Ledger() if self.wants_ledger else None
        self.lead = KeptLead(digest, who["key"], who["sort"], who["won"], state, ledger)

    def _facts(
        self,
        low: int,
        high: int,
        instants: list[int],
        found: Sequence[Match],
        refs: Sequence[int],
        told: Sequence[int],
        texts: dict[int, str],
    ) -> None:
        """Facts of the present lead, in order; `told` says which of them have a text."""
        lead = self.lead
        assert lead is not None  # the caller looked
        for index in told:
            if instants[index] != VERDICT_AT:
                break
            self._verdict(lead, json.loads(texts[refs[index]]))
            low = index + 1
        if not self.folding.landmarks and low < high and instants[high - 1] > self.folding.at:
            high = bisect_right(instants, self.folding.at, low, high)
        steps: list[Any] = list(zip(instants[low:high], found[low:high], refs[low:high], strict=True))
        dropped = False
        for index in told:
            if low <= index < high:
                steps[index - low] = step = self._told(
                    lead, steps[index - low], json.loads(texts[refs[index]]), index - low
                )
                dropped = dropped or step is None
        if dropped:
            steps = [step for step in steps if step is not None]
        if self.folding.landmarks:
            lead.steps += steps
        else:
            run(self.plan, lead.state, steps, lead.ledger)

    def _verdict(self, lead: KeptLead, told: list[object]) -> None:
        verdict = self._fact(told)
        learn_verdict(lead.state, verdict)
        lead.verdicts.append(verdict)
        if verdict.at <= self.folding.at:
            lead.state.key = max(lead.state.key, verdict.key)

    def _told(self, lead: KeptLead, step: Step, told: list[object], place: int) -> Step | None:
        """What the text of a fact adds: a change is a Fact; what no human did is left out (None)."""
        instant, match, reference = step
        fact = self._fact(told) if match.change else None
        source, message_id = (fact.source, fact.message_id) if fact else (str(told[0]), str(told[1]))
        if (fact or self.folding.want_states) and instant <= self.folding.at:
            lead.state.key = max(lead.state.key, fact.key if fact else (instant, 1, source, message_id))
        if self.folding.landmarks:
            lead.hits[len(lead.steps) + place] = (source, message_id)
        elif lead.state.verdicts and not hit_counts(lead.state.verdicts, source, message_id):
            return None
        if fact:
            return instant, match, fact
        return instant, match, (reference, source, message_id, match.event) if self.folding.want_lines else reference

    def _fact(self, told: list[Any]) -> Fact:
        instant, event, message_id, source, is_table, row = told
        row = plain_row(row, self.rename, is_table=is_table)
        return Fact(instant, event, message_id, source, *parts(row))

    # ---- What a lead comes to ------------------------------------------------------------------------------

    def finish(self) -> None:
        """Write down the present lead, if there is one."""
        lead = self.lead
        self.lead = None
        if lead is None:
            return
        if self.folding.landmarks:
            self._observe(lead)
            self._fold_kept(lead)
        reading = at(self.plan, lead.state, max(self.folding.at, lead.state.ints[LAST_FACT]))
        self.rows.scores.append(_score_row(self.plan, lead, reading))
        if self.folding.want_states:
            change = next_band(self.plan, lead.state, self.folding.at)
            self.rows.states.append((lead.name, SORTS[lead.sort], packed(lead.state), change.at if change else None))
        if lead.ledger is not None:
            self._tally(lead, lines(self.plan, lead.state, lead.ledger, self.folding.at), reading.score)

    def _fold_kept(self, lead: KeptLead) -> None:
        counted = _counted(lead, lead.state, self.folding.at)
        run(self.plan, lead.state, counted, lead.ledger)

    def _observe(self, lead: KeptLead) -> None:
        """The lead at each landmark, by what was known then, and whether it converted within the horizon."""
        won = [
            instant for place, (instant, match, _) in enumerate(lead.steps) if match.converts and _is_human(lead, place)
        ]
        first_won = won[0] if won else EVER
        if not lead.steps:
            return
        known = {fact.at for fact in lead.verdicts}
        state, done, told = lead.state.copy(), 0, -1
        state.verdicts = {}
        for landmark in self.folding.landmarks:
            if first_won <= landmark or landmark < lead.steps[0][0]:
                continue
            verdicts = sum(instant <= landmark for instant in known)
            if verdicts != told:  # a verdict corrects what came before it: fold again from the start
                state, done, told = lead.state.copy(), 0, verdicts
                state.verdicts = {}
                for fact in lead.verdicts:
                    if fact.at <= landmark:
                        learn_verdict(state, fact)
            upto = bisect_right(lead.steps, landmark, key=lambda step: step[0])
            run(self.plan, state, _counted(lead, state, landmark, done, upto))
            done = upto
            self._stand(lead, state, landmark, first_won)

    def _stand(self, lead: KeptLead, state: State, landmark: int, first_won: int) -> None:
        if state.ints[LAST_FACT] <= landmark - ACTIVE_US:
            return
        reading = at(self.plan, state, landmark)
        if reading.lead_class is not None:
            return
        horizon = landmark + self.folding.model.conversion.within
        converted = first_won <= min(horizon, self.folding.history_end)
        self.rows.observed.append(
            (
                lead.digest,
                landmark,
                self.bands[reading.band.id],
                reading.score,
                converted,
                horizon <= self.folding.history_end,
            )
        )

    def _tally(self, lead: KeptLead, written: Sequence[Line], score: float) -> None:
        if self.folding.want_lines:
            self.rows.lines += [_line_row(lead.name, line) for line in written]
        if not self.folding.want_rules:
            return
        seen: set[str] = set()
        for line in written:
            tally = self.rules.get(line.rule)
            if tally is None:
                tally = self.rules[line.rule] = RuleTally(lately=[Lately() for _ in self.folding.since])
            if line.kind in (LineKind.POINTS, LineKind.FIT):
                tally.lines += 1
            if line.kind in (LineKind.POINTS, LineKind.FIT, LineKind.CAP):
                tally.points += line.points
            tally.points_now += line.points
            if line.rule not in seen:
                seen.add(line.rule)
                tally.leads += 1
        for place, since in enumerate(self.folding.since):
            lately: dict[str, float] = {}
            for line in written:
                if line.at >= since and line.kind in (LineKind.POINTS, LineKind.FIT, LineKind.CAP):
                    lately[line.rule] = lately.get(line.rule, 0.0) + line.points
            for rule, points in lately.items():
                self.rules[rule].lately[place].note(points, score, lead.name)


def _counted(lead: KeptLead, state: State, until: int, low: int = 0, high: int | None = None) -> Iterator[Step]:
    """The kept steps of a lead that count under the verdicts of a state."""
    for place in range(low, len(lead.steps) if high is None else high):
        step = lead.steps[place]
        if step[0] > until:
            return
        hit = lead.hits.get(place)
        if hit is None or not state.verdicts or hit_counts(state.verdicts, *hit):
            yield step


def _is_human(lead: KeptLead, place: int) -> bool:
    hit = lead.hits.get(place)
    return hit is None or hit_counts(lead.state.verdicts, *hit)


def _score_row(plan: Plan, lead: KeptLead, reading: Reading) -> tuple[object, ...]:
    return (
        lead.name,
        SORTS[lead.sort],
        reading.score,
        reading.behaviour,
        reading.fit,
        reading.band.id,
        reading.rate,
        None if reading.stage is None else STAGES[reading.stage],
        reading.temperature.value,
        reading.lead_class.value if reading.lead_class else None,
        reading.persona,
        reading.maturity.value,
        [{"team": r.team, "treatment": r.treatment, "cause": r.cause} for r in reading.routes],
        reading.last_event_at,
        value(plan, lead.state),
        lead.won,
    )


def _line_row(name: str, line: Line) -> tuple[object, ...]:
    if isinstance(line.reference, Fact):
        fact = line.reference
        source, message_id, event = fact.source, fact.message_id, fact.event
    elif isinstance(line.reference, tuple):
        _, source, message_id, event = line.reference
    else:
        return (name, line.at, None, None, None, line.rule, line.kind.value, line.points)
    return (name, line.at, source, message_id, event, line.rule, line.kind.value, line.points)


def fold_batches(folding: Folding, batches: Iterable[pa.RecordBatch], notes: Notes) -> Folder:
    """Fold all of some batches; the folder holds what they come to."""
    folder = Folder(folding)
    for batch in batches:
        folder.feed(batch, notes)
    folder.end(notes)
    return folder
