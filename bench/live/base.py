"""People and their past in a database, in bulk: as the engine would have left them, in minutes rather than hours.

So many different histories are made and folded, and people share them. What is stored is whole: a lead folded again
from its facts has the state that is stored of it.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from psycopg import Connection

from bench.live import people
from bench.live.ground import Ground
from couveuse.core.events import COOLING, PAGE_VIEWED, VERDICT_GIVEN, Fact
from couveuse.core.fold import advance, begin, fold
from couveuse.core.plan import Plan
from couveuse.core.reading import at
from couveuse.core.times import DAY_US
from couveuse.engine import handing
from couveuse.engine.folding import reading_of, row_of
from couveuse.engine.handing import Due
from couveuse.engine.live import LiveModels
from couveuse.store import binary, connections, events, registers, states
from couveuse.store.events import EventRow
from couveuse.store.identities import DEVICE, EMAIL, USER_ID
from couveuse.store.months import Months
from couveuse.store.packets import Flag, identity_digest
from couveuse.store.payloads import Compressor
from couveuse.store.states import StateRow

HISTORIES = 1_000
UNFINISHED = "unfinished"
AT_ONCE = 1_000_000  # rows of one COPY
_TABLES = ("identities", "standings", "leads", "seen", "events", "episodes", "handovers")


@dataclass(slots=True)
class HandOff:
    """An episode, and what was handed over in it, by (team, kind of cause)."""

    opened_at: int
    closed_at: int | None = None
    dues: dict[tuple[str, str], Due] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Past:
    """One history: its event rows but for whose they are, and the state that it leaves."""

    rows: Sequence[EventRow]
    state: StateRow
    episodes: Sequence["HandOff"]


def email_id(number: int) -> int:
    return 3 * number + 1


def user_id_id(number: int) -> int:
    return 3 * number + 2


def device_id(number: int) -> int:
    return 3 * number + 3


def lead_id(number: int) -> int:
    return number + 1


def ready(place: Ground, *, leads: int, facts: int) -> str:
    """The name of a database of so many leads with so many stored facts each: one that was kept, else a new one."""
    name = f"leads_{leads}_facts_{facts}"
    if not place.has(name):
        print(f"   making {leads:,} leads with {facts} events each ...", flush=True)
        began = time.perf_counter()
        url = place.make(UNFINISHED)
        fill(url, leads=leads, facts=facts)
        place.administer(f"alter database {UNFINISHED} rename to {name}")
        print(f"   made in {time.perf_counter() - began:.0f} s", flush=True)
    return name


def fill(url: str, *, leads: int, facts: int) -> None:
    """So many leads with so many stored facts each, in an empty database."""
    now = time.time_ns() // 1000
    with connections.connect(url, "bench", autocommit=True, statement_ms=0) as connection:
        connection.execute("set session_replication_role = replica")  # no look-up of a foreign key for each row
        connection.execute("set maintenance_work_mem = '1GB'")
        past = list(_pasts(connection, url, min(HISTORIES, leads), facts, now))
        with _unindexed(connection):
            _identities(connection, leads)
            _standings(connection, leads, now)
            _leads(connection, leads, now)
            _seen(connection, leads * facts)
            _events(connection, leads, facts, past)
            _handovers(connection, leads, past)
        _states(connection, leads, past)
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")


def _pasts(connection: Connection[Any], url: str, count: int, facts: int, now: int) -> Iterator[Past]:
    (model,) = LiveModels().load(connection)
    payloads = Compressor()
    histories = people.pasts(count, facts, end=now - DAY_US)
    Months(url).ensure((fact.at for history in histories for fact in history), now)
    names = registers.event_names().numbers(connection, {fact.event for history in histories for fact in history})
    sources = registers.sources().numbers(connection, {"web"})
    for number, history in enumerate(histories):
        state = fold(model.plan, history)
        rows: list[EventRow] = []
        for fact in history:
            browser = people.device(number) if fact.event == PAGE_VIEWED else None
            payload = payloads.pack_fact(fact, None, browser)
            rows.append((0, fact.at, fact.at, names[fact.event], sources["web"], int(Flag.NONE), None, payload))
        row = row_of(model.bands, 0, state, reading_of(model.plan, state, now), payloads)
        yield Past(rows, row, _handed_over(model.plan, history))


def _handed_over(plan: Plan, history: Sequence[Fact]) -> list[HandOff]:
    """The episodes that these facts would have made, coming one by one; the verdicts among them hand nobody over."""
    state, episodes = begin(plan, None), list[HandOff]()
    for fact in history:
        if fact.event == VERDICT_GIVEN:
            continue
        state = advance(plan, state, fact)
        if fact.event in COOLING and episodes and episodes[-1].closed_at is None:
            episodes[-1].closed_at = fact.at
        due = handing.due_routes(plan, handing.Moved(0, [fact], state, at(plan, state, fact.at)))
        if due and (not episodes or _may_open(plan, episodes[-1], due[0])):
            episodes.append(HandOff(fact.at))
        if due and episodes[-1].closed_at is None:
            for each in due:
                episodes[-1].dues.setdefault((each.route.team, each.kind), each)
    return episodes


def _may_open(plan: Plan, last: HandOff, due: Due) -> bool:
    """Whether another episode may begin after the last one."""
    return last.closed_at is not None and (due.is_decision or due.at - last.closed_at >= plan.model.again_after)


@contextmanager
def _unindexed(connection: Connection[Any]) -> Iterator[None]:
    """Indexes are made when everything is there: row by row they would take most of the time.

    Nothing may be asked of these tables meanwhile: PostgreSQL would look into indexes that know nothing.
    """
    tables = ", ".join(f"'{table}'::regclass" for table in _TABLES)
    # An ordinary table is no tree of partitions, and stands in its own place.
    connection.execute(
        f"""update pg_index set indisready = false where indrelid in (
            select relid from unnest(array[{tables}]) t, pg_partition_tree(t) where isleaf
            union select unnest(array[{tables}])::oid except select 'events'::regclass)"""
    )
    yield
    for table in _TABLES:
        connection.execute(f"reindex table {table}")


def _copy(connection: Connection[Any], into: str, types: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"copy {into} from stdin (format binary)") as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def _identities(connection: Connection[Any], leads: int) -> None:
    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(leads):
            owner, lead = email_id(number), lead_id(number)
            for each, sort, key, owned in (
                (owner, EMAIL, people.email(number), None),
                (user_id_id(number), USER_ID, people.user_id(number), owner),
                (device_id(number), DEVICE, people.device(number), owner),
            ):
                yield each, identity_digest(sort, key), owned, lead, sort, True, key

    # A uuid's bytes are its digest's.
    types = ("int8", "bytea", "int8", "int8", "int2", "bool", "text")
    _copy(connection, "identities (id, digest, owner_id, lead_id, sort, is_known, key)", types, rows())
    connection.execute("select setval(pg_get_serial_sequence('identities', 'id'), %s)", [3 * leads + 1])


def _standings(connection: Connection[Any], leads: int, now: int) -> None:
    """As if each had once said who they are, in the browser that they have."""
    at = now - people.HISTORY_US - DAY_US

    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(leads):
            email, user, device = email_id(number), user_id_id(number), device_id(number)
            for low, high in ((email, user), (email, device), (user, device)):
                yield low, high, 0, at, 0, "web", f"said-{number}"

    types = ("int8", "int8", "int2", "int8", "int2", "text", "text")
    _copy(connection, "standings (low_id, high_id, claimed, at, kind, source, message_id)", types, rows())


def _leads(connection: Connection[Any], leads: int, now: int) -> None:
    rows = ((lead_id(number), email_id(number), now) for number in range(leads))
    _copy(connection, "leads (id, root_id, created_at)", ("int8", "int8", "int8"), rows)
    connection.execute("select setval(pg_get_serial_sequence('leads', 'id'), %s)", [leads + 1])


def _seen(connection: Connection[Any], count: int) -> None:
    connection.execute(f"insert into seen select gen_random_uuid() from generate_series(1, {count})")


def _events(connection: Connection[Any], leads: int, facts: int, past: Sequence[Past]) -> None:
    """In the order in which they would have come: the first facts of all, then the second ones.

    People come in an order of their own each time, so that the facts of one lie apart.
    """

    def rows() -> Iterator[EventRow]:
        for place in range(facts):
            start, step = place * 7919, _stride(leads)
            for turn in range(leads):
                number = (start + turn * step) % leads
                _, *rest = past[number % len(past)].rows[place]
                yield (user_id_id(number), *rest)  # type: ignore[misc]

    left = rows()
    for _ in range(0, leads * facts, AT_ONCE):
        events.append_events(connection, islice(left, AT_ONCE))


def _stride(leads: int) -> int:
    """A step that meets everybody before it meets anybody again, and neighbours far apart."""
    from math import gcd

    step = max(int(leads * 0.618), 1)
    while gcd(step, leads) != 1:
        step += 1
    return step


def _states(connection: Connection[Any], leads: int, past: Sequence[Past]) -> None:
    (model,) = LiveModels().load(connection)
    states.drop_partition(connection, model.id)
    states.make_partition(connection, model.id, indexed=False)
    for start in range(0, leads, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, leads))
        rows = [past[number % len(past)].state._replace(lead_id=lead_id(number)) for number in numbers]
        states.copy_states(connection, model.id, rows)
    states.index_partition(connection, model.id)


def _handovers(connection: Connection[Any], leads: int, past: Sequence[Past]) -> None:
    (model,) = LiveModels().load(connection)

    def episodes() -> Iterator[tuple[int, int, int, HandOff]]:
        """Id, lead, number."""
        count = 0
        for number in range(leads):
            for place, each in enumerate(past[number % len(past)].episodes, 1):
                count += 1
                yield count, lead_id(number), place, each

    def rows() -> Iterator[tuple[Any, ...]]:
        for episode_id, lead, _, each in episodes():
            for (team, kind), due in each.dues.items():
                cause, score, band, at = due.route.cause, due.reading.score, due.reading.band.id, due.at
                causes = binary.jsonb(json.dumps([{"cause": cause, "at": at}]))
                yield (lead, episode_id, model.id, team, due.route.treatment, kind, cause, causes, at, at, score, band,
                       binary.jsonb("[]"), due.reading.rate, due.value, at)  # fmt: skip

    opened = ((number, lead, place, each.opened_at, each.closed_at) for number, lead, place, each in episodes())
    columns = "id, lead_id, number, opened_at, closed_at"
    _copy(connection, f"episodes ({columns})", ("int8", "int8", "int4", "int8", "int8"), opened)
    # Dispatched long ago: no deliverer is to make tasks of them.
    types = ("int8", "int8", "int4", "text", "text", "text", "text", "bytea", "int8", "int8", "float8", "text", "bytea",
             "float8", "float8", "int8")  # fmt: skip
    columns = ("lead_id, episode_id, model_id, team, treatment, kind, cause, causes, at, made_at, score, band, why, "
               "rate, value, dispatched_at")  # fmt: skip
    _copy(connection, f"handovers ({columns})", types, rows())
    last = sum(1 for _ in episodes()) + 1
    connection.execute("select setval(pg_get_serial_sequence('episodes', 'id'), %s)", [last])
