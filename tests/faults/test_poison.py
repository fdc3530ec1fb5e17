"""Poison in the inbox under load: a fact that kills the fold, a payload and a packet that nobody can read."""

from pathlib import Path
from random import Random

from couveuse.store.packets import Accepted, digest_of, pack
from tests.faults import truth
from tests.faults.people import Said, a_town, track
from tests.faults.product import Product
from tests.faults.senders import Load, send_all

# An engine whose fold one kind of message kills: whether it extends a state or folds one anew.
POISONED = """
from couveuse import configuration, logs
from couveuse.core.plan import Plan
from couveuse.engine import running
real = Plan.match_fact

def match_fact(plan, fact):
    if fact.message_id.startswith("poison"):
        raise RuntimeError("poison")
    return real(plan, fact)

Plan.match_fact = match_fact
settings = configuration.read()
logs.set_up("engine", settings)
running.run(settings, settings.database_url)
"""


def poison(number: int) -> Said:
    """A message that kills the fold of a person whom all share."""
    said = {"messageId": f"poison-{number}", "userId": "p1-user", "timestamp": "2026-01-02T03:04:05Z"}
    return Said({**said, **track("Document Downloaded", title="secret of Alice")}, is_claim=False)


def lay_garbage(product: Product, number: int) -> None:
    """A packet that is none, and a fact whose payload is none."""
    broken = Accepted(1, 1, "Page Viewed", "web", digest_of("web", f"x{number}"), "x@example.com", None, None, 0, b"no")
    for packet in (b"no packet", pack([broken])):
        product.rows(
            "insert into inbox (lane, events, received_at, packet) values (%s, 1, 1, %s) returning id",
            number % 8,
            packet,
        )


def test_what_cannot_be_folded_is_set_aside_and_all_else_is_folded(tmp_path: Path) -> None:
    with Product(tmp_path, engines=0) as product:
        engine = product.part("engine 0", "-c", POISONED)
        product.start_all()
        pid = engine.pid
        rng = Random(3)
        with Load(product.port, rng, a_town(rng, 20)) as load:
            for number in range(10):
                load.wait_for(30)
                send_all(product.port, [poison(number)])
                lay_garbage(product, number)
            load.wait_for(100)
        product.settle()
        found = product.rows("select reason, detail, count(*) from rejects group by 1, 2 order by 2")
        assert found[:1] == [("could_not_be_folded", "RuntimeError: poison", 10)]
        assert {detail: count for _, detail, count in found[1:]} == {
            "UnknownPayload: A stored payload was written by a newer version: upgrade this process, too.": 10,
            "the packet cannot be read": 10,
        }
        assert product.rows("select count(*) from rejects where body like '%%poison%%'") == [(10,)]
        product.rows("delete from rejects returning id")
        facts = truth.check(product, load.acknowledged)
        assert engine.pid == pid
        assert "Alice" not in engine.said
        print(f"{facts} facts, 30 set aside")
