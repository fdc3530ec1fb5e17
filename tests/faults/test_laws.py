"""Laws 1 to 5 and 10 on the whole product: random histories through the front door, in random order, with copies.

Live engines fold them, leads are merged and parted meanwhile, and in the end everything is as the core says, to the
last digit: identities, states, readings as of any instant, by what is known now or was known then.
"""

import json
import time
from base64 import b64encode
from collections.abc import Sequence
from random import Random
from typing import Any

import httpx
import pytest
from psycopg import Connection

from couveuse.collect.normalising import Arrival, fact
from couveuse.core import times
from couveuse.core.events import Row
from couveuse.core.fold import canonical, fold
from couveuse.core.reading import at
from couveuse.engine.batches import Folder
from couveuse.engine.live import LiveModels
from couveuse.engine.looking import Looker
from couveuse.engine.merging import CannotMerge, merge, unmerge
from couveuse.store import states
from couveuse.store.published import live_models
from couveuse.store.write_keys import KeyKind, create_key
from tests.conftest import profile
from tests.documents.parts import written_out
from tests.engine.town import publish
from tests.faults import truth
from tests.faults.product import Product
from tests.faults.senders import Sent
from tests.laws.strategies import World, checked, world

WORLDS = 400 if profile() == "faults" else 12
SOURCES = ("", "web", "crm")


def key_of(source: str) -> str:
    return f"cvs_laws-{source or 'none'}"


@pytest.fixture(scope="module")
def keyed(whole_product: Product) -> None:
    """A server's key for each source of the histories."""
    with whole_product.connection() as connection:
        for source in SOURCES:
            create_key(connection, kind=KeyKind.SERVER, source=source, key=key_of(source))


def past_worlds(count: int) -> list[World]:
    """Worlds of which everything has happened by now: the front door lets nothing happen in the future."""
    found, seed, now = [], 0, time.time_ns() // 1000
    while len(found) < count:
        made = world(seed)
        if max(row.fact.at for row in checked(made)) < now:
            found.append(made)
        seed += 1
    return found


def message(row: Row) -> dict[str, Any]:
    """A row as a message that comes to the same."""
    context = dict(row.fact.context)
    if row.email:
        context["traits"] = {"email": row.email}
    said = {
        "type": "track", "event": row.fact.event, "messageId": row.fact.message_id, "userId": row.user_id,
        "anonymousId": row.anonymous_id, "timestamp": times.iso(row.fact.at), "properties": dict(row.fact.properties),
        "traits": dict(row.fact.traits), "context": context,
    }  # fmt: skip
    return {name: value for name, value in said.items() if value not in (None, {})}


def as_sent(row: Row) -> Sent:
    """What is to be stored of it."""
    said = json.loads(json.dumps(message(row)))
    found = fact("track", said, Arrival(time.time_ns() // 1000, row.fact.source, is_public=False))
    assert isinstance(found, Row)
    assert (found.fact.at, found.fact.event) == (row.fact.at, row.fact.event)
    return Sent(found, is_claim=False)


class Post:
    """Sends rows in batches of any size, each by the key of its source."""

    def __init__(self, product: Product, rng: Random) -> None:
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{product.port}")
        self._rng = rng
        self.sent: list[Sent] = []

    def close(self) -> None:
        self._client.close()

    def send(self, rows: Sequence[Row]) -> None:
        """Send rows in any order, and some of them again."""
        left = [*rows, *self._rng.choices(rows, k=max(len(rows) // 5, 1))]
        self._rng.shuffle(left)
        while left:
            size = self._rng.choice((1, 1, 2, 5, 20, 100))
            part, left = left[:size], left[size:]
            for source in SOURCES:
                some = [row for row in part if row.fact.source == source]
                if some:
                    self._post(source, some)

    def _post(self, source: str, rows: Sequence[Row]) -> None:
        key = b64encode(f"{key_of(source)}:".encode()).decode()
        body = {"batch": [message(row) for row in rows]}
        answer = self._client.post("/v1/batch", json=body, headers={"Authorization": f"Basic {key}"})
        assert answer.status_code == 200, answer.text
        self.sent += map(as_sent, rows)


def begin(product: Product, made: World) -> int:
    """Nothing recorded, under the world's model."""
    product.empty()
    with product.connection() as connection:
        connection.execute("update models set standing = 'retired' where standing = 'scoring'")
        before = [each.id for each in live_models(connection)]
        number = publish(connection, written_out(made.model))
        for each in before:
            states.drop_partition(connection, each)
        return number


def merge_two(product: Product, connection: Connection[Any], rng: Random) -> int | None:
    """Merge two leads that chance names; the merge's number, if there were two."""
    leads = [lead for (lead,) in product.rows("select id from leads order by id")]
    if len(leads) < 2:
        return None
    one, other = rng.sample(leads, 2)
    now = time.time_ns() // 1000
    try:
        return merge(connection, Folder(product.url), LiveModels(), one, other, by="Alice", now=now)
    except CannotMerge:
        return None


def check_looks(product: Product, sent: Sequence[Sent], known_at: int, rng: Random) -> int:
    """Every lead as of some instants, by what is known now and was known then, is what the core says of its facts."""
    facts = truth.first_copies(sent)
    looks = 0
    with product.connection() as connection:
        (model,) = LiveModels().load(connection)
        looker, plan = Looker(), model.plan
        received = dict(_received(connection))
        held = _held(connection, facts.values())
        for lead_id, (email, mine) in held.items():
            instants = sorted(each.row.fact.at for each in mine) or [0]
            for instant in (rng.choice(instants), rng.choice(instants) - 1, instants[-1] + rng.randrange(10**12)):
                for known in (None, known_at):
                    some = [each.row.fact for each in mine if known is None or received[_key(each)] <= known]
                    state = fold(plan, canonical(some), email=email, until=instant)
                    wanted = at(plan, state, instant)
                    look = looker.look(connection, lead_id, model, at=instant, known_at=known, now=instant)
                    assert look.reading == wanted, f"lead {lead_id} as of {instant}, known at {known}"
                    looks += 1
    return looks


def _key(sent: Sent) -> tuple[str, str]:
    return sent.row.fact.source, sent.row.fact.message_id


def _received(connection: Connection[Any]) -> list[tuple[tuple[str, str], int]]:
    folder = Folder("")
    rows = connection.execute("select identity_id, at, received_at, name_id, source_id, flags, payload from events")
    found = truth.read_rows(
        connection, rows.fetchall(), names=folder.names, sources=folder.sources, payloads=folder.payloads
    )
    return [((each.fact.source, each.fact.message_id), each.received_at) for each in found]


def _held(connection: Connection[Any], sent: Any) -> dict[int, tuple[str | None, list[Sent]]]:
    """The facts of each lead, with its e-mail."""
    rows = connection.execute("select sort, key, lead_id from identities where lead_id is not null").fetchall()
    pointed = {(truth.SORTS[sort], key): lead_id for sort, key, lead_id in rows}
    found: dict[int, tuple[str | None, list[Sent]]] = {}
    query = "select l.id, case when r.sort = 0 then r.key end from leads l join identities r on r.id = l.root_id"
    for lead_id, email in connection.execute(query).fetchall():
        if lead_id in pointed.values():
            found[lead_id] = (email, [])
    for each in sent:
        lead_id = pointed.get(truth.nodes(each.row)[0])
        if lead_id is not None:
            found[lead_id][1].append(each)
    return found


@pytest.mark.usefixtures("keyed")
def test_the_laws_hold_through_the_front_door(product: Product) -> None:
    facts = merges = looks = 0
    for made in past_worlds(WORLDS):
        rng, rows = Random(made.seed), checked(made)
        begin(product, made)
        post = Post(product, rng)
        half = len(rows) // 2
        post.send(rows[:half])
        product.settle()
        known_at = time.time_ns() // 1000
        with product.connection() as connection:
            number = merge_two(product, connection, rng)
            post.send(rows[half:])
            product.settle()
            truth.check(product, post.sent)
            looks += check_looks(product, post.sent, known_at, rng)
            if number is not None:
                now = time.time_ns() // 1000
                unmerge(connection, Folder(product.url), LiveModels(), number, by="Alice", now=now)
                merges += 1
        facts += truth.check(product, post.sent)
        post.close()
    print(f"{WORLDS} histories, {facts} facts, {merges} merges made and undone, {looks} looks")
    assert merges > 0
