"""Clocks that are wrong: a sender's, by years, and our own, which steps back and forth between two batches."""

import time
from random import Random

from couveuse.core.times import DAY_US, iso
from couveuse.engine.batches import Folder
from couveuse.engine.live import LiveModels
from tests.conftest import profile
from tests.engine.town import NOW, Town, accepted
from tests.faults.people import Said, track
from tests.faults.product import Product
from tests.faults.senders import send_all

YEAR = 365 * DAY_US
ROUNDS = 2_000 if profile() == "faults" else 60


def test_what_passed_between_an_event_and_its_sending_is_right_however_wrong_the_senders_clock_is(
    product: Product,
) -> None:
    rng, before = Random(5), months(product)
    wanted = {}
    for number in range(200):
        now = time.time_ns() // 1000
        skew = rng.choice((-30 * YEAR, -YEAR, -DAY_US, 0, DAY_US, YEAR, 70 * YEAR))
        ago = rng.choice((0, 1_000_000, 3_600_000_000, 40 * DAY_US))
        said = {
            "messageId": f"m{number}", "userId": f"u{number % 20}", "sentAt": iso(now + skew),
            "timestamp": iso(now + skew - ago), **track("Page Viewed", path="/tarifs"),
        }  # fmt: skip
        send_all(product.port, [Said(said, is_claim=False)])
        wanted[f"m{number}"] = (now - ago, time.time_ns() // 1000 - ago)
    product.settle()
    assert product.rows("select count(*) from rejects") == [(0,)]
    stored = product.rows("select at, received_at from events order by received_at, at")
    assert len(stored) == len(wanted)
    for (at, received_at), (low, high) in zip(stored, wanted.values(), strict=True):
        assert low - 1_000 <= at <= high
        assert at <= received_at
    assert months(product) <= before + 3


def months(product: Product) -> int:
    """How many months have a partition."""
    return len(product.rows("select 1 from pg_inherits where inhparent = 'events'::regclass"))


def test_our_own_clock_may_step_back_and_forth(database: str) -> None:
    rng = Random(6)
    with Town(database) as town:
        for number in range(ROUNDS):
            town.now = NOW + rng.choice((-56 * YEAR, -YEAR, -DAY_US, 0, 0, 0, DAY_US, YEAR))
            town.take(*(
                accepted(
                    rng.choice(("Page Viewed", "Document Downloaded", "Quote Requested", "Lead Rejected")),
                    NOW - rng.randrange(100 * DAY_US) if rng.random() < 0.3 else NOW + number * 1_000_000 + place,
                    email=f"{rng.randrange(10)}@example.com",
                    traits={"job_title": "CEO"},
                )
                for place in range(rng.randint(1, 20))
            ))  # fmt: skip
        query = "select lead_id, state from lead_states order by lead_id"
        before = town.rows(query)
        assert town.rows("select count(*) from rejects") == [(0,)]
        folder = Folder(database)
        with town.connection.transaction():
            models = LiveModels().load(town.connection)
            folder.refold(town.connection, models, [lead for lead, _ in before], now=NOW, because="corrected")
        assert town.rows(query) == before
        assert town.rows("select 1 from episodes where closed_at is null group by lead_id having count(*) > 1") == []
        print(f"{ROUNDS} rounds")
