"""What came quietly is handed over to so many a day as was allowed, the best first."""

import pytest

from couveuse.engine.running import Tally
from couveuse.engine.waking import Clock
from couveuse.store import allowances
from couveuse.store.packets import Flag
from tests.engine.town import DAY, NOW, Town, accepted


@pytest.fixture
def town(database):
    with Town(database) as town:
        for number in range(3):
            quotes = (
                accepted("Quote Requested", NOW - n, email=f"{number}@example.com", flags=Flag.QUIET)
                for n in range(number + 2)
            )
            town.take(*quotes)
        yield town


def handed(town: Town) -> list[str]:
    rows = town.rows(
        "select distinct on (h.episode_id) r.key from handovers h join leads l on l.id = h.lead_id "
        "join identities r on r.id = l.root_id order by h.episode_id"
    )
    return [key for (key,) in rows]


def allow(town: Town, per_day: int) -> None:
    leads = [town.lead(f"{number}@example.com") for number in range(3)]
    allowances.allow(town.connection, leads, per_day=per_day, because="a test", now=town.now)


def test_nobody_is_handed_over_unless_it_was_allowed(town):
    clock = Clock(town.url, Tally(), lambda: town.now)
    assert clock.release(town.connection) == 0
    assert handed(town) == []


def test_it_works(town):
    allow(town, 2)
    clock = Clock(town.url, Tally(), lambda: town.now)
    assert clock.release(town.connection) == 4  # a rule's and a band's each
    assert sorted(handed(town)) == ["1@example.com", "2@example.com"]
    assert clock.release(town.connection) == 0
    town.now = NOW + DAY
    assert clock.release(town.connection) == 2
    assert sorted(handed(town)) == ["0@example.com", "1@example.com", "2@example.com"]
    assert allowances.open_allowances(town.connection, since=0) == []


def test_who_was_handed_over_by_a_fact_meanwhile_is_not_handed_over_again(town):
    allow(town, 3)
    town.take(accepted("Quote Requested", NOW + 1, email="2@example.com"))
    assert Clock(town.url, Tally(), lambda: town.now).release(town.connection) == 4
    assert len(handed(town)) == 3
