"""What the store has to hold, said by the core alone of what was acknowledged; and the comparison, to the digit."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

from psycopg import Connection

from couveuse.core.events import CHANGES, Change, Row
from couveuse.core.fold import canonical, fold
from couveuse.core.identities import Node, owners
from couveuse.core.plan import Plan
from couveuse.core.reading import at
from couveuse.core.state import State, packed
from couveuse.engine.live import LiveModels
from couveuse.store import registers, states
from couveuse.store.events import Stored, read_rows
from couveuse.store.payloads import Compressor
from tests.faults.product import Product
from tests.faults.senders import Sent

SORTS = ("email", "user_id", "anonymous_id")
# What a claim says in vain of a lead that is known.
OF_THE_PERSON = (Change.TRAITS, Change.JOIN, Change.LEAVE, Change.ADJUST, Change.VERDICT)


def nodes(row: Row) -> list[Node]:
    """The keys of a row, the nearest first."""
    return [(sort, key) for sort in SORTS if (key := getattr(row, sort))]


def first_copies(sent: Iterable[Sent]) -> dict[tuple[str, str], Sent]:
    """By what each fact is known; a message that was sent again is the same."""
    found: dict[tuple[str, str], Sent] = {}
    for each in sent:
        found.setdefault((each.row.fact.source, each.row.fact.message_id), each)
    return found


def owners_of(sent: Sequence[Sent]) -> dict[Node, Node]:
    """Whose each key is: claims come behind all that is trusted, and say nothing of a user id that is known."""
    known = {node for each in sent if not each.is_claim for node in nodes(each.row)}
    standings = []
    for each in sent:
        for one, other in combinations(nodes(each.row), 2):
            named = {one[0], other[0]}
            user = one if one[0] == "user_id" else other
            if each.is_claim and "anonymous_id" not in named and user in known:
                continue
            standings.append((one, other, (int(each.is_claim), *each.row.fact.key)))
    return owners(standings)


def plain(state: State) -> Any:
    """A state to compare."""
    return json.loads(packed(state))


def check(product: Product, sent: Iterable[Sent]) -> int:
    """Compare everything that is stored with what was acknowledged; returns how many facts there are."""
    facts = first_copies(sent)
    with product.connection() as connection:
        stored = _check_facts(connection, facts)
        pointed = _check_identities(connection, list(facts.values()))
        _check_leads(connection, facts, pointed, stored)
        _check_hand_overs(connection)
    return len(facts)


def _check_facts(connection: Connection[Any], facts: dict[tuple[str, str], Sent]) -> dict[tuple[str, str], Stored]:
    """Every acknowledged fact is stored once, as it was sent, and nothing else is."""
    assert connection.execute("select reason, detail from rejects limit 1").fetchone() is None
    rows = connection.execute(
        "select identity_id, at, received_at, name_id, source_id, flags, payload from events"
    ).fetchall()
    found = read_rows(
        connection, rows, names=registers.event_names(), sources=registers.sources(), payloads=Compressor()
    )
    by_key = Counter((each.fact.source, each.fact.message_id) for each in found)
    assert not [key for key, count in by_key.items() if count > 1], "stored twice"
    assert not facts.keys() - by_key.keys(), "acknowledged and lost"
    assert not by_key.keys() - facts.keys(), "stored and never sent"
    digests = connection.execute("select count(*) from seen").fetchone()
    assert digests == (len(facts),)
    stored = {(each.fact.source, each.fact.message_id): each for each in found}
    for key, each in stored.items():
        assert each.fact == facts[key].row.fact
        assert each.is_claim == facts[key].is_claim
    return stored


def _check_identities(connection: Connection[Any], sent: Sequence[Sent]) -> dict[Node, int | None]:
    """Every key is whose the core says, and points to that one's lead, merges by hand followed; to which lead it is."""
    owned = owners_of(sent)
    rows = connection.execute("select id, sort, key, owner_id, lead_id, is_known from identities").fetchall()
    names: dict[int, Node] = {number: (SORTS[sort], key) for number, sort, key, *_ in rows}
    assert set(names.values()) == {node for each in sent for node in nodes(each.row)}
    known = {node for each in sent if not each.is_claim for node in nodes(each.row)}
    lead_of = {names[root]: lead for lead, root in connection.execute("select id, root_id from leads").fetchall()}
    merged = dict(connection.execute("select lead_id, into_id from merges where undone_at is null").fetchall())
    pointed: dict[Node, int | None] = {}
    for number, _, _, owner_id, lead_id, is_known in rows:
        node = names[number]
        root = owned.get(node, node)
        assert (names[owner_id] if owner_id is not None else node) == root, f"whose {node} is"
        wanted = None if root[0] == "anonymous_id" else lead_of[root]
        while wanted in merged:
            wanted = merged[wanted]
        assert lead_id == wanted, f"to which lead {node} points"
        assert is_known == (node in known)
        pointed[node] = lead_id
    return pointed


def _check_leads(
    connection: Connection[Any],
    facts: dict[tuple[str, str], Sent],
    pointed: dict[Node, int | None],
    stored: dict[tuple[str, str], Stored],
) -> None:
    """Every lead's state is the core's fold of what was sent, under every live model; its reading is the state's."""
    held: dict[int, list[Sent]] = defaultdict(list)
    known: set[int] = set()
    for each in facts.values():
        lead_id = pointed[nodes(each.row)[0]]
        if lead_id is not None:
            held[lead_id].append(each)
        for sort, key in nodes(each.row):
            number = pointed[sort, key]
            if not each.is_claim and sort != "anonymous_id" and number is not None:
                known.add(number)
    emails = dict(
        connection.execute("select l.id, r.key from leads l join identities r on r.id = l.root_id where r.sort = 0")
        .fetchall()
    )  # fmt: skip
    payloads = Compressor()
    for model in LiveModels().load(connection):
        rows = connection.execute(
            "select lead_id, state, score, behaviour, fit, read_at, band from lead_states where model_id = %s",
            [model.id],
        ).fetchall()
        assert {row[0] for row in rows} == set(held) | {each for each in pointed.values() if each is not None}
        for lead_id, state, score, behaviour, fit, read_at, band in rows:
            written = states.unpack_state(model.plan, state, payloads)
            expected = folded(model.plan, held[lead_id], emails.get(lead_id), is_known=lead_id in known)
            assert plain(written) == plain(expected), f"lead {lead_id} under model {model.id}"
            reading = at(model.plan, written, read_at)
            assert (score, behaviour, fit) == (reading.score, reading.behaviour, reading.fit)
            assert model.plan.model.bands[band].id == reading.band.id


def folded(plan: Plan, sent: Iterable[Sent], email: str | None, *, is_known: bool) -> State:
    """A lead's state by the core alone."""
    admitted = [
        each.row.fact
        for each in sent
        if not (each.is_claim and is_known and CHANGES.get(each.row.fact.event) in OF_THE_PERSON)
    ]
    return fold(plan, canonical(admitted), email=email)


def _check_hand_overs(connection: Connection[Any]) -> None:
    """One open episode a lead; hand-overs that stand are of its lead, one a team, episode and kind of cause."""
    for query in (
        (
            "select lead_id, team, episode_id, kind from handovers where withdrawn_at is null group by 1, 2, 3, 4 "
            "having count(*) > 1"
        ),
        "select lead_id from episodes where closed_at is null group by 1 having count(*) > 1",
        (
            "select e.id from handovers h join episodes e on e.id = h.episode_id "
            "where e.lead_id <> h.lead_id and h.withdrawn_at is null"
        ),
    ):
        assert connection.execute(query).fetchall() == [], query
