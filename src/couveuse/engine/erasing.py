"""Erasing a person (law 11): everywhere, at once, proved by a second look, and again in whatever is restored later.

What was erased cannot be told of any more: hand-overs and alerts go, they are not withdrawn, and whoever was told of
the person by a message has to be told of the erasure by people. A key that another person's facts name too (a shared
device) stays with that person. Facts that come later make a new lead, whose address is left alone until that is lifted
by hand.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from psycopg import Connection

from couveuse.core.text import email as email_of
from couveuse.engine.batches import Folder
from couveuse.engine.live import LiveModel, LiveModels, NothingPublished
from couveuse.engine.recalling import rows_left
from couveuse.engine.resolving import Resolved, point, rebind
from couveuse.errors import BadInput, CouveuseError
from couveuse.store import audit, cards, connections, erasure_journal, identities, leads, undoing
from couveuse.store import erasures as store
from couveuse.store.erasures import Entry, Person
from couveuse.store.identities import DEVICE, EMAIL, USER_ID, Identity, Node

BECAUSE: Final = "erased"

FromArchive = Callable[[Connection[Any], Collection[int]], Mapping[str, int]]
"""Takes the facts of some identities out of the archive's files; returns how many, by what it likes to call them."""


class LeftBehind(CouveuseError):
    """An erasure left something behind, and was not made: this is a fault of Couveuse's; please report it."""


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom a word means: identities and leads that are there, and the keys that it may be, for what waits."""

    ids: frozenset[int]
    lead_ids: frozenset[int]
    nodes: frozenset[Node]


@dataclass(frozen=True, slots=True)
class Erased:
    """An erasure that was made: its number, how many rows went by table, and to whom messages had gone."""

    number: int
    proof: Mapping[str, int]
    told: tuple[str, ...]


def whom(connection: Connection[Any], word: str) -> Whom:
    """Whom an e-mail, a user id, a lead's number or a device means; raises BadInput where that is not one person."""
    word = word.strip()
    nodes: list[Node] = [(EMAIL, email_of(word)), (USER_ID, word)]
    found = list(identities.find_identities(connection, nodes).values())
    by_number = cards.survivor(connection, int(word)) if word.isascii() and word.isdigit() and len(word) < 19 else None
    if not found and by_number is None:
        found = list(identities.find_identities(connection, [(DEVICE, word)]).values())
    persons = {("lead", each.lead_id) if each.lead_id is not None else ("own", each.root_id) for each in found}
    if len(persons | ({("lead", by_number)} if by_number is not None else set())) > 1:
        raise BadInput(f"{word}: several persons are known by this; name the one by an e-mail")
    said = {(EMAIL, email_of(word))} if "@" in word else set()
    return Whom(
        frozenset(each.id for each in found),
        frozenset(() if by_number is None else (by_number,)),
        frozenset(said | {(each.sort, each.key) for each in found}),
    )


class Eraser:
    """Erases persons in one database, and writes each erasure into the journal of a folder before it is made."""

    def __init__(self, url: str, folder: Path, archive: FromArchive | None = None) -> None:
        self._url, self._journal, self._archive = url, folder, archive
        self._folder, self._models = Folder(url), LiveModels()

    def count(self, word: str) -> tuple[int, int]:
        """How many leads and identities a word means; nothing is changed."""
        with connections.connect(self._url, "erase") as connection:
            found = whom(connection, word)
            person = store.gather(connection, found.ids, found.lead_ids)
        return len(person.lead_ids), len(person.identities)

    def erase(self, word: str, *, by: str, now: int) -> Erased:
        """Erase a person; raises BadInput where nothing is recorded of one, or several are meant."""
        with connections.connect(self._url, "erase", autocommit=True, statement_ms=0) as connection:
            found = whom(connection, word)
            taken = self._from_archive(connection, store.gather(connection, found.ids, found.lead_ids))
            with connection.transaction():
                self._lock(connection)
                found = whom(connection, word)
                person = store.gather(connection, found.ids, found.lead_ids)
                told = store.told(connection, person)
                proof, gone = self._take(connection, person, found.nodes, now=now)
                if not any(proof.values()):
                    raise BadInput(
                        f"{word}: nothing is recorded of such a person; name an e-mail, a user id or a number"
                    )
                store.suppress(connection, person, now)
                digests = {store.digest_of((each.sort, each.key)) for each in gone} | {
                    store.digest_of(node) for node in found.nodes if node[0] == EMAIL
                }
                entry = Entry(
                    now, by, tuple(sorted(digests)), tuple(sorted(store.digest_of((EMAIL, e)) for e in person.emails))
                )
                number = store.record(connection, entry, proof | taken)
                audit.record(connection, by=by, did="erase", about={"erasure": number}, now=now)
                # Before it is made: one that is in the journal and was not made is made at the next restoring.
                erasure_journal.append(self._journal, store.entries(connection))
        return Erased(number, proof | taken, tuple(told))

    def replay(self, entries: Iterable[Entry], *, now: int) -> list[Entry]:
        """Make erasures again that this database does not know, as one that was restored; returns them."""
        made = []
        with connections.connect(self._url, "erase", autocommit=True, statement_ms=0) as connection:
            known = {entry.key for entry in store.entries(connection)}
            for entry in entries:
                if entry.key not in known:
                    known.add(entry.key)
                    self._again(connection, entry, now)
                    made.append(entry)
            erasure_journal.append(self._journal, store.entries(connection))
        return made

    def _again(self, connection: Connection[Any], entry: Entry, now: int) -> None:
        taken = self._from_archive(connection, store.gather(connection, store.find(connection, entry.digests)))
        with connection.transaction():
            self._lock(connection)
            person = store.gather(connection, store.find(connection, entry.digests))
            proof, gone = self._take(connection, person, (), now=now, digests=entry.digests)
            store.suppress_digests(connection, entry.suppressed, entry.at)
            more = {store.digest_of((each.sort, each.key)) for each in gone}
            store.record(connection, Entry(entry.at, entry.by, entry.digests, ()), proof | taken)
            others = tuple(sorted(more - set(entry.digests)))
            if others:  # keys that the person had then and has had no more since
                store.record(connection, Entry(now, entry.by, others, ()), {})

    @staticmethod
    def _lock(connection: Connection[Any]) -> None:
        """In the order of the engine's batches: lanes, then bindings."""
        store.lock_lanes(connection)
        identities.own_bindings(connection)

    def _from_archive(self, connection: Connection[Any], person: Person) -> dict[str, int]:
        """Files are rewritten first, with nothing locked; if the rest fails, what is left is erased the next time."""
        if self._archive is None or not person.identities:
            return {}
        return dict(self._archive(connection, person.identities.keys()))

    def _take(
        self, connection: Connection[Any], person: Person, nodes: Collection[Node], *, now: int,
        digests: Collection[str] = (),
    ) -> tuple[dict[str, int], list[Identity]]:  # fmt: skip
        """Take a person out of every table; returns how many rows went, by table, and the keys that went."""
        store.lock_states(connection, person)
        every = person.nodes | set(nodes)
        proof = {"inbox": store.take_waiting(connection, {*map(store.digest_of, every), *digests})}
        proof["rejects"] = store.take_rejects(connection, {key for _, key in every}, digests)
        proof |= store.take(connection, person)
        proof["events"], beside = store.take_events(connection, person, self._folder.payloads)
        proof["given_traits"], given = store.take_given(connection, person)
        gone = self._whose_are_the_rest(connection, person, beside, given, proof, now)
        self._look_again(connection, person, every)
        return proof, [each for number, each in person.identities.items() if number in gone]

    def _whose_are_the_rest(
        self, connection: Connection[Any], person: Person, beside: set[Node], given: set[int],
        proof: dict[str, int], now: int,
    ) -> set[int]:  # fmt: skip
        """Keys go that nobody else's rows mention; whose the others are is asked anew. Returns those that went."""
        around = identities.find_identities(connection, beside)
        spoken = {*person.identities, *given, *(each.id for each in around.values())}
        near = spoken | {each for pair in identities.standings_of(connection, spoken) for each in pair}
        before = identities.load_identities(connection, near)
        kept = self._stand_anew(connection, person, spoken, before, proof)
        gone = person.identities.keys() - kept
        shared = person.identities.keys() & kept
        if shared:
            store.leave_alone(connection, shared)
        proof["identities"] = store.take_identities(connection, gone)
        left = near - gone
        if not left:
            return gone
        resolved = rebind(connection, left, gone=gone, now=now)
        self._point_own(connection, shared, resolved, now)
        touched = {each.lead_id for each in before.values() if each.lead_id is not None} - person.lead_ids
        there = leads.load_who(connection, sorted(touched | resolved.refold | resolved.made))
        models = self._live(connection)
        if there and models:
            self._folder.refold(connection, models, sorted(there), now=now, because=BECAUSE)
        return gone

    def _stand_anew(
        self, connection: Connection[Any], person: Person, spoken: set[int], before: dict[int, Identity],
        proof: dict[str, int],
    ) -> set[int]:  # fmt: skip
        """Write which keys stood with which from the rows that are left; returns those that are left."""
        folder = self._folder
        others = before.keys() - person.identities.keys()
        rows = undoing.rows_left(
            connection, others, names=folder.names, sources=folder.sources, payloads=folder.payloads
        )
        rows += rows_left(connection, others)
        found = identities.find_identities(connection, {node for row in rows for node in row.nodes})
        numbers = {node: each.id for node, each in found.items()}
        proof["standings"] = store.take_standings(connection, person.identities)
        undoing.forget_standings(connection, spoken)
        pairs = undoing.pairs_of(rows, numbers, spoken)
        if pairs:
            identities.stand(connection, pairs)
        mentioned, known = undoing.mentioned(rows, numbers)
        # E-mails stand beside nobody else's facts: they are always their own.
        mentioned -= {number for number, each in person.identities.items() if each.sort == EMAIL}
        undoing.become_unknown(connection, spoken - known)
        return mentioned

    @staticmethod
    def _point_own(connection: Connection[Any], shared: Collection[int], resolved: Resolved, now: int) -> None:
        """A user id that nobody else owns makes a lead of its own, as a new one does."""
        known = identities.load_identities(connection, shared)
        own = [
            each for each in known.values() if each.sort != DEVICE and each.owner_id is None and each.lead_id is None
        ]
        point(connection, own, known, resolved, now=now)

    def _live(self, connection: Connection[Any]) -> list[LiveModel]:
        try:
            return self._models.load(connection)
        except NothingPublished:
            return []

    def _look_again(self, connection: Connection[Any], person: Person, every: Collection[Node]) -> None:
        """The proof: the same questions find nothing any more. Raises LeftBehind, upon which nothing is erased."""
        left = store.take(connection, person)
        left["events"], _ = store.take_events(connection, person, self._folder.payloads)
        left["given_traits"], _ = store.take_given(connection, person)
        left["inbox"] = store.take_waiting(connection, set(map(store.digest_of, every)))
        found = sorted(table for table, rows in left.items() if rows)
        if found:
            raise LeftBehind(f"an erasure left rows in {', '.join(found)}, and was not made; please report this fault")
