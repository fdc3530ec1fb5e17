"""What an import would come to, without writing anything: who is new, which facts are, who may be written to."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from typing import Any, Final

from psycopg import Connection

from couveuse.core.consent import (
    Channel,
    Purpose,
    Refusal,
    Said,
    Standing,
    Suppressed,
    is_suppressed,
    said_by,
    standings,
    suppression_by,
    why_not,
)
from couveuse.engine.bringing import Declared
from couveuse.engine.resolving import nodes_of
from couveuse.history.whole import Arranged, WholeRow, whole_rows
from couveuse.store import consents, events
from couveuse.store.consents import Reach
from couveuse.store.identities import DEVICE, EMAIL, Identity, Node, find_identities, identities_of_leads
from couveuse.store.packets import digest_of

# So many persons are looked up at once.
AT_ONCE: Final = 1_000
PURPOSE: Final = Purpose.MARKETING_EMAIL


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would come of an import: facts that are new or known already, leads made, and who may be written to."""

    facts: int
    copies: int
    made: int
    reach: Reach


@dataclass(slots=True)
class _Person:
    """One owner of rows, and what these say of it."""

    owner: Node
    nodes: set[Node] = field(default_factory=set)
    digests: list[bytes] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    suppressed: list[Suppressed] = field(default_factory=list)


def foresee(
    connection: Connection[Any], arranged: Arranged, *, source: str = "", declared: Declared | None = None
) -> Foreseen:
    """What an import would come to if it were begun now."""
    counts: Counter[Refusal | str | None] = Counter()
    counted: set[int] = set()
    people = _people(whole_rows(arranged), source)
    while some := list(islice(people, AT_ONCE)):
        known = sum(events.known_among(connection, part) for part in _parts([d for each in some for d in each.digests]))
        counts["facts"] += sum(len(each.digests) for each in some) - known
        counts["copies"] += known
        _count(connection, some, declared, counts, counted)
    refusals = {reason.value: counts[reason] for reason in Refusal}
    leads = counts[None] + sum(refusals.values())
    return Foreseen(
        facts=counts["facts"],
        copies=counts["copies"],
        made=counts["made"],
        reach=Reach(leads=leads, new=counts["made"], allowed=counts[None], **refusals),
    )


def _people(rows: Iterator[WholeRow], source: str) -> Iterator[_Person]:
    for _, several in groupby(rows, key=lambda row: row.lead):
        person: _Person | None = None
        for row in several:
            person = person or _Person(row.owner)
            person.nodes |= set(nodes_of(row.email, row.user_id, row.anonymous_id)[:1])
            if row.is_lead:
                continue
            fact = row.fact if row.fact.source or not source else replace(row.fact, source=source)
            person.digests.append(digest_of(fact.source, fact.message_id))
            said = said_by(fact)
            if said is not None:
                person.said.append(said)
            suppressed = suppression_by(fact, person.owner[1] if person.owner[0] == EMAIL else None)
            if suppressed is not None:
                person.suppressed.append(suppressed)
        assert person is not None  # a group has rows
        yield person


def _parts(digests: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for low in range(0, len(digests), 10_000):
        yield digests[low : low + 10_000]


def _count(
    connection: Connection[Any],
    people: Sequence[_Person],
    declared: Declared | None,
    counts: Counter[Refusal | str | None],
    counted: set[int],
) -> None:
    """Count each person once, by the lead that it is already or would become."""
    found = find_identities(connection, {node for each in people for node in (each.owner, *each.nodes)})
    lead_of = {id(each): _lead_of(each, found) for each in people}
    lead_ids = sorted({lead for lead in lead_of.values() if lead is not None})
    said = consents.load_said(connection, lead_ids)
    emails: dict[int, set[str]] = {lead: set() for lead in lead_ids}
    for identity in identities_of_leads(connection, lead_ids).values():
        if identity.sort == EMAIL and identity.lead_id is not None:
            emails[identity.lead_id].add(identity.key)
    addresses = {each.owner[1] for each in people if each.owner[0] == EMAIL}.union(*emails.values())
    suppressed = consents.load_suppressions(connection, Channel.EMAIL, addresses)
    for each in people:
        lead = lead_of[id(each)]
        if lead in counted or (lead is None and each.owner[0] == DEVICE):
            continue
        mine = set(emails.get(lead, ())) if lead is not None else set()
        if each.owner[0] == EMAIL:
            mine.add(each.owner[1])
        if lead is None:
            counts["made"] += 1
        else:
            counted.add(lead)
        held = _held([*said.get(lead or 0, ()), *each.said], declared)
        left_alone = [[*suppressed.get(one, ()), *(s for s in each.suppressed if s.address == one)] for one in mine]
        closed = bool(mine) and all(is_suppressed(rows) for rows in left_alone)
        counts[why_not(PURPOSE, held, has_address=bool(mine), suppressed=closed)] += 1


def _lead_of(person: _Person, found: dict[Node, Identity]) -> int | None:
    leads = (found[node].lead_id for node in (person.owner, *sorted(person.nodes)) if node in found)
    return next((lead for lead in leads if lead is not None), None)


def _held(said: Iterable[Said], declared: Declared | None) -> dict[str, Standing]:
    """What would hold: an import is trusted, so that everybody in it is known."""
    words = list(said)
    if declared is not None:
        words += [
            Said(purpose, True, declared.at, declared.basis, declared.source, is_declared=True)
            for purpose in declared.purposes
        ]
    return standings(words, is_known=True)
