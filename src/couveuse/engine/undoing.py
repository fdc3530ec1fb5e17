"""Taking an import back: its facts, traits and consents go, and who it spoke of is folded again from what is left.

Identities go batch by batch, each in one transaction; what is not taken back yet is written down, so that an undoing
that was ended goes on with the same command. Nothing that came otherwise is touched.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from psycopg import Connection

from couveuse.engine.batches import Folder
from couveuse.engine.bringing import BroughtElsewhere
from couveuse.engine.clocks import now_us
from couveuse.engine.live import LiveModel, LiveModels
from couveuse.engine.recalling import rows_left, rows_of_ids
from couveuse.engine.refolding import refold_waiting
from couveuse.engine.resolving import rebind
from couveuse.errors import BadInput
from couveuse.store import archives, connections, events, identities, imports, leads
from couveuse.store import undoing as store
from couveuse.store.identities import Identity
from couveuse.store.imports import UNDONE
from couveuse.store.packets import digest_of
from couveuse.store.undoing import Taken

# So many identities in one transaction: while it lasts, nobody else writes facts.
AT_ONCE: Final = 300
BECAUSE: Final = "taken back"


class NotToUndo(BadInput):
    """There is no such import to take back."""

    known_as = "not_to_undo"


class Undoing:
    """One import, taken back."""

    def __init__(self, url: str, number: int) -> None:
        self._url, self._number = url, number
        self._folder = Folder(url)
        self._models = LiveModels()
        self._facts = 0
        self._leads: set[int] = set()
        self._removed: set[int] = set()
        self._passing: set[int] = set()  # leads of user ids that lost their e-mail, until they are taken back, too

    def begin(self) -> int:
        """How many identities the import speaks of; raises NotToUndo where there is no such import to take back."""
        with connections.connect(self._url, "import", autocommit=True) as connection:
            found = imports.import_by_id(connection, self._number)
            left = store.count_identities(connection, self._number)
        if found is None:
            raise NotToUndo(f"import {self._number}: there is none; see: couveuse import --list")
        if found.standing == UNDONE and not left:
            raise NotToUndo(f"import {self._number}: it was taken back already")
        return left

    def run(self, progress: Callable[[int, int], None] = lambda done, rows: None) -> dict[str, int]:
        """Take it back; returns how many facts went, how many leads were folded again, and how many are gone.

        Raises BroughtElsewhere where another process brings it or takes it back.
        """
        done, left = 0, self.begin()
        with connections.connect(self._url, "import", autocommit=True, statement_ms=0) as connection:
            if not imports.hold(connection, self._number):
                raise BroughtElsewhere
            store.take_back(connection, self._number)
            while ids := store.identities_left(connection, self._number, AT_ONCE):
                with connection.transaction():
                    identities.own_bindings(connection)
                    self._take(connection, self._models.load(connection), ids)
                done += len(ids)
                progress(done, left)
            store.forget_rejects(connection, self._number)
        refold_waiting(self._url, now_us)
        leads = self._leads - self._passing
        return {"facts": self._facts, "leads": len(leads), "removed": len(self._removed & leads)}

    def _take(self, connection: Connection[Any], models: list[LiveModel], ids: list[int]) -> None:
        now = now_us()
        taken = store.take(connection, self._number, ids, sources=self._folder.sources, payloads=self._folder.payloads)
        taken = self._also_archived(connection, ids, taken)
        events.forget(connection, taken.digests)
        spoken = {*ids, *taken.ids, *(each.id for each in identities.find_identities(connection, taken.nodes).values())}
        around = spoken | {each for pair in identities.standings_of(connection, spoken) for each in pair}
        before = identities.load_identities(connection, around)
        gone = self._stand_anew(connection, spoken, before)
        resolved = rebind(connection, around, gone=gone, now=now)
        touched = {each.lead_id for each in before.values() if each.lead_id is not None} | resolved.refold
        there = leads.load_who(connection, sorted(touched | resolved.made))
        self._folder.refold(connection, models, sorted(there), now=now, because=BECAUSE)
        self._facts += len(taken.digests)
        self._leads |= there.keys()
        self._passing |= resolved.made
        self._remove(connection, gone)

    def _also_archived(self, connection: Connection[Any], ids: list[int], taken: Taken) -> Taken:
        """With what the archive holds of dropped months: it stays there, and counts no more since the import goes."""
        rows = rows_of_ids(connection, ids, of_import=self._number)
        digests = tuple(digest_of(row.source, row.message_id) for row in rows)
        if not digests:
            return taken
        store.take_suppressions(connection, digests)
        others = archives.stood_by_import(connection, ids, self._number)
        return replace(taken, digests=(*taken.digests, *digests), ids=taken.ids | others)

    def _stand_anew(self, connection: Connection[Any], spoken: set[int], before: dict[int, Identity]) -> set[int]:
        """Write whose keys stood with whose, and whom a trusted fact knows, from what is left; tells who is left out.

        Whatever row mentions one of them belongs to it, or to a key that stood with it.
        """
        folder = self._folder
        rows = store.rows_left(connection, before, names=folder.names, sources=folder.sources, payloads=folder.payloads)
        rows += rows_left(connection, before)
        nodes = identities.find_identities(connection, {node for row in rows for node in row.nodes})
        numbers = {node: each.id for node, each in nodes.items()}
        store.forget_standings(connection, spoken)
        pairs = store.pairs_of(rows, numbers, spoken)
        if pairs:
            identities.stand(connection, pairs)
        mentioned, known = store.mentioned(rows, numbers)
        store.become_unknown(connection, spoken - known)
        return spoken - mentioned - store.with_consents(connection, spoken)

    def _remove(self, connection: Connection[Any], gone: set[int]) -> None:
        """Identities of which nothing is left go, with the leads that they made, but for those with a history."""
        lead_of = leads.leads_of_roots(connection, sorted(gone))
        kept = store.kept_leads(connection, lead_of.values())
        left = gone - {root for root, lead in lead_of.items() if lead in kept}
        removed = [lead for lead in lead_of.values() if lead not in kept]
        store.remove(connection, removed, left)
        self._removed |= set(removed)
