"""The states of a coming model made in bulk: one pass over all facts, of one instant, lead after lead.

To look up the facts of each lead asks an index of each month for each of its keys; to read them all in one go, sorted,
takes a tenth of that. What changes meanwhile is found when states are written: whatever an engine does to a lead writes
its acting state anew, so that a lead whose acting state is no more the one that was seen is folded again, under its
lock.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import chain
from operator import itemgetter
from typing import Any, Final

import psycopg
from psycopg import Connection, IsolationLevel

from couveuse.core.state import State
from couveuse.engine.batches import Folder
from couveuse.engine.folding import fold_lead, reading_of, row_of
from couveuse.engine.live import LiveModel
from couveuse.engine.recalling import rows_of_range
from couveuse.engine.skimming import AT, LEAD, Row, Skimmer
from couveuse.store import archives, leads, rescoring, states
from couveuse.store.identities import share_bindings
from couveuse.store.leads import Who

# So many leads are written in one transaction: their locks are held for that long.
AT_ONCE: Final = 1_000


class Pass:
    """One pass over the facts of a range of leads, which writes the states that are missing."""

    def __init__(
        self,
        reading: Connection[Any],
        writing: Connection[Any],
        folder: Folder,
        model: LiveModel,
        acting: int,
        clock: Callable[[], int],
    ) -> None:
        self._reading, self._writing = reading, writing
        self._folder, self._model, self._acting, self._clock = folder, model, acting, clock
        self._skimmer = Skimmer(model.plan, folder.names, folder.sources, folder.payloads)

    def make(self, low: int, high: int, *, is_stopping: Callable[[], bool], done: Callable[[int], None]) -> None:
        """Make the states that are missing of leads from `low` up to and without `high`; `done` is told how many."""
        self._reading.isolation_level, self._reading.read_only = IsolationLevel.REPEATABLE_READ, True
        with self._reading.transaction():
            archives.hold(self._reading)
            has_given = rescoring.has_given(self._reading)
            with rescoring.facts(self._reading, self._model.id, low, high) as cursor:
                facts = _Facts(cursor, rows_of_range(self._reading, low, high))
                after = low - 1
                while some := rescoring.without_state(
                    self._reading, self._acting, self._model.id, after=after, high=high, most=AT_ONCE
                ):
                    if is_stopping():
                        return
                    last = some[-1][0]
                    folded = self._folded(some, facts.upto(last), has_given=has_given)
                    versions = {lead_id: version for lead_id, version, _ in some}
                    done(self._write(after + 1, last + 1, folded, versions))
                    after = last

    def _folded(
        self, some: Sequence[tuple[int, int, str | None]], rows: Mapping[int, Sequence[Row]], *, has_given: bool
    ) -> dict[int, State]:
        """The states of some leads as of the pass's instant."""
        self._skimmer.learn(self._reading, [row for several in rows.values() for row in several])
        asked = [lead_id for lead_id, _, _ in some if has_given or self._skimmer.asks_who(rows.get(lead_id, ()))]
        whos = leads.load_who(self._reading, asked) if asked else {}
        return {
            lead_id: self._skimmer.fold(whos.get(lead_id) or Who(lead_id, email, is_known=False), rows.get(lead_id, ()))
            for lead_id, _, email in some
        }

    def _write(self, low: int, high: int, folded: Mapping[int, State], versions: Mapping[int, int]) -> int:
        """Write the states of leads that are as they were seen; the others are folded again. Returns how many."""
        connection, model = self._writing, self._model
        with connection.transaction():
            share_bindings(connection)
            locked = rescoring.lock_versions(connection, self._acting, model.id, low, high)
            changed = [lead_id for lead_id, version in locked.items() if versions.get(lead_id) != version]
            again = self._again(connection, changed) if changed else {}
            now = self._clock()
            rows = []
            for lead_id in locked:
                state = again[lead_id] if lead_id in again else folded[lead_id]
                reading = reading_of(model.plan, state, now)
                rows.append(row_of(model.bands, lead_id, state, reading, self._folder.payloads))
            states.copy_states(connection, model.id, rows)
            return len(rows)

    def _again(self, connection: Connection[Any], lead_ids: Sequence[int]) -> dict[int, State]:
        rescoring.by_index(connection)
        whos, stored = self._folder.load(connection, lead_ids)
        return {lead_id: fold_lead(self._model.plan, whos[lead_id], stored[lead_id]) for lead_id in lead_ids}


class _Facts:
    """Rows in the order of their leads, handed out range by range."""

    def __init__(self, cursor: psycopg.ServerCursor[Any], archived: Iterator[Row]) -> None:
        first = next(archived, None)
        self._rows: Iterator[Row] = iter(cursor)
        if first is not None:  # by lead and instant: the order within an instant is made where there is some
            self._rows = merge(self._rows, chain((first,), archived), key=itemgetter(LEAD, AT))
        self._next: Row | None = next(self._rows, None)

    def upto(self, last: int) -> dict[int, list[Row]]:
        """The rows of leads up to and with that number, which were not handed out yet, by lead."""
        found: dict[int, list[Row]] = {}
        row = self._next
        while row is not None and row[LEAD] <= last:
            lead_id = row[LEAD]
            mine = found[lead_id] = []
            while row is not None and row[LEAD] == lead_id:
                mine.append(row)
                row = next(self._rows, None)
        self._next = row
        return found
