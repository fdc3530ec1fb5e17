"""Leads folded from stored rows of which only what the model reads is taken apart.

A whole history is mostly page views of which the fold wants a path, and mails of which it wants nothing: to make facts
of them all takes longer than to fold them. The states are those of `folding.fold_lead`, to the last digit; a test holds
the two together.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any, Final

import msgspec
from psycopg import Connection

from couveuse.core.events import CHANGES, Change, Fact, Properties, dig, kind
from couveuse.core.fold import Step, begin, hit_counts, learn_verdict, run
from couveuse.core.plan import Match, Plan
from couveuse.core.state import State
from couveuse.engine.folding import is_admitted, since_always
from couveuse.store.leads import Who
from couveuse.store.packets import Flag
from couveuse.store.payloads import Compressor
from couveuse.store.registers import Register

Row = tuple[int, int, int, int, int, bytes]
"""A stored fact: lead, instant, name, source, flags, payload."""

# Places in it.
LEAD: Final = 0
AT: Final = 1
NAME: Final = 2
SOURCE: Final = 3
FLAGS: Final = 4
PAYLOAD: Final = 5
# What may change who a lead is, and is asked of a claim.
_OF_THE_PERSON = frozenset((Change.TRAITS, Change.JOIN, Change.LEAVE, Change.ADJUST, Change.VERDICT))


class _Skimmed(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The beginning of a payload; what follows is passed over unread."""

    message_id: str
    properties: dict[str, Any] | None = None


class _Named(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The `message_id` of a payload alone."""

    message_id: str


@dataclass(frozen=True, slots=True)
class _Kind:
    """What an event's name means to the plan: `match` where the name says it all, else the fields that say it."""

    event: str
    change: int
    order: int
    match: Match | None
    fields: tuple[str, ...]  # as `dig` takes them, where all are properties
    is_deep: bool  # context or traits are read, too


class Skimmer:
    """Folds leads under one plan, from rows as they are stored."""

    def __init__(self, plan: Plan, names: Register, sources: Register, payloads: Compressor) -> None:
        self._plan, self._names, self._sources, self._payloads = plan, names, sources, payloads
        self._kinds: dict[int, _Kind] = {}
        self._source_of: Mapping[int, str] = {}
        self._skim = msgspec.json.Decoder(_Skimmed).decode
        self._name = msgspec.json.Decoder(_Named).decode

    def learn(self, connection: Connection[Any], rows: Collection[Row]) -> None:
        """Look up the words of rows that are to be folded."""
        numbers = {row[NAME] for row in rows} - self._kinds.keys()
        if numbers:
            words = self._names.words(connection, numbers)
            self._kinds |= {number: _kind(self._plan, words[number]) for number in numbers}
        self._source_of = self._sources.words(connection, {row[SOURCE] for row in rows})

    def asks_who(self, rows: Sequence[Row]) -> bool:
        """Whether it matters to the fold of these rows if a trusted fact knows the lead."""
        kinds = self._kinds
        return any(row[FLAGS] & Flag.CLAIM and kinds[row[NAME]].change in _OF_THE_PERSON for row in rows)

    def fold(self, who: Who, rows: Sequence[Row]) -> State:
        """A lead's state after its facts, given in the order of their instants."""
        state, steps = self.begin(who, rows)
        run(self._plan, state, steps)
        return state

    def begin(
        self, who: Who, rows: Sequence[Row], until: int | None = None, judged: list[Row] | None = None
    ) -> tuple[State, list[Step]]:
        """A lead's state before its facts, with the key of the last one up to `until`, and what they are to do to it.

        The facts are given in the order of their instants; verdicts count whatever their time. A step refers to its
        row where it is a behaviour, else to its fact; hits that count for nothing are added to `judged`.
        """
        plan, kinds = self._plan, self._kinds
        state = begin(plan, who.email, since_always(plan, who.given) if who.given else {})
        rows = self._ordered(rows)
        if any(kinds[row[NAME]].change == Change.VERDICT for row in rows):
            self._learn_verdicts(state, who, rows)
        steps: list[Step] = []
        last: Row | None = None
        for row in rows:
            if until is not None and row[AT] > until:
                break
            it = kinds[row[NAME]]
            reference: Row | Fact = row
            if it.change:
                reference = self.fact(row)
                if not is_admitted(reference, row[FLAGS], who):
                    continue
            last = row
            properties: Properties | None = None
            if state.verdicts:
                message_id, properties = self._skimmed(row)
                if not hit_counts(state.verdicts, self._source_of[row[SOURCE]], message_id):
                    if judged is not None:
                        judged.append(row)
                    continue
            steps.append((row[AT], it.match or self._match(it, row, properties), reference))
        if last is not None:
            it = kinds[last[NAME]]
            state.key = (last[AT], it.order, self._source_of[last[SOURCE]], self._message_id(last))
        return state, steps

    def fact(self, row: Row) -> Fact:
        """A row as a whole fact."""
        message_id, properties, context, traits, _, _ = self._payloads.unpack_fact(row[PAYLOAD])
        event, source = self._kinds[row[NAME]].event, self._source_of[row[SOURCE]]
        return Fact(row[AT], event, message_id, source, properties, context, traits)

    def _ordered(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Canonical order: of facts of one instant, and only of these, more than the instant is asked."""
        if all(one[AT] != other[AT] for one, other in pairwise(rows)):
            return rows
        ordered: list[Row] = []
        for _, same in groupby(rows, key=itemgetter(AT)):
            several = list(same)
            ordered += sorted(several, key=self._key) if len(several) > 1 else several
        return ordered

    def _key(self, row: Row) -> tuple[int, int, str, str]:
        return (row[AT], self._kinds[row[NAME]].order, self._source_of[row[SOURCE]], self._message_id(row))

    def _learn_verdicts(self, state: State, who: Who, rows: Sequence[Row]) -> None:
        for row in rows:
            it = self._kinds[row[NAME]]
            if it.change == Change.VERDICT:
                fact = self.fact(row)
                if is_admitted(fact, row[FLAGS], who):
                    learn_verdict(state, fact)

    def _match(self, it: _Kind, row: Row, properties: Properties | None) -> Match:
        if it.is_deep:
            return self._plan.match_fact(self.fact(row))
        if properties is None:
            _, properties = self._skimmed(row)
        return self._plan.match(it.event, tuple([dig(properties, name) for name in it.fields]))

    def _skimmed(self, row: Row) -> tuple[str, Properties]:
        """A row's `message_id` and properties."""
        try:
            found = self._skim(self._payloads.inflate(row[PAYLOAD]))
        except msgspec.DecodeError:  # what Python wrote and msgspec does not read
            return self._payloads.unpack_fact(row[PAYLOAD])[:2]
        return found.message_id, found.properties or {}

    def _message_id(self, row: Row) -> str:
        try:
            return self._name(self._payloads.inflate(row[PAYLOAD])).message_id
        except msgspec.DecodeError:
            return self._payloads.unpack_fact(row[PAYLOAD])[0]


def _kind(plan: Plan, event: str) -> _Kind:
    change = CHANGES.get(event, Change.NOTHING)
    names = plan.event_fields(event)
    deep = any(name.partition(".")[0] in ("context", "traits") and "." in name for name in names)
    match = plan.match(event, ()) if not names else None
    fields = tuple(name.removeprefix("properties.") for name in names)
    return _Kind(event, int(change), kind(event), match, fields, deep)
