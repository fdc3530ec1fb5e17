"""Erasing a person: every table that may tell of one, what goes of each, and the journal of whom it was done to.

Each table of the schema stands below, in what goes or in what stays; a test holds that none is missing. Of files that
were uploaded nobody knows of whom they speak: all that is kept of any goes, and whoever needs one uploads it again.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import msgspec
from psycopg import Connection

from couveuse.core.consent import Channel, Suppressed, Suppression
from couveuse.store import arrays, consents
from couveuse.store.identities import DEVICE, EMAIL, USER_ID, Identity, Node
from couveuse.store.inbox import LANE_LOCK
from couveuse.store.packets import LANES, Accepted, identity_digest, pack, unpack
from couveuse.store.payloads import Compressor
from couveuse.store.statements import statement

# Who says that an erased address is to be left alone.
SOURCE: Final = "erasure"


def _named(name: str) -> Any:
    return statement("erasures", name)


# What goes by one statement each, in an order in which nothing refers to what is gone.
_STEPS: Final = {
    table: _named(f"take_{table}")
    for table in (
        "intent_attempts", "digest_items", "intents", "alerts", "task_entries", "tasks", "handovers", "episodes",
        "allowed", "refolds", "holds", "merges", "crossings", "lead_states", "consents", "imported",
        "archived_identities", "archived_standings", "companies", "findable", "findable_due", "leads", "quiet_targets",
        "answers", "upload_pieces", "uploads",
    )
}  # fmt: skip
# What goes by functions of their own.
_ELSEWHERE: Final = ("events", "given_traits", "standings", "identities", "rejects", "inbox")
GOES: Final = (*_STEPS, *_ELSEWHERE)
STAYS: Final = {
    "seen": "digests of messages, so that a copy that comes late does not bring the person back",
    "suppressions": "digests of addresses, so that the person is not written to again",
    "erasures": "digests of keys, so that a backup that is restored is gone over again",
    "audit": "who did what by hand, about numbers",
    "event_names": "words", "sources": "words",
    "imports": "counts of files", "import_shares": "counts of files", "processes": "counts",
    "models": "our own documents", "allowances": "numbers a day", "rollups": "counts", "rollup_days": "counts",
    "team_documents": "our own people", "teams": "our own people", "members": "our own people",
    "memberships": "our own people", "absences": "our own people",
    "endpoints": "where messages go", "sealed_secrets": "where messages go", "switches": "settings",
    "write_keys": "digests of keys of senders", "api_tokens": "digests of tokens of programs",
    "archived_months": "counts of files", "backups": "names of files",
    "jobs": "numbers, and our own people", "bulk_leads": "numbers of leads that may be gone",
    "learnt_reports": "counts", "model_turns": "our own people",
    "drafts": "our own documents, and numbers of leads that may be gone",
    "findable_made": "a word of the team's document", "group_names": "names of groups",
    "lead_views": "what our own people look for", "mappings": "names of columns", "starting": "our own people",
    "users": "our own people", "invitations": "our own people",
    **dict.fromkeys(
        ("account_emailaddress", "account_emailconfirmation", "mfa_authenticator", "socialaccount_socialaccount",
         "socialaccount_socialapp", "socialaccount_socialtoken", "usersessions_usersession", "django_session",
         "axes_accessattempt", "axes_accessattemptexpiration", "axes_accessfailurelog", "axes_accesslog"),
        "our own people, and who tried to sign in",
    ),
    **dict.fromkeys(("auth_group", "auth_group_permissions", "auth_permission", "django_content_type"), "words"),
    "django_migrations": "names of migrations",
}  # fmt: skip

_WIDEN, _LEADS_OF, _FIND, _LOCK = _named("widen"), _named("leads_of"), _named("find"), _named("lock_states")
_LANES, _PACKETS, _REPLACE = _named("lock_lanes"), _named("packets"), _named("replace_packet")
_DELETE_PACKETS = statement("inbox", "delete")
_LOCKS = (_named("lock_handovers"), _named("lock_tasks"), _named("lock_alerts"), _named("lock_answers"))
_LOCK_INTENTS = _named("lock_intents")
_TOLD, _INTENTS = _named("told"), _named("intents_of")
_TAKE_EVENTS, _TAKE_GIVEN, _NO_MORE = _named("take_events"), _named("take_given_traits"), _named("name_no_more")
_ALONE, _TAKE_PAIRS, _TAKE_IDENTITIES = _named("leave_alone"), _named("take_standings"), _named("take_identities")
_NAMING, _TEXTS, _TAKE_REJECTS = _named("naming_rejects"), _named("texts_of_rejects"), _named("take_rejects")
_RECORD, _ALL = _named("record"), _named("all")
_WORD: Final = re.compile(r"[\w.+@-]+")
_SUPPRESSED, _SUPPRESS = _named("suppressed"), _named("suppress")


@dataclass(frozen=True, slots=True)
class Person:
    """Whom an erasure is about: all identities by number, and all leads that they make or made."""

    identities: Mapping[int, Identity]
    lead_ids: frozenset[int]

    @property
    def nodes(self) -> frozenset[Node]:
        """The keys with their sorts."""
        return frozenset((each.sort, each.key) for each in self.identities.values())

    @property
    def emails(self) -> list[str]:
        """The addresses."""
        return sorted(each.key for each in self.identities.values() if each.sort == EMAIL)


@dataclass(frozen=True, slots=True)
class Entry:
    """One erasure as the journal has it: digests of keys, those of them that are addresses to leave alone, by whom."""

    at: int
    by: str
    digests: tuple[str, ...]
    suppressed: tuple[str, ...]

    @property
    def key(self) -> tuple[int, tuple[str, ...]]:
        """By what it is known: numbers begin anew in a database that was restored."""
        return self.at, tuple(sorted(self.digests))


def find(connection: Connection[Any], digests: Collection[str]) -> set[int]:
    """The identities of some digests that are there."""
    rows = connection.execute(_FIND, [arrays.uuids(map(bytes.fromhex, digests))]).fetchall()
    return {number for (number,) in rows}


def gather(connection: Connection[Any], ids: Collection[int], lead_ids: Collection[int] = ()) -> Person:
    """Everything that is one person's with these identities and leads, merges followed."""
    known: dict[int, Identity] = {}
    numbers, leads = set(ids), set(lead_ids)
    while True:
        wanted = {"ids": arrays.numbers(numbers), "leads": arrays.numbers(leads)}
        rows = connection.execute(_WIDEN, wanted).fetchall()
        known = {row[0]: Identity(*row) for row in rows}
        made = connection.execute(_LEADS_OF, [arrays.numbers(known)]).fetchall()
        more = leads | {each.lead_id for each in known.values() if each.lead_id is not None} | {n for (n,) in made}
        if known.keys() <= numbers and more <= leads:
            return Person(known, frozenset(leads))
        numbers |= known.keys()
        leads = more


def lock_lanes(connection: Connection[Any]) -> None:
    """Nobody takes what waits until this transaction ends; batches that were begun are waited for."""
    connection.execute(_LANES, {"lock": LANE_LOCK, "lanes": LANES})


def lock_states(connection: Connection[Any], person: Person) -> None:
    """Nobody writes states of the person's until this transaction ends."""
    connection.execute(_LOCK, [arrays.numbers(person.lead_ids)])


def told(connection: Connection[Any], person: Person) -> list[str]:
    """To whom messages about the person went, by name."""
    return [who for (who,) in connection.execute(_TOLD, [arrays.numbers(person.lead_ids)]).fetchall() if who]


# ---- What goes -----------------------------------------------------------------------------------------------------


def take_waiting(connection: Connection[Any], digests: Collection[str]) -> int:
    """Take back what waits for the engine and is of keys of these digests; returns how many facts.

    The lanes must be locked.
    """
    taken = 0
    for number, packet in connection.execute(_PACKETS, binary=True).fetchall():
        try:
            facts = unpack(packet)
        except msgspec.DecodeError:
            continue  # the engine sets it aside as a reject
        left = [fact for fact in facts if digest_of(_nearest(fact)) not in digests]
        if len(left) == len(facts):
            continue
        taken += len(facts) - len(left)
        if left:
            connection.execute(_REPLACE, {"id": number, "packet": pack(left), "events": len(left)})
        else:
            connection.execute(_DELETE_PACKETS, [[number]])
    return taken


def _nearest(fact: Accepted) -> Node:
    if fact.email:
        return EMAIL, fact.email
    return (USER_ID, fact.user_id) if fact.user_id else (DEVICE, fact.anonymous_id or "")


def take_events(connection: Connection[Any], person: Person, payloads: Compressor) -> tuple[int, set[Node]]:
    """Facts go; returns how many, and the keys that stood in them beside the person's own."""
    rows = connection.execute(_TAKE_EVENTS, [arrays.numbers(person.identities)], binary=True).fetchall()
    nodes = set()
    for (payload,) in rows:
        *_, user_id, anonymous_id = payloads.unpack_fact(payload)
        nodes |= {(sort, key) for sort, key in ((USER_ID, user_id), (DEVICE, anonymous_id)) if key}
    return len(rows), nodes


def take_given(connection: Connection[Any], person: Person) -> tuple[int, set[int]]:
    """Traits that files of leads gave go; returns of how many rows, and the identities that stood in them."""
    rows = connection.execute(_TAKE_GIVEN, [arrays.numbers(person.identities)]).fetchall()
    return len(rows), {other for (others,) in rows for other in others}


def take(connection: Connection[Any], person: Person) -> dict[str, int]:
    """What is kept of the leads, and of what the identities said; returns how many rows went, by table."""
    leads = arrays.numbers(person.lead_ids)
    wanted = {"leads": leads, "ids": arrays.numbers(person.identities), "emails": person.emails}
    # Each is asked once the locks before it are had: what somebody was making of it is seen then.
    for lock in _LOCKS:
        connection.execute(lock, wanted)
    wanted["intents"] = arrays.numbers(number for (number,) in connection.execute(_INTENTS, wanted).fetchall())
    connection.execute(_LOCK_INTENTS, wanted)
    return {table: connection.execute(step, wanted).rowcount for table, step in _STEPS.items()}


def leave_alone(connection: Connection[Any], ids: Collection[int]) -> None:
    """Identities that others share are nobody's for now."""
    connection.execute(_ALONE, [arrays.numbers(ids)])


def take_identities(connection: Connection[Any], ids: Collection[int]) -> int:
    """Keys of which nothing is left go, and nobody names them any more; returns how many."""
    wanted = {"ids": arrays.numbers(ids)}
    connection.execute(_NO_MORE, wanted)
    return connection.execute(_TAKE_IDENTITIES, wanted).rowcount


def take_standings(connection: Connection[Any], ids: Collection[int]) -> int:
    """Pairs in which these identities stand; returns how many."""
    return connection.execute(_TAKE_PAIRS, {"ids": arrays.numbers(ids)}).rowcount


def take_rejects(connection: Connection[Any], keys: Collection[str], digests: Collection[str] = ()) -> int:
    """Rejects that name one of these keys, or a key of one of these digests, as a whole word; returns how many."""
    words, whole = _written(keys)
    rows = connection.execute(_NAMING, [sorted(words)]).fetchall() if words else []
    naming = {number for number, text in rows if whole.search(text.lower())}
    if digests:  # of whoever is known by digests alone: each word of each reject is asked
        for number, text in connection.execute(_TEXTS).fetchall():
            if any(digest_of((sort, word)) in digests for word in _WORD.findall(text) for sort in _sorts(word)):
                naming.add(number)
    return connection.execute(_TAKE_REJECTS, [arrays.numbers(naming)]).rowcount if naming else 0


def _sorts(word: str) -> Sequence[int]:
    return (EMAIL,) if "@" in word else (USER_ID, DEVICE)


def _written(keys: Collection[str]) -> tuple[set[str], re.Pattern[str]]:
    """How keys are written in JSON, in addresses and in bytes that could not be read; and what finds them.

    A short key stands in many other words: it counts where no letter or digit touches it. In bytes nothing tells where
    a word ends, so that only long keys are looked for.
    """
    words = {form for key in keys for form in (key.lower(), json.dumps(key)[1:-1].lower(), quote(key).lower())}
    inside = {key.encode("utf-8", "surrogatepass").hex() for key in keys if len(key) >= 6}
    alone = "|".join(re.escape(word) for word in sorted(words))
    either = rf"(?<![\w.+-])(?:{alone})(?![\w-])"
    return words | inside, re.compile("|".join([either, *sorted(inside)]))


# ---- The journal ---------------------------------------------------------------------------------------------------


def digest_of(node: Node) -> str:
    """By what an erased key is known; an e-mail by the same as its suppression."""
    sort, key = node
    return identity_digest(sort, key.lower() if sort == EMAIL else key).hex()


def record(connection: Connection[Any], entry: Entry, proof: Mapping[str, int]) -> int:
    """Write an erasure down; returns its number."""
    wanted = {"at": entry.at, "by": entry.by, "digests": _uuids(entry.digests), "proof": json.dumps(proof)}
    row = connection.execute(_RECORD, wanted).fetchone()
    assert row is not None  # it was inserted
    return int(row[0])


def suppress(connection: Connection[Any], person: Person, now: int) -> None:
    """Leave the person's addresses alone from now on."""
    rows = [Suppressed(Channel.EMAIL, address, Suppression.BY_HAND, now) for address in person.emails]
    consents.append_suppressions(connection, [consents.SuppressionRow(row, SOURCE) for row in rows])


def suppress_digests(connection: Connection[Any], digests: Sequence[str], at: int) -> None:
    """The same for addresses of which only digests are known; those that are left alone already are not said twice."""
    wanted = {"digests": _uuids(digests), "source": SOURCE}
    there = {each.hex for (each,) in connection.execute(_SUPPRESSED, wanted).fetchall()}
    missing = sorted(set(digests) - there)
    if missing:
        connection.execute(_SUPPRESS, {"digests": _uuids(missing), "at": at, "source": SOURCE})


def entries(connection: Connection[Any]) -> list[Entry]:
    """All erasures that this database knows, in the order in which they were made."""
    rows = connection.execute(_ALL, {"source": SOURCE}).fetchall()
    return [
        Entry(at, by, tuple(each.hex for each in digests), tuple(sorted(each.hex for each in suppressed)))
        for at, by, digests, suppressed in rows
    ]


def _uuids(digests: Iterable[str]) -> str:
    return arrays.uuids(map(bytes.fromhex, digests))
