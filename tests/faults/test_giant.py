"""A hundred thousand facts of one lead: in order they are quick; what comes late lets nobody else wait."""

import time
from pathlib import Path
from random import Random
from statistics import quantiles

from couveuse.engine.batches import Folder
from couveuse.engine.folding import fold_lead
from couveuse.engine.live import LiveModels
from couveuse.store import connections, states
from tests.conftest import profile
from tests.engine.town import DAY, accept, accepted
from tests.faults.people import Said, track
from tests.faults.product import Product
from tests.faults.senders import Line, request, send_all
from tests.faults.truth import plain
from tests.processes import until

FACTS = 100_000
# Others' messages, each followed until its score can be read, while late facts of the giant come with each.
OTHERS = 1_000 if profile() == "faults" else 40
SCORED = "select 1 from identities i join lead_states s using (lead_id) where i.key = %s"
# So much memory an engine may take, in MB.
MEMORY = 700


def memory_mb(pid: int | None) -> int:
    """The most memory that a process ever had, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) >> 10


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
    product.settle(300)
    return time.monotonic() - began


def test_nobody_waits_for_a_lead_of_a_hundred_thousand_facts(product: Product) -> None:
    rng, now = Random(1), time.time_ns() // 1000
    took = give(product, now)
    line, waits = Line(product.port), []
    with connections.connect(product.url, "test", autocommit=True) as connection:
        for number in range(OTHERS):
            late = a_visit(f"late{number}", "giant", now - rng.randrange(29 * DAY))
            other = a_visit(f"other{number}", f"other{number}", now - DAY)
            assert line.post(*request([late, other]), is_claim=False)
            began = time.monotonic()
            until(lambda key=f"other{number}": connection.execute(SCORED, [key]).fetchone())
            waits.append(time.monotonic() - began)
    line.close()
    began = time.monotonic()
    product.settle(120)
    behind = time.monotonic() - began
    memory = max(memory_mb(engine.pid) for engine in product.engines)
    p95 = quantiles(waits, n=20)[-1]
    print(
        f"{FACTS} facts in {took:.1f} s; others waited {p95:.2f} s (p95), {max(waits):.2f} s at most; "
        f"the giant was right {behind:.1f} s later; {memory} MB"
    )
    assert took < 60
    assert p95 < 1.0
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


def test_a_lead_of_very_many_devices_is_as_quick_as_others(product: Product) -> None:
    with product.connection() as connection:
        now = time.time_ns() // 1000
        for first in range(0, 20_000, 1_000):
            accept(connection, *(
                accepted("Page Viewed", now - DAY + number, email="hub@example.com", anonymous_id=f"d{number}",
                         message_id=f"h{number}", source="server")
                for number in range(first, first + 1_000)
            ))  # fmt: skip
    product.settle(120)
    began = time.monotonic()
    said = {"type": "page", "timestamp": "2026-01-02T03:04:05Z", "context": {"traits": {"email": "hub@example.com"}}}
    for number in range(50):
        send_all(product.port, [Said({**said, "messageId": f"n{number}", "anonymousId": f"new{number}"}, False)])
    product.settle()
    took = time.monotonic() - began
    print(f"50 new devices of a person of 20,000 in {took:.2f} s")
    assert took < 10
