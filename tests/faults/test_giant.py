"""A hundred thousand facts of one lead: in order they are quick; what comes late lets nobody else wait.

How quick that is, is printed; what is held to is what is read for it, and who must wait for whom.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import quantiles

from couveuse.engine.batches import Folder
from couveuse.engine.folding import fold_lead
from couveuse.engine.live import LiveModels
from couveuse.store import connections, refolds, states
from tests.conftest import profile
from tests.engine.town import DAY, accept, accepted
from tests.faults.people import Said, track
from tests.faults.product import Product
from tests.faults.senders import Line, request
from tests.faults.truth import plain
from tests.processes import until

FACTS = 100_000
# Others' messages, each followed until its score can be read, while late facts of the giant come with each.
OTHERS = 1_000 if profile() == "faults" else 40
DEVICES = 20_000
MESSAGES = 50
SCORED = "select 1 from identities i join lead_states s using (lead_id) where i.key = %s"
READ = """
select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint from pg_stat_user_tables where relname ~ %s
"""
# So much memory an engine may take, in MB.
MEMORY = 700
# So many rows may be read for one message, whatever its lead has: some thirty are.
MOST_READ = 200


def memory_mb(pid: int | None) -> int:
    """The most memory that a process ever had, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) >> 10


def most_memory(product: Product) -> int:
    """The most memory that an engine ever had, in MB."""
    return max(memory_mb(engine.pid) for engine in product.engines)


def a_visit(number: str, user: str, at: int, event: str = "Document Downloaded") -> Said:
    """A message of a user's."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at / 1_000_000))
    return Said({"messageId": number, "userId": user, "timestamp": stamp, **track(event, path="/tarifs")}, False)


def give(product: Product, now: int) -> float:
    """The giant's history, in order; returns in how many seconds it was folded."""
    events = ("Page Viewed", "Page Viewed", "Page Viewed", "Email Clicked", "Document Downloaded")
    with product.connection() as connection:
        for first in range(0, FACTS, 1_000):
            accept(connection, *(
                accepted(
                    events[number % 5], now - 30 * DAY + number * 20_000_000, user_id="giant", path="/tarifs",
                    title="Nos tarifs", url="https://www.example.com/tarifs", message_id=f"g{number}", source="server",
                )
                for number in range(first, first + 1_000)
            ))  # fmt: skip
    began = time.monotonic()
    product.settle(600)
    return time.monotonic() - began


def lead_of(product: Product, key: str) -> int:
    """The lead to which a key points."""
    ((lead_id,),) = product.rows("select lead_id from identities where key = %s", key)
    return int(lead_id)


@contextmanager
def rows_read(product: Product, tables: str) -> Iterator[list[int]]:
    """How many rows of tables the engines read within; they tell so when they end, and begin anew."""
    with product.connection() as connection:
        connection.execute("analyze")  # as of any base that is not a minute old: plans are made of what is known of it
    restart(product)
    before = tally(product, tables)
    found: list[int] = []
    yield found
    restart(product)
    found.append(tally(product, tables) - before)


def restart(product: Product) -> None:
    """End the engines in good order, and begin them anew."""
    for engine in product.engines:
        engine.stop()
    product.start_all()


def tally(product: Product, tables: str) -> int:
    """How many rows of tables and all their parts were read since ever."""
    ((read,),) = product.rows(READ, tables)
    return int(read)


def test_nobody_waits_for_a_lead_of_a_hundred_thousand_facts(product: Product) -> None:
    rng, now = Random(1), time.time_ns() // 1000
    took = give(product, now)
    giant = lead_of(product, "giant")
    line, waits = Line(product.port), []
    # As long as this connection holds the giant nobody folds it again.
    with connections.connect(product.url, "test", autocommit=True) as connection:
        assert refolds.hold(connection, giant)
        with rows_read(product, "^events") as read:
            for number in range(OTHERS):
                late = a_visit(f"late{number}", "giant", now - rng.randrange(29 * DAY))
                other = a_visit(f"other{number}", f"other{number}", now - DAY)
                assert line.post(*request([late, other]), is_claim=False)
                began = time.monotonic()
                until(lambda key=f"other{number}": connection.execute(SCORED, [key]).fetchone(), 120)
                waits.append(time.monotonic() - began)
            memory = most_memory(product)
        assert refolds.waiting_among(connection, [giant])  # every other score stood before the giant's was right
        refolds.give_back(connection, giant)
    line.close()
    began = time.monotonic()
    product.settle(600)
    behind = time.monotonic() - began
    memory = max(memory, most_memory(product))
    print(
        f"{FACTS} facts in {took:.1f} s; others waited {quantiles(waits, n=20)[-1]:.2f} s (p95), {max(waits):.2f} s at "
        f"most, and {read[0]} facts were read meanwhile; the giant was right {behind:.1f} s later; {memory} MB"
    )
    # How many facts are looked at before what is late is put off is a choice of plans: the giant is the whole table.
    assert memory < MEMORY
    count, right = giant_state(product)
    assert count == FACTS + OTHERS
    assert right


def giant_state(product: Product) -> tuple[int, bool]:
    """How many facts the giant has, and whether its state is what they fold to."""
    folder = Folder(product.url)
    with product.connection() as connection:
        (lead,) = connection.execute("select lead_id from identities where key = 'giant'").fetchone() or (0,)
        whos, stored = folder.load(connection, [lead])
        right = True
        for model in LiveModels().load(connection):
            query = "select state from lead_states where model_id = %s and lead_id = %s"
            (state,) = connection.execute(query, [model.id, lead]).fetchone() or (b"",)
            expected = fold_lead(model.plan, whos[lead], stored[lead])
            right &= plain(states.unpack_state(model.plan, state, folder.payloads)) == plain(expected)
    return len(stored[lead]), right


def test_a_lead_of_very_many_devices_costs_no_more_than_others(product: Product) -> None:
    now = time.time_ns() // 1000
    with product.connection() as connection:
        for first in range(0, DEVICES, 1_000):
            accept(connection, *(
                accepted("Page Viewed", now - DAY + number, email="hub@example.com", anonymous_id=f"d{number}",
                         message_id=f"h{number}", source="server")
                for number in range(first, first + 1_000)
            ))  # fmt: skip
    product.settle(600)
    hub = lead_of(product, "hub@example.com")
    line = Line(product.port)
    with rows_read(product, "^(events|identities|standings|leads|given_traits)") as read:
        began = time.monotonic()
        for number in range(MESSAGES):
            assert line.post(*request([from_a_device(number, now)]), is_claim=number % 2 == 0)
            until(lambda: not product.waiting(), 120)
        took = time.monotonic() - began
    line.close()
    print(f"{MESSAGES} new devices of a person of {DEVICES} in {took:.2f} s, {read[0]} rows read")
    assert MESSAGES < read[0] < MESSAGES * MOST_READ
    ((devices,),) = product.rows("select count(*) from identities where lead_id = %s and sort = 2", hub)
    assert devices == DEVICES + MESSAGES


def from_a_device(number: int, now: int) -> Said:
    """What somebody does on a device that is new; every other message is a page's own, which says who it is."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 1_000_000)) + f".{number:03d}Z"
    said = {"messageId": f"n{number}", "anonymousId": f"new{number}", "timestamp": stamp}
    if number % 2 == 0:
        return Said({"type": "identify", "traits": {"email": "hub@example.com", "job_title": "CTO"}, **said}, True)
    return Said({"type": "page", "context": {"traits": {"email": "hub@example.com"}}, **said}, False)
