"""Laws 1, 2, 4 and 10 on the live engine: random histories, in any order, with copies, in batches of any size.

What the store holds in the end is, to the last digit, what the core says of the same facts.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random

import pytest

from couveuse.core.events import Row
from couveuse.core.fold import canonical, fold
from couveuse.core.identities import Node, owner_of, owners
from couveuse.core.plan import plan
from couveuse.core.reading import at
from couveuse.core.state import State, packed
from couveuse.engine.batches import Folder
from couveuse.engine.live import LiveModels
from couveuse.engine.merging import merge, unmerge
from couveuse.store import states
from couveuse.store.packets import Accepted, digest_of
from couveuse.store.payloads import Compressor
from tests.conftest import profile
from tests.documents.parts import written_out
from tests.engine.town import Town, accept, publish
from tests.laws.strategies import LATEST, World, checked, standings, world

SEEDS = {"dev": 60, "ci": 120, "faults": 5_000}[profile()]
TABLES = (
    "inbox, seen, events, identities, standings, leads, merges, given_traits, lead_states, episodes, handovers, "
    "refolds, consents, suppressions, rejects, companies, audit"
)
_payloads = Compressor()


@pytest.fixture
def town(database):
    with Town(database) as town:
        town.now = LATEST
        yield town


def first_copies(rows: Iterable[Row]) -> list[Row]:
    """Live, the first accepted of several copies counts."""
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        found.setdefault((row.fact.source, row.fact.message_id), row)
    return list(found.values())


def as_accepted(row: Row) -> Accepted:
    """A row as the front door leaves it."""
    fact = row.fact
    user_id = row.user_id if row.email else None
    device = row.anonymous_id if row.email or row.user_id else None
    return Accepted(
        fact.at, LATEST, fact.event, fact.source, digest_of(fact.source, fact.message_id), row.email, row.user_id,
        row.anonymous_id, 0, _payloads.pack_fact(fact, user_id, device),
    )  # fmt: skip


def plain(state: State) -> object:
    """A state to compare; the order in which traits were learnt says nothing."""
    return json.loads(packed(state))


def expected(made: World, rows: Sequence[Row]) -> dict[Node, object]:
    """Every lead's state by the core alone."""
    planned = plan(made.model)
    owned = owners(standings(rows))
    given = {str(lead["email"]): {n: v for n, v in lead.items() if n != "email"} for lead in made.leads}
    facts: dict[Node, list] = {("email", email): [] for email in given}
    for row in rows:
        owner = owner_of(owned, row.email, row.user_id, row.anonymous_id)
        assert owner is not None
        if owner[0] != "anonymous_id":
            facts.setdefault(owner, []).append(row.fact)
    found = {}
    for owner, held in facts.items():
        email = owner[1] if owner[0] == "email" else None
        always = given.get(email or "", {})
        found[owner] = plain(fold(planned, canonical(held), email=email, since_always=always))
    return found


def stored(town: Town, made: World) -> dict[Node, object]:
    """Every lead's state as the store holds it."""
    planned = plan(made.model)
    rows = town.rows(
        "select r.sort, r.key, s.state from lead_states s join leads l on l.id = s.lead_id "
        "join identities r on r.id = l.root_id where model_id = %s", town.model_id,
    )  # fmt: skip
    return {
        (("email", "user_id")[sort], key): plain(states.unpack_state(planned, state, _payloads))
        for sort, key, state in rows
    }


def begin(town: Town, made: World) -> None:
    """An empty store under the world's model, with its file of leads."""
    town.connection.execute(f"truncate {TABLES} restart identity cascade")
    town.model_id = publish(town.connection, written_out(made.model))
    for lead in made.leads:
        Leads(town).give(str(lead["email"]), {name: value for name, value in lead.items() if name != "email"})


class Leads:
    """Leads of a file: an identity, and traits held since always."""

    def __init__(self, town: Town) -> None:
        self.town = town

    def give(self, email: str, traits: dict[str, object]) -> None:
        from psycopg.types.json import Jsonb

        from couveuse.engine.resolving import Keyed, resolve
        from couveuse.store.identities import own_bindings

        connection = self.town.connection
        folder, models = Folder(self.town.url), LiveModels().load(connection)
        with connection.transaction():
            own_bindings(connection)
            keyed = Keyed([(0, email)], (-(2**62), 0, "", ""), 0)
            identity = resolve(connection, [keyed], now=LATEST, alone=True).nearest(keyed)
            connection.execute(
                "insert into given_traits (identity_id, traits) values (%s, %s)", [identity.id, Jsonb(traits)]
            )
            folder.refold(connection, models, [identity.lead_id], now=LATEST, because="corrected")


def deliver(town: Town, rows: Sequence[Row], rng: Random) -> list[Row]:
    """Rows and copies of some, in any order, in packets and batches of any size; returns those that counted."""
    sent = [*rows, *rng.choices(rows, k=max(len(rows) // 5, 1))]
    rng.shuffle(sent)
    left = list(sent)
    while left:
        size = rng.choice((1, 1, 2, 5, 20, 100))
        accept(town.connection, *map(as_accepted, left[:size]))
        del left[:size]
        if rng.random() < 0.6:
            town.work()
    town.work()
    return first_copies(sent)


@pytest.mark.grows
@pytest.mark.parametrize("share", range(4))
def test_live_equals_the_core(town, share):
    for seed in range(share, SEEDS, 4):
        made, rng = world(seed), Random(seed)
        begin(town, made)
        rows = checked(made)
        counted = deliver(town, rows, rng)
        assert town.rows("select count(*) from rejects") == [(0,)], f"world {seed}"
        assert stored(town, made) == expected(made, counted), f"world {seed}"


@pytest.mark.grows
def test_a_merge_undone_leaves_what_was(town):
    for seed in range(SEEDS // 2):
        made, rng = world(seed), Random(seed)
        begin(town, made)
        rows = checked(made)
        half = len(rows) // 2
        deliver(town, rows[:half], rng)
        leads = [number for (number,) in town.rows("select lead_id from lead_states order by lead_id")]
        if len(leads) < 2:
            continue
        folder, models = Folder(town.url), LiveModels()
        one, other = rng.sample(leads, 2)
        number = merge(town.connection, folder, models, one, other, by="Alice", now=LATEST)
        deliver(town, rows[half:], rng)
        unmerge(town.connection, folder, models, number, by="Alice", now=LATEST)
        counted = [replace(row) for row in rows]
        held = {digest.bytes for (digest,) in town.rows("select digest from seen")}
        assert {digest_of(row.fact.source, row.fact.message_id) for row in counted} == held
        again = stored(town, made)
        refold_all(town, folder)
        assert stored(town, made) == again, f"world {seed}"
        assert {owner for owner in expected(made, counted) if owner[0] == "email"} <= again.keys(), f"world {seed}"


def refold_all(town: Town, folder: Folder) -> None:
    """Fold every lead again from its facts."""
    models = LiveModels().load(town.connection)
    leads = [number for (number,) in town.rows("select id from leads order by id")]
    with town.connection.transaction():
        folder.refold(town.connection, models, leads, now=LATEST, because="corrected")


def test_the_stored_reading_is_that_of_the_stored_state(town):
    for seed in range(20):
        made = world(seed)
        begin(town, made)
        deliver(town, checked(made), Random(seed))
        planned = plan(made.model)
        rows = town.rows("select score, behaviour, fit, read_at, state from lead_states")
        for score, behaviour, fit, read_at, state in rows:
            reading = at(planned, states.unpack_state(planned, state, _payloads), read_at)
            assert (score, behaviour, fit) == (reading.score, reading.behaviour, reading.fit)
