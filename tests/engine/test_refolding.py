"""Leads of very many facts are folded again outside of batches: nobody waits for them, in the end they are right."""

from random import Random

import pytest

from couveuse.engine import batch_work
from couveuse.engine.batches import Folder
from couveuse.engine.live import LiveModels
from couveuse.engine.merging import merge, unmerge
from couveuse.engine.poison import POISON
from couveuse.engine.refolding import Refolder
from couveuse.store import connections, refolds
from tests.engine.town import DAY, NOW, Town, accept, accepted
from tests.laws.strategies import LATEST, checked, world
from tests.laws.test_laws_live import begin, deliver, expected, stored

ALICE, BOB = "alice@example.com", "bob@example.com"
MOST = 20


@pytest.fixture
def town(database, monkeypatch):
    monkeypatch.setattr(batch_work, "MOST_REFOLDED", MOST)
    with Town(database) as town:
        yield town


@pytest.fixture
def refolder(town):
    return Refolder(town.url, town.tally.add, lambda: town.now)


def fold(town: Town, refolder: Refolder) -> int:
    """Fold again all that waits; returns how many leads that were."""
    count = 0
    while town.rows("select 1 from refolds"):
        refolder._rests.clear()
        assert refolder.work(town.connection)
        count += 1
    assert not refolder.work(town.connection)
    return count


def views(count: int = 2 * MOST, email: str = ALICE, at: int = NOW) -> list:
    return [accepted("Page Viewed", at - count + n, email=email) for n in range(count)]


def test_it_works(town, refolder):
    town.take(*views())
    late, other = accepted("Document Downloaded", NOW - 5 * DAY, email=ALICE), accepted("Page Viewed", email=BOB)
    before = town.score(ALICE)
    town.take(late, other)
    assert town.score(ALICE) == before
    assert town.score(BOB) == 1
    assert town.tally.counts.put_off == 1
    assert fold(town, refolder) == 1
    assert town.score(ALICE) == pytest.approx(2 * MOST + 5 * 0.5 ** (5 / 30), abs=1e-6)
    town.take(accepted("Page Viewed", NOW + 1, email=ALICE))
    assert town.tally.counts.put_off == 1
    assert town.score(ALICE) == pytest.approx(2 * MOST + 1 + 5 * 0.5 ** (5 / 30), abs=1e-3)


def test_what_comes_in_order_waits_with_what_was_put_off(town, refolder):
    town.take(*views())
    town.take(accepted("Page Viewed", NOW - 5 * DAY, email=ALICE))
    town.take(accepted("Page Viewed", NOW + 1, email=ALICE), accepted("Page Viewed", NOW + 2, email=ALICE))
    assert town.rows("select count(*) from refolds") == [(2,)]
    assert fold(town, refolder) == 1
    assert town.score(ALICE) == pytest.approx(2 * MOST + 2 + 0.5 ** (5 / 30), abs=1e-3)


def test_the_leads_of_fewest_facts_are_folded_at_once(town, refolder):
    town.take(*views(), *views(MOST // 2, BOB))
    town.take(*(accepted("Document Downloaded", NOW - DAY, email=each) for each in (ALICE, BOB)))
    assert town.rows("select lead_id from refolds") == [(town.lead(ALICE),)]
    assert town.score(BOB) == pytest.approx(MOST // 2 + 5 * 0.5 ** (1 / 30), abs=1e-3)
    assert fold(town, refolder) == 1


def test_a_late_fact_hands_over_once_it_is_folded(town, refolder):
    town.take(*views(at=NOW - 60 * DAY))
    town.take(accepted("Page Viewed", NOW - 100 * DAY, email=ALICE), accepted("Quote Requested", email=ALICE))
    assert town.handovers(ALICE) == []
    fold(town, refolder)
    assert town.handovers(ALICE) == [("sales", "rule", "quote", False), ("sales", "band", "high", False)]
    (why,) = town.rows("select why from handovers where kind = 'rule'")[0]
    assert why[0]["rule"] == "quote"


def test_what_came_quietly_hands_nobody_over(town, refolder):
    town.take(*views(at=NOW - 60 * DAY))
    quiet = accepted("Quote Requested", email=ALICE, flags=2)
    town.take(accepted("Page Viewed", NOW - 100 * DAY, email=ALICE, flags=2), quiet)
    fold(town, refolder)
    assert town.handovers(ALICE) == []


def test_a_verdict_withdraws_once_it_is_folded(town, refolder):
    town.take(*views(at=NOW - 60 * DAY), accepted("Quote Requested", NOW - DAY, email=ALICE, message_id="q"))
    town.take(accepted("Verdict Given", email=ALICE, of="q", verdict="machine"))
    assert not any(gone for *_, gone in town.handovers(ALICE))
    fold(town, refolder)
    assert all(gone for *_, gone in town.handovers(ALICE))
    assert town.rows("select distinct withdrawn_because from handovers") == [("verdict",)]


def test_a_merge_and_its_undoing_are_put_off_too(town, refolder):
    town.take(*views(), *views(5, BOB))
    folder, models = Folder(town.url), LiveModels()
    bob, alice = town.lead(BOB), town.lead(ALICE)
    number = merge(town.connection, folder, models, bob, alice, by="Alice", now=NOW)
    assert fold(town, refolder) == 1
    assert town.rows("select lead_id from lead_states") == [(alice,)]
    assert town.score(ALICE) == pytest.approx(2 * MOST + 5)
    unmerge(town.connection, folder, models, number, by="Alice", now=NOW)
    fold(town, refolder)
    assert (town.score(ALICE), town.score(BOB)) == (pytest.approx(2 * MOST), 5)


def test_a_lead_that_has_gone_meanwhile_has_no_state(town, refolder):
    town.take(*views())
    town.take(accepted("Page Viewed", NOW - 5 * DAY, email=ALICE), *views(5, BOB))
    merge(town.connection, Folder(town.url), LiveModels(), town.lead(ALICE), town.lead(BOB), by="Bob", now=NOW)
    fold(town, refolder)
    assert town.rows("select lead_id from lead_states") == [(town.lead(BOB),)]
    assert town.score(BOB) == pytest.approx(2 * MOST + 5 + 0.5 ** (5 / 30), abs=1e-3)


def test_a_lead_that_was_taken_back_meanwhile_leaves_nothing(town, refolder):
    town.take(*views())
    town.take(accepted("Page Viewed", NOW - 5 * DAY, email=ALICE))
    town.connection.execute("update identities set lead_id = null")
    town.connection.execute("delete from leads")
    fold(town, refolder)
    assert town.rows("select count(*) from lead_states") == [(0,)]


def test_a_device_of_many_facts_that_becomes_a_lead_is_put_off(town, refolder):
    town.take(*(accepted("Page Viewed", NOW - n, anonymous_id="kiosk") for n in range(2 * MOST)))
    town.take(accepted("Page Viewed", NOW + 1, email=ALICE, anonymous_id="kiosk"))
    assert town.score(ALICE) is None
    fold(town, refolder)
    assert town.score(ALICE) == 2 * MOST + 1


def test_what_comes_while_a_lead_is_folded_has_it_folded_again(town, refolder, monkeypatch):
    town.take(*views())
    town.take(accepted("Page Viewed", NOW - 5 * DAY, email=ALICE))
    real = Folder.load

    def load(self, connection, lead_ids, most=None):
        found = real(self, connection, lead_ids, most)
        monkeypatch.setattr(Folder, "load", real)
        with connections.connect(town.url, "other", autocommit=True) as other:  # while nothing is locked
            accept(other, accepted("Document Downloaded", NOW - 6 * DAY, email=ALICE))
            town.worker.work(other)
        return found

    monkeypatch.setattr(Folder, "load", load)
    assert refolder.work(town.connection)
    assert town.score(ALICE) == pytest.approx(2 * MOST + 0.5 ** (5 / 30), abs=1e-6)
    assert town.rows("select count(*) from refolds") == [(1,)]
    assert fold(town, refolder) == 1
    assert town.score(ALICE) == pytest.approx(2 * MOST + 0.5 ** (5 / 30) + 5 * 0.5 ** (6 / 30), abs=1e-6)


def test_a_lead_that_never_stops_rests(town, refolder):
    town.take(*views())
    for n in range(3):
        town.take(accepted("Page Viewed", NOW - (5 + n) * DAY, email=ALICE))
    refolder._rests[town.lead(ALICE)] = float("inf")
    assert not refolder.work(town.connection)
    town.take(*views(email=BOB))
    town.take(accepted("Page Viewed", NOW - 5 * DAY, email=BOB))
    assert refolder.work(town.connection)
    assert town.rows("select distinct lead_id from refolds") == [(town.lead(ALICE),)]


def test_two_do_not_fold_one_lead_at_once(town, refolder):
    town.take(*views())
    town.take(accepted("Page Viewed", NOW - 5 * DAY, email=ALICE))
    with connections.connect(town.url, "other", autocommit=True) as other:
        assert refolds.hold(other, town.lead(ALICE))
        assert not refolder.work(town.connection)
        refolds.give_back(other, town.lead(ALICE))
    assert fold(town, refolder) == 1


def test_a_lead_that_cannot_be_folded_holds_no_other_up(town, refolder, monkeypatch):
    for email in (ALICE, BOB):
        town.take(*views(email=email))
        town.take(accepted("Page Viewed", NOW - 5 * DAY, email=email))
    real, alice = Folder.load, town.lead(ALICE)

    def load(self, connection, lead_ids, most=None):
        if lead_ids == [alice]:
            raise RuntimeError(POISON)
        return real(self, connection, lead_ids, most)

    monkeypatch.setattr(Folder, "load", load)
    assert refolder.work(town.connection)
    assert refolder.work(town.connection)
    assert not refolder.work(town.connection)
    assert town.rows("select lead_id from refolds") == [(alice,)]
    monkeypatch.setattr(Folder, "load", real)
    assert fold(town, refolder) == 1


@pytest.mark.parametrize("share", range(2))
def test_random_histories_are_folded_as_the_core_says(town, refolder, monkeypatch, share):
    monkeypatch.setattr(batch_work, "MOST_REFOLDED", 6)
    town.now = LATEST
    for seed in range(share, 40, 2):
        made, rng = world(seed), Random(seed)
        begin(town, made)
        real = town.work

        def work(real=real, rng=rng):
            real()
            if rng.random() < 0.4:
                refolder._rests.clear()
                refolder.work(town.connection)

        with monkeypatch.context() as patched:
            patched.setattr(town, "work", work)
            counted = deliver(town, checked(made), rng)
        fold(town, refolder)
        assert town.rows("select count(*) from rejects") == [(0,)], f"world {seed}"
        assert stored(town, made) == expected(made, counted), f"world {seed}"
    assert town.tally.counts.put_off > 20
