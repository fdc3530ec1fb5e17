"""A share of an import, brought chunk by chunk: each in one transaction with the word that it is done.

So an import that was ended at any point goes on where it was, and no row is brought twice. A share's row in the store
is locked first: whoever else would bring the same share finds that it has moved on.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

import psycopg
from psycopg import Connection

from couveuse.core.consent import Said
from couveuse.engine.arrivals import Arrived, Given
from couveuse.engine.batches import Counts, Folder
from couveuse.engine.clocks import now_us
from couveuse.engine.collector import collecting_seldom
from couveuse.engine.live import LiveModels
from couveuse.engine.poison import POISON, halve, why
from couveuse.engine.resolving import Keyed, Resolved, nodes_of
from couveuse.errors import CouveuseError
from couveuse.history.shares import DIGESTS
from couveuse.history.whole import Arranged, WholeRow, whole_rows
from couveuse.store import connections, consents, imports, rejects
from couveuse.store.consents import ConsentRow, proof_text
from couveuse.store.identities import Identity, Node, find_identities, own_bindings
from couveuse.store.packets import Accepted, Flag, digest_of

# So many rows in one transaction, about: fewer, and each waits for the disk; more, and others wait for their locks.
CHUNK: Final = 5_000
# A share has about so many rows.
SHARE_ROWS: Final = 50_000
MOST_SHARES: Final = 256
# PostgreSQL away: for how long an import waits for it before it gives up, and how often it tries.
PATIENCE_SECONDS: Final = 60.0
AGAIN_SECONDS: Final = 0.5


class BroughtElsewhere(CouveuseError):
    """Another process brings this import, or took it back: see couveuse import --list."""

    known_as = "elsewhere"


class StoppedAway(CouveuseError):
    """PostgreSQL went away: run the same command again, and it goes on where it was."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What whoever brings a list says of the consents of all who stand in it; the instant is in microseconds."""

    purposes: tuple[str, ...]
    basis: str
    source: str
    at: int


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be brought, and how; `source` is that of facts that name none."""

    url: str
    import_id: int
    arranged: Arranged
    source: str = ""
    declared: Declared | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """The leads whose digests are in [low, high)."""

    number: int
    low: int
    high: int


def shares_of(rows: int) -> list[Share]:
    """The shares of so many rows, the same whenever they are asked for."""
    many = min(max(rows // SHARE_ROWS, 1), MOST_SHARES)
    edges = [DIGESTS * index // many for index in range(many + 1)]
    return [Share(number, low, high) for number, (low, high) in enumerate(pairwise(edges))]


def chunks(rows: Iterator[WholeRow], size: int = CHUNK) -> Iterator[list[WholeRow]]:
    """Rows in chunks that end where a lead does, so that each lead is folded once; a huge lead is cut all the same."""
    chunk: list[WholeRow] = []
    for row in rows:
        is_full = len(chunk) >= size and (row.lead != chunk[-1].lead or len(chunk) >= 4 * size)
        if is_full:
            yield chunk
            chunk = []
        chunk.append(row)
    if chunk:
        yield chunk


class Bringer:
    """Brings shares of one import, on a connection of its own."""

    def __init__(self, task: Task, *, is_stopping: Callable[[], bool] = lambda: False) -> None:
        self._task, self._is_stopping = task, is_stopping
        self._folder = Folder(task.url)
        self._models = LiveModels()

    def bring(self, share: Share) -> bool:
        """Bring what is left of a share; returns whether all of it is done (it is not where it was told to stop).

        Raises BroughtElsewhere, and StoppedAway where PostgreSQL stays away.
        """
        away_since: float | None = None
        while True:
            try:
                with connections.connect(self._task.url, "import", autocommit=True, statement_ms=0) as connection:
                    return self._bring(connection, share)
            except connections.LOST as error:
                self._folder.forget()
                away_since = time.monotonic() if away_since is None else away_since
                if isinstance(error, psycopg.errors.DeadlockDetected):
                    continue
                if self._is_stopping() or time.monotonic() - away_since > PATIENCE_SECONDS:
                    raise StoppedAway(
                        f"PostgreSQL went away ({connections.first_line(error)}): start it and run the same command "
                        "again; it goes on where it was"
                    ) from error
                time.sleep(AGAIN_SECONDS)

    def _bring(self, connection: Connection[Any], share: Share) -> bool:
        done = self._position(connection, share)
        with collecting_seldom():
            for chunk in chunks(whole_rows(self._task.arranged, share.low, share.high, skip=done)):
                if self._is_stopping():
                    return False
                self._bring_chunk(connection, share, done, chunk)
                done += len(chunk)
        return True

    def _position(self, connection: Connection[Any], share: Share) -> int:
        with connection.transaction():
            done = imports.lock_share(connection, self._task.import_id, share.number)
        if done is None:
            raise BroughtElsewhere
        return done

    def _bring_chunk(self, connection: Connection[Any], share: Share, done: int, chunk: Sequence[WholeRow]) -> None:
        """One chunk in one transaction; where that fails, again, taken apart."""
        try:
            self._transact(connection, share, done, chunk, self._store)
        except (psycopg.OperationalError, psycopg.InterfaceError, CouveuseError):
            raise
        except Exception:  # noqa: BLE001 - whatever a row does to us, the others must be brought
            self._folder.forget()
            self._transact(connection, share, done, chunk, self._take_apart)

    def _transact(
        self,
        connection: Connection[Any],
        share: Share,
        done: int,
        chunk: Sequence[WholeRow],
        store: Callable[[Connection[Any], Sequence[WholeRow]], Counter[str]],
    ) -> None:
        with connection.transaction():
            if imports.lock_share(connection, self._task.import_id, share.number) != done:
                raise BroughtElsewhere
            counts = store(connection, chunk)
            imports.advance_share(connection, self._task.import_id, share.number, rows=len(chunk), counts=counts)

    # ---- One chunk -----------------------------------------------------------------------------------------

    def _store(self, connection: Connection[Any], rows: Sequence[WholeRow]) -> Counter[str]:
        now = now_us()
        facts = [self._arrived(row, now) for row in rows if not row.is_lead]
        given = [_given(row) for row in rows if row.is_lead]
        counts, resolved = self._folder.store(
            connection, self._models, facts, given, now=now, import_id=self._task.import_id
        )
        nearest = {each.keyed.nodes[0] for each in facts} | {each.keyed.nodes[0] for each in given}
        told = Counter(facts=counts.facts, copies=counts.copies, given=len(given), made=counts.made)
        told.update(self._declare(connection, _persons(connection, nearest, resolved), now))
        return told

    def _take_apart(self, connection: Connection[Any], rows: Sequence[WholeRow]) -> Counter[str]:
        told: Counter[str] = Counter()
        # What each part would otherwise do for itself, and cannot after another has written.
        self._folder.months.ensure((row.fact.at for row in rows if not row.is_lead), now_us())
        own_bindings(connection)

        def take(part: Sequence[WholeRow]) -> Counts:
            told.update(self._store(connection, part))
            return Counts()

        def set_aside(row: WholeRow, error: Exception) -> None:
            body = json.dumps({"event": row.fact.event, "message_id": row.fact.message_id, "email": row.email})
            reject = rejects.Reject(now_us(), row.fact.source or self._task.source, POISON, why(error), "", body)
            rejects.append_rejects(connection, [reject], import_id=self._task.import_id)
            told["set_aside"] += 1

        halve(connection, self._folder, rows, take, set_aside)
        return told

    def _arrived(self, row: WholeRow, now: int) -> Arrived:
        fact = row.fact
        if not fact.source and self._task.source:
            fact = replace(fact, source=self._task.source)
        payload = self._folder.payloads.pack_fact(
            fact, row.user_id if row.email else None, row.anonymous_id if row.email or row.user_id else None
        )
        accepted = Accepted(
            fact.at, now, fact.event, fact.source, digest_of(fact.source, fact.message_id), row.email, row.user_id,
            row.anonymous_id, int(Flag.QUIET), payload,
        )  # fmt: skip
        return Arrived(accepted, fact, Keyed(_nodes(row), fact.key, int(Flag.QUIET)))

    def _declare(self, connection: Connection[Any], persons: Mapping[int, Identity], now: int) -> Counter[str]:
        """Write down of whom the import speaks, and the consents that are declared of them, once for each.

        Of a person who has withdrawn nothing is declared.
        """
        roots = {each.root_id: each.lead_id for each in persons.values() if each.lead_id is not None}
        fresh = imports.note_identities(connection, self._task.import_id, persons.keys() | roots.keys())
        leads = {root: lead for root, lead in roots.items() if root in fresh}
        told = Counter(leads=len(leads))
        declared = self._task.declared
        if declared is None or not leads:
            return told
        held = consents.load_standings(connection, sorted(set(leads.values())))
        proof = proof_text({"import": self._task.import_id})
        rows = []
        for root, lead in leads.items():
            for purpose in declared.purposes:
                standing = held[lead].get(purpose)
                if standing is not None and not standing.is_given:
                    told["withdrawn"] += 1
                    continue
                said = Said(purpose, True, declared.at, declared.basis, declared.source, is_declared=True)
                digest = digest_of(f"import {self._task.import_id}", f"{root} {purpose}")
                rows.append(ConsentRow(root, digest, said, now, proof, self._task.import_id))
        consents.append_consents(connection, rows)
        told["declared"] = len(rows)
        return told


def _nodes(row: WholeRow) -> list[Node]:
    return nodes_of(row.email, row.user_id, row.anonymous_id)


def _given(row: WholeRow) -> Given:
    place = (row.fact.at, 0, row.fact.source, row.fact.message_id)
    return Given(Keyed(_nodes(row), place, int(Flag.NONE)), _stored_traits(row.fact.traits))


def _persons(connection: Connection[Any], nearest: Collection[Node], resolved: Resolved) -> dict[int, Identity]:
    """The identities to which rows belong, those of copies too, by number."""
    missing = [node for node in nearest if node not in resolved.identities]
    found = {**resolved.identities, **(find_identities(connection, missing) if missing else {})}
    return {found[node].id: found[node] for node in nearest if node in found}


def _stored_traits(traits: Mapping[str, object]) -> str:
    """Traits as PostgreSQL's JSON holds them; what it does not hold is left out."""
    try:
        text = json.dumps(traits, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = "\\u0000"
    if "\\u0000" not in text and consents.clean(text) == text:
        return text
    kept = {name: value for name, value in traits.items() if proof_text({name: value}) is not None}
    return json.dumps(kept, ensure_ascii=False)
