"""One batch of accepted facts in one transaction: told from copies, resolved, stored, folded, handed over.

The order of the steps is the same in every process, so that two of them never wait for one another: digests,
identities, the lock on bindings, events, the states of leads in the order of their numbers, the rest.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from psycopg import Connection

from couveuse.core.events import Fact
from couveuse.engine.arrivals import Arrived, Given, Touched, by_lead
from couveuse.engine.batch_work import Work, load_leads
from couveuse.engine.consenting import store_consents
from couveuse.engine.live import LiveModel, LiveModels
from couveuse.engine.recalling import Recaller
from couveuse.engine.resolving import Keyed, NeedsTheLock, Resolved, nodes_of, place_of, resolve
from couveuse.store import events, leads, registers
from couveuse.store.events import EventRow, Stored
from couveuse.store.identities import own_bindings, share_bindings
from couveuse.store.leads import Who
from couveuse.store.months import Months
from couveuse.store.packets import Accepted
from couveuse.store.payloads import Compressor

log = structlog.get_logger("couveuse.engine")


@dataclass(slots=True)
class Counts:
    """What became of a batch."""

    facts: int = 0
    copies: int = 0
    leads: int = 0
    made: int = 0
    refolded: int = 0
    put_off: int = 0
    handed_over: int = 0
    withdrawn: int = 0

    def add(self, other: "Counts") -> None:
        """Count another batch, too."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Folder:
    """Takes batches, for one connection at a time; it remembers numbers of words and nothing of leads."""

    def __init__(self, url: str) -> None:
        self.months = Months(url)
        self.names = registers.event_names()
        self.sources = registers.sources()
        self.payloads = Compressor()
        self.recaller = Recaller(self.names, self.sources, self.payloads)

    def forget(self) -> None:
        """After a transaction that failed."""
        self.names.forget()
        self.sources.forget()

    def take(
        self,
        connection: Connection[Any],
        models: LiveModels,
        accepted: Sequence[Accepted],
        *,
        now: int,
    ) -> Counts:
        """Store and fold what was accepted, in the caller's transaction; of copies the first counts.

        Raises NothingPublished where no model acts.
        """
        firsts = {each.digest: each for each in reversed(accepted)}
        new = self._new(connection, firsts, now)
        arrived = [self._arrived(each) for digest, each in reversed(firsts.items()) if digest in new]
        counts, _ = self._keep(connection, models, arrived, now=now)
        counts.copies = len(accepted) - len(arrived)
        return counts

    def store(
        self,
        connection: Connection[Any],
        models: LiveModels,
        arrived: Sequence[Arrived],
        given: Sequence[Given],
        *,
        now: int,
        import_id: int,
    ) -> tuple[Counts, Resolved]:
        """The same of an import, with rows of files of leads; tells also whose what is new was."""
        firsts = {each.accepted.digest: each for each in reversed(arrived)}
        new = self._new(connection, {digest: each.accepted for digest, each in firsts.items()}, now)
        found = [each for digest, each in reversed(firsts.items()) if digest in new]
        counts, resolved = self._keep(connection, models, found, given, now=now, import_id=import_id)
        counts.copies = len(arrived) - len(found)
        return counts, resolved

    def _new(self, connection: Connection[Any], firsts: Mapping[bytes, Accepted], now: int) -> set[bytes]:
        self.months.ensure((each.at for each in firsts.values()), now)
        return events.new_among(connection, firsts)

    def _keep(
        self,
        connection: Connection[Any],
        models: LiveModels,
        arrived: Sequence[Arrived],
        given: Sequence[Given] = (),
        *,
        now: int,
        import_id: int | None = None,
    ) -> tuple[Counts, Resolved]:
        """Store and fold facts that are new, and rows of files of leads."""
        counts = Counts(facts=len(arrived))
        if not arrived and not given:
            return counts, Resolved({})
        keyed = [each.keyed for each in arrived] + [each.keyed for each in given]
        resolved = _resolved(connection, keyed, now)
        self._append(connection, arrived, resolved, import_id)
        touched = by_lead(arrived, resolved)
        if given:
            _give(connection, given, resolved, touched, import_id)
        # Read under the lock on bindings: whoever publishes a model, or retires one, holds that alone.
        work = Work(self.recaller, connection, models.load(connection), now, is_quiet=import_id is not None)
        work.fold(touched, resolved)
        store_consents(connection, arrived, resolved, import_id)
        counts.leads, counts.made = len(touched), len(resolved.made)
        counts.refolded, counts.put_off = work.refolded, work.put_off
        counts.handed_over, counts.withdrawn = work.handed_over, work.withdrawn
        return counts, resolved

    def refold(self, connection: Connection[Any], models: Sequence[LiveModel], lead_ids: Collection[int], *,
               now: int, because: str, is_quiet: bool = True) -> Counts:  # fmt: skip
        """Fold leads again from all their facts, in the caller's transaction; nobody is handed over by it.

        Hand-overs whose facts are gone are withdrawn, for the reason given. Leads of very many facts are put off.
        What leads cross by it is told where it is not quiet.
        """
        work = Work(self.recaller, connection, models, now, is_quiet=is_quiet)
        work.because = because
        work.fold({}, Resolved({}, refold=set(lead_ids)))
        return Counts(
            leads=len(lead_ids), refolded=work.refolded, put_off=work.put_off, withdrawn=work.withdrawn
        )  # fmt: skip

    def load(
        self, connection: Connection[Any], lead_ids: Sequence[int], most: int | None = None
    ) -> tuple[Mapping[int, Who], Mapping[int, Sequence[Stored]]]:
        """With what the folds of leads begin, and their facts in canonical order; see `load_leads`."""
        return load_leads(self.recaller, connection, lead_ids, most)

    def _arrived(self, accepted: Accepted) -> Arrived:
        message_id, properties, context, traits, _, _ = self.payloads.unpack_fact(accepted.payload)
        fact = Fact(accepted.at, accepted.event, message_id, accepted.source, properties, context, traits)
        place = place_of(accepted.at, accepted.event, accepted.source, message_id)
        nodes = nodes_of(accepted.email, accepted.user_id, accepted.anonymous_id)
        keyed = Keyed(nodes, place, accepted.flags)
        return Arrived(accepted, fact, keyed)

    def _append(
        self, connection: Connection[Any], arrived: Sequence[Arrived], resolved: Resolved, import_id: int | None
    ) -> None:
        names = self.names.numbers(connection, {each.accepted.event for each in arrived})
        sources = self.sources.numbers(connection, {each.accepted.source for each in arrived})
        rows: list[EventRow] = []
        for each in arrived:
            it = each.accepted
            number = resolved.nearest(each.keyed).id
            rows.append((number, it.at, it.received_at, names[it.event], sources[it.source], it.flags, import_id,
                         it.payload))  # fmt: skip
        events.append_events(connection, rows)


def _resolved(connection: Connection[Any], keyed: Sequence[Keyed], now: int) -> Resolved:
    """Whose the facts are; with the lock on bindings held alone only where the batch changes some."""
    connection.execute("savepoint bindings")
    share_bindings(connection)
    try:
        resolved = resolve(connection, keyed, now=now, alone=False)
    except NeedsTheLock:
        # Going back gives the shared lock back: two that held it and wanted it alone would wait for one another.
        connection.execute("rollback to savepoint bindings")
        own_bindings(connection)
        resolved = resolve(connection, keyed, now=now, alone=True)
    connection.execute("release savepoint bindings")
    return resolved


def _give(
    connection: Connection[Any],
    given: Sequence[Given],
    resolved: Resolved,
    touched: defaultdict[int, Touched],
    import_id: int | None,
) -> None:
    """Write traits held since always; a lead that was there before is folded again, for they change its past."""
    rows = []
    for each in given:
        nearest, *others = (resolved.identities[node] for node in each.keyed.nodes)
        _, _, source, message_id = each.keyed.place
        rows.append((nearest.id, import_id, each.traits, [other.id for other in others], source, message_id))
        if nearest.lead_id is not None:
            touched[nearest.lead_id].is_given = True
            if nearest.lead_id not in resolved.made:
                resolved.refold.add(nearest.lead_id)
    leads.give_traits(connection, rows)
