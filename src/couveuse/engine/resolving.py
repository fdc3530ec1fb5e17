"""Whose facts are whose, live: `couveuse.core.identities` asked of what a batch changes, and of nothing else.

A batch mostly changes nothing: its keys are known, and stood together before. Then the lock that it shares with all
other batches is enough. What changes whose a key is (a visitor becomes a lead, an earlier row arrives late) asks for
that lock alone, and names the leads that must be folded again.

What a public key says is a claim. Its standings come behind those that are trusted, and none of them tells whose a user
id is of which a trusted fact speaks: so a claim merges no two known leads and takes none over.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection

from couveuse.core import identities as rule
from couveuse.core.events import kind
from couveuse.store import findable, leads
from couveuse.store import identities as store
from couveuse.store.companies import companies_of
from couveuse.store.identities import DEVICE, EMAIL, SORTS, USER_ID, Identity, Node, Pair, Place
from couveuse.store.packets import Flag


class NeedsTheLock(Exception):
    """The batch changes whose a key is: begin again with the lock held alone."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """What the rule reads of a fact: its keys, the nearest first, its place, and whether it is only claimed."""

    nodes: list[Node]
    place: tuple[int, int, str, str]
    flags: int


def nodes_of(email: str | None, user_id: str | None, anonymous_id: str | None) -> list[Node]:
    """The keys of a fact that it has, the nearest first."""
    return [(sort, key) for sort, key in enumerate((email, user_id, anonymous_id)) if key]


@dataclass(slots=True)
class Resolved:
    """Whose the facts of a batch are, and which leads a change of identities asks to fold again."""

    identities: dict[Node, Identity]
    refold: set[int] = field(default_factory=set)
    made: set[int] = field(default_factory=set)  # leads that this batch makes

    def nearest(self, keyed: Keyed) -> Identity:
        """The identity to which a fact belongs."""
        return self.identities[keyed.nodes[0]]


def place_of(at: int, event: str, source: str, message_id: str) -> tuple[int, int, str, str]:
    """A row's place in canonical order."""
    return (at, kind(event), source, message_id)


def resolve(connection: Connection[Any], facts: Sequence[Keyed], *, now: int, alone: bool) -> Resolved:
    """Whose these facts are; `alone` says that the lock on bindings is held alone.

    Raises NeedsTheLock where it is not and the batch changes whose a key is.
    """
    known: dict[Node, bool] = {}
    for fact in facts:
        trusted = not fact.flags & Flag.CLAIM
        for node in fact.nodes:
            known[node] = known.get(node, False) or trusted
    found = store.find_identities(connection, known)
    if len(found) < len(known):
        found |= store.insert_identities(connection, {node: known[node] for node in known if node not in found})
    resolved = Resolved(found)
    by_id = {identity.id: identity for identity in found.values()}
    newly = [each for node, each in found.items() if known[node] and not each.is_known]
    improved = _improved(connection, facts, found)
    touched = _touched(connection, by_id, improved, newly)
    if not alone and any(not by_id[each].is_new for each in touched):
        raise NeedsTheLock
    if newly:
        store.become_known(connection, [each.id for each in newly])
        resolved.refold |= {each.lead_id for each in newly if each.lead_id is not None}
        for each in newly:
            each.is_known = True
    if improved:
        store.stand(connection, improved)
    is_whole = any(each.sort == USER_ID for each in newly) or _may_own_users(by_id, improved, touched)
    changed = _owners(connection, by_id, touched, whole=is_whole) if touched else []
    told = {each.id for each in changed}
    fresh = [each for each in by_id.values() if each.is_new and each.id not in told and each.sort != DEVICE]
    point(connection, [*changed, *fresh], by_id, resolved, now=now)
    return resolved


def _improved(connection: Connection[Any], facts: Iterable[Keyed], found: Mapping[Node, Identity]) -> dict[Pair, Place]:
    """Pairs of keys that stand in these facts at an earlier place than known before."""
    places: dict[Pair, Place] = {}
    for fact in facts:
        nodes = fact.nodes
        if len(nodes) < 2:
            continue
        place: Place = (int(bool(fact.flags & Flag.CLAIM)), *fact.place)
        ids = sorted(found[node].id for node in nodes)
        for index, low in enumerate(ids):
            for high in ids[index + 1 :]:
                before = places.get((low, high))
                if before is None or place < before:
                    places[low, high] = place
    if not places:
        return {}
    old = store.standings_of_pairs(connection, places)
    return {pair: place for pair, place in places.items() if pair not in old or place < old[pair]}


def _touched(
    connection: Connection[Any],
    by_id: dict[int, Identity],
    improved: Mapping[Pair, Place],
    newly: Iterable[Identity],
) -> set[int]:
    """The identities whose owner may be another one now.

    Most improved pairs change nothing: their keys already belong to e-mails with which they stood before this place.
    """
    settled = _settled(connection, by_id, {each for pair in improved for each in pair})
    touched: set[int] = set()
    for pair, place in improved.items():
        for each in pair:
            if by_id[each].sort != EMAIL and (each not in settled or place < settled[each][1]):
                touched.add(each)
    return touched | {each.id for each in newly if each.sort == USER_ID}


def _settled(
    connection: Connection[Any], by_id: dict[int, Identity], ids: Collection[int]
) -> dict[int, tuple[Pair, Place]]:
    """Of some identities those that stood with the e-mail that owns them, and where.

    No other key changes whose they are, but for an e-mail with which they stood before that.
    """
    owned = [each for each in (by_id[number] for number in ids) if each.owner_id is not None]
    if not owned:
        return {}
    missing = {each.owner_id for each in owned if each.owner_id is not None} - by_id.keys()
    if missing:
        by_id |= store.load_identities(connection, missing)
    pairs = {
        each.id: (min(each.id, each.owner_id), max(each.id, each.owner_id))
        for each in owned
        if each.owner_id is not None and by_id[each.owner_id].sort == EMAIL
    }
    places = store.standings_of_pairs(connection, pairs.values()) if pairs else {}
    return {
        each: (pair, places[pair])
        for each, pair in pairs.items()
        if pair in places and may_bind(by_id[pair[0]], by_id[pair[1]], places[pair])
    }


def _may_own_users(by_id: Mapping[int, Identity], improved: Iterable[Pair], touched: Collection[int]) -> bool:
    """Whether an e-mail may own a user id now, and with it everything that the user id owned."""
    for pair in improved:
        for user, other in (pair, pair[::-1]):
            if user in touched and by_id[user].sort == USER_ID and by_id[by_id[other].root_id].sort == EMAIL:
                return True
    return False


def _owners(
    connection: Connection[Any], by_id: dict[int, Identity], touched: Collection[int], *, whole: bool
) -> list[Identity]:
    """The identities of the touched ones' neighbourhoods whose owner changed, with their new owner.

    `whole` says that keys which belonged to nobody else may do so now, even where no e-mail is near.
    """
    standings = _neighbourhood(connection, by_id, touched, whole=whole)
    if not whole and any(by_id[each].sort == EMAIL for pair in standings for each in pair):
        standings = _neighbourhood(connection, by_id, touched, whole=True)
    around = {each for pair in standings for each in pair} | set(touched)
    by_id |= store.load_identities(connection, [each for each in around if each not in by_id])
    names = {each: (SORTS[by_id[each].sort], by_id[each].key) for each in around}
    owned = rule.owners(
        (names[low], names[high], place)
        for (low, high), place in standings.items()
        if may_bind(by_id[low], by_id[high], place)
    )
    numbers = {name: each for each, name in names.items()}
    changed = []
    for each in sorted(around):
        identity = by_id[each]
        owner = owned.get(names[each])
        owner_id = None if owner is None else numbers[owner]
        if owner_id != identity.owner_id or identity.is_new:
            identity.owner_id = owner_id
            changed.append(identity)
    return changed


def rebind(connection: Connection[Any], ids: Collection[int], *, gone: Collection[int], now: int) -> Resolved:
    """Whose these identities are, asked again, where rows were taken back; those that are gone are nobody's.

    The lock on bindings must be held alone.
    """
    by_id = store.load_identities(connection, ids)
    changed = [each for each in _owners(connection, by_id, ids, whole=True) if each.id not in gone]
    _inherit(connection, changed, gone)
    resolved = Resolved({})
    point(connection, changed, by_id, resolved, now=now)
    return resolved


def _inherit(connection: Connection[Any], changed: Iterable[Identity], gone: Collection[int]) -> None:
    """The lead of a key that is gone goes on as that of the user id which had it before, and has none of its own."""
    heirs = [each for each in changed if each.owner_id is None and each.sort != DEVICE and each.lead_id is not None]
    own = leads.leads_of_roots(connection, [each.id for each in heirs])
    left = {lead: root for root, lead in leads.leads_of_roots(connection, sorted(gone)).items()}
    rerooted: dict[int, int] = {}
    for each in sorted(heirs, key=lambda each: each.id):
        if each.id not in own and each.lead_id in left:
            rerooted.setdefault(each.lead_id, each.id)
    if rerooted:
        leads.reroot_leads(connection, rerooted)


def may_bind(one: Identity, other: Identity, place: Place) -> bool:
    """Whether a standing may say whose a key is: a claim says it of no user id that is known."""
    is_claim = place[0] == 1
    user = one if one.sort == USER_ID else other
    return not (is_claim and user.sort == USER_ID and user.is_known and DEVICE not in (one.sort, other.sort))


def _neighbourhood(
    connection: Connection[Any], by_id: dict[int, Identity], ids: Collection[int], *, whole: bool
) -> dict[Pair, Place]:
    """What stood with these identities, and with what stood with them: as far as one may change whose another is.

    An e-mail is its own, and a key that is settled stays whose it is: nothing goes through either. A user id of its own
    owns what no e-mail owns; it is gone through only where an e-mail is near (`whole`), since that may own it, too. So
    an address or a user of a hundred thousand devices is not read whole for each new one.
    """
    standings: dict[Pair, Place] = {}
    done: set[int] = set()
    ring = {each for each in ids if _is_gone_through(by_id[each], whole=whole)}
    while ring:
        found = store.standings_of(connection, ring)
        done |= ring
        near = {each for pair in found for each in pair} - done
        missing = near - by_id.keys()
        if missing:
            by_id |= store.load_identities(connection, missing)
        settled = _settled(connection, by_id, near - set(ids))
        standings |= found | dict(settled.values())
        done |= settled.keys()
        ring = {each for each in near - done if _is_gone_through(by_id[each], whole=whole)}
        done |= near
    return standings


def _is_gone_through(identity: Identity, *, whole: bool) -> bool:
    if identity.sort == EMAIL:
        return False
    return whole or identity.sort == DEVICE or identity.owner_id is not None


# ---- Leads ---------------------------------------------------------------------------------------------------------


def point(
    connection: Connection[Any],
    changed: Sequence[Identity],
    by_id: Mapping[int, Identity],
    resolved: Resolved,
    *,
    now: int,
) -> None:
    """Point identities whose owner changed to their leads, and make the leads that are missing."""
    if not changed:
        return
    roots = {each.root_id for each in changed}
    lead_of = leads.leads_of_roots(connection, sorted(roots | {each.id for each in changed}))
    # Under another key a lead has other traits from the start: those that follow from its e-mail.
    resolved.refold |= _survive(connection, changed, by_id, lead_of)
    missing = [root for root in sorted(roots) if root not in lead_of and by_id[root].sort != DEVICE]
    if missing:
        emails = {root: by_id[root].key for root in missing if by_id[root].sort == EMAIL}
        companies = companies_of(connection, emails.values())
        made = leads.insert_leads(connection, missing, [companies.get(emails.get(root, "")) for root in missing], now)
        lead_of |= made
        resolved.made |= set(made.values())
    merged = leads.merged_into(connection, sorted(set(lead_of.values())))
    moved = []
    other: set[int] = set()
    for each in changed:
        lead = lead_of.get(each.root_id) if by_id[each.root_id].sort != DEVICE else None
        lead = merged.get(lead, lead) if lead is not None else None
        if not each.is_new and lead != each.lead_id:
            resolved.refold |= {number for number in (lead, each.lead_id) if number is not None}
        # By its e-mails and user ids a lead is found; those that are made are to be made findable anyway.
        if each.sort != DEVICE and each.lead_id != lead:
            other.update(number for number in (lead, each.lead_id) if number is not None)
        each.lead_id = lead
        moved.append(each)
    store.point_identities(connection, moved)
    findable.ask(connection, other - resolved.made)


def _survive(
    connection: Connection[Any], changed: Iterable[Identity], by_id: Mapping[int, Identity], lead_of: dict[int, int]
) -> set[int]:
    """The lead of a user id goes on as the lead of its e-mail; where that has one, its facts join that one's.

    A user id that is its own again has the facts of its lead back. Returns the leads that go on under another key.
    """
    rerooted: dict[int, int] = {}
    joined: dict[int, int | None] = {}
    for each in changed:
        lead = lead_of.get(each.id)
        if lead is None:
            continue
        if each.owner_id is None:
            joined[lead] = None
        elif each.owner_id in lead_of:
            joined[lead] = lead_of[each.owner_id]
        elif by_id[each.owner_id].sort == EMAIL:
            rerooted[lead] = each.owner_id
            lead_of[each.owner_id] = lead
            del lead_of[each.id]
    if rerooted:
        leads.reroot_leads(connection, rerooted)
    if joined:
        leads.join_leads(connection, joined)
    return set(rerooted)
