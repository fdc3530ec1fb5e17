"""Work follows the facts of a lead into another one, and comes back: nothing is lost, and nobody is told anything."""

import pytest

from couveuse.engine.batches import Folder
from couveuse.engine.live import LiveModels
from couveuse.engine.merging import unmerge
from tests.engine.desk import Desk
from tests.engine.test_dispatching import ANNA, BEN, anna, machine, merged, of
from tests.engine.town import NOW, accepted


@pytest.fixture
def desk(database):
    with Desk(database) as desk:
        yield desk


def undone(desk, number):
    unmerge(desk.connection, Folder(desk.url), LiveModels(), number, by="Bob", now=desk.now)
    desk.dispatch()


def work(desk):
    """Whose open tasks there are: the lead's key and the team."""
    return desk.rows(
        "select r.key, t.team from tasks t join leads l on l.id = t.lead_id join identities r on r.id = l.root_id "
        "where t.standing in ('open', 'accepted') order by 1, 2"
    )


def test_it_works(desk):
    desk.come(anna("Document Downloaded"), of(BEN, "Page Viewed"))
    merged(desk, ANNA, BEN)
    assert work(desk) == [(BEN, "telemarketing")]
    assert desk.rows("select count(*) from handovers where withdrawn_at is not null") == [(0,)]
    assert desk.rows("select lead_id, number from episodes") == [(desk.lead(BEN), 1)]


def test_what_was_not_dispatched_is_dispatched_of_the_lead_that_stays(desk):
    desk.take(anna("Document Downloaded"), of(BEN, "Page Viewed"))
    merged(desk, ANNA, BEN)
    assert work(desk) == [(BEN, "telemarketing")]


def test_episodes_that_are_over_stay_and_the_next_one_has_the_next_number(desk):
    desk.come(anna("Quote Requested"), of(BEN, "Document Downloaded"))
    desk.come(of(BEN, "Opportunity Lost", NOW + 1))
    merged(desk, ANNA, BEN)
    assert desk.rows("select number, closed_by from episodes where lead_id = %s order by 1", desk.lead(BEN)) == [
        (1, "Opportunity Lost"), (2, None),
    ]  # fmt: skip
    assert work(desk) == [(BEN, "sales")]


def test_of_two_episodes_the_work_goes_on_in_one(desk):
    desk.come(anna("Quote Requested"), of(BEN, "Document Downloaded"))
    merged(desk, ANNA, BEN)
    assert work(desk) == [(BEN, "sales"), (BEN, "telemarketing")]
    assert desk.rows("select count(*) from episodes where closed_at is null") == [(1,)]
    assert desk.rows("select count(distinct episode_id) from handovers") == [(1,)]


@pytest.mark.parametrize("words", ["standing = 'accepted'", "tries = 2"])
def test_what_somebody_has_begun_stays(desk, words):
    desk.come(anna("Document Downloaded"), of(BEN, "Document Downloaded"))
    (begun,) = desk.rows("select id from tasks where lead_id = %s", desk.lead(ANNA))
    desk.connection.execute(f"update tasks set {words} where id = {begun[0]}")
    merged(desk, ANNA, BEN)
    assert desk.rows("select id, lead_id from tasks where standing in ('open', 'accepted')") == [
        (*begun, desk.lead(BEN))
    ]  # fmt: skip
    assert {row[2] for row in desk.intents()} == {"waiting"}


def test_what_was_told_of_both_is_withdrawn_for_both(desk):
    desk.come(anna("Document Downloaded", message_id="one"), of(BEN, "Document Downloaded", message_id="two"))
    desk.send()
    merged(desk, ANNA, BEN)
    desk.come(machine("one"), machine("two", NOW + 10))
    assert work(desk) == []
    assert sorted(desk.rows("select target ->> 'member' from intents where kind = 'withdrawn'")) == [
        ("alice",), ("bob",)
    ]  # fmt: skip


def test_a_merge_undone_gives_back_what_its_facts_keep(desk):
    desk.come(anna("Document Downloaded"), of(BEN, "Page Viewed"))
    desk.send()
    number = merged(desk, ANNA, BEN)
    undone(desk, number)
    assert work(desk) == [(ANNA, "telemarketing")]
    assert desk.alerts() == [("handed_over:1", False)]
    assert desk.rows("select lead_id from alerts") == [(desk.lead(ANNA),)]


def test_of_work_that_both_had_the_other_gets_its_own(desk):
    desk.come(of(BEN, "Quote Requested"), anna("Page Viewed"))
    number = merged(desk, ANNA, BEN)
    desk.come(anna("Document Downloaded", NOW + 1))
    assert work(desk) == [(BEN, "sales"), (BEN, "telemarketing")]
    undone(desk, number)
    assert work(desk) == [(ANNA, "telemarketing"), (BEN, "sales")]


def test_what_only_both_together_were_ripe_for_is_withdrawn(desk):
    desk.come(*(anna("Page Viewed", NOW + n) for n in range(12)), of(BEN, "Page Viewed"))
    number = merged(desk, ANNA, BEN)
    desk.come(*(of(BEN, "Page Viewed", NOW + n) for n in range(12)))
    assert work(desk) == [(BEN, "sales")]
    desk.send()
    undone(desk, number)
    assert work(desk) == []
    assert desk.rows("select distinct because from alerts where kind = 'withdrawn'") == [("unmerged",)]


def test_a_user_id_that_was_somebodys_takes_its_work_along(desk):
    desk.come(accepted("Document Downloaded", NOW, user_id="u1"), of(BEN, "Page Viewed"))
    assert work(desk) == [("u1", "telemarketing")]
    desk.come(accepted("Page Viewed", NOW - 5, email=BEN, user_id="u1"))
    assert work(desk) == [(BEN, "telemarketing")]
    assert desk.alerts() == [("handed_over:1", False)]


# ---- What a merge had made one is parted -----------------------------------------------------------------------------


def both_called(desk):
    desk.come(anna("Document Downloaded", message_id="one"), of(BEN, "Document Downloaded", message_id="two"))
    return [number for (number,) in desk.rows("select id from tasks order by id")]


def test_tasks_that_a_merge_had_made_one_are_two_again(desk):
    first, second = both_called(desk)
    desk.send()
    number = merged(desk, ANNA, BEN)
    assert work(desk) == [(BEN, "telemarketing")]
    undone(desk, number)
    assert work(desk) == [(ANNA, "telemarketing"), (BEN, "telemarketing")]
    assert desk.rows("select id, lead_id from tasks where standing = 'open' order by id") == [
        (first, desk.lead(ANNA)), (second, desk.lead(BEN)),
    ]  # fmt: skip
    assert desk.rows("select count(*) from alerts") == [(2,)]
    assert desk.rows("select lead_id from episodes where closed_at is null order by 1") == sorted(
        (desk.lead(each),) for each in (ANNA, BEN)
    )
    assert desk.rows("select count(*) from handovers where withdrawn_at is null") == [(2,)]
    assert desk.rows("select count(*) from task_entries where did = 'parted'") == [(2,)]


def test_a_task_that_was_begun_goes_back_to_whose_it_was(desk):
    first, second = both_called(desk)
    desk.connection.execute("update tasks set tries = 2 where id = %s", [first])
    number = merged(desk, ANNA, BEN)
    assert desk.rows("select id from tasks where standing = 'open'") == [(first,)]
    undone(desk, number)
    assert desk.rows("select id, lead_id, tries from tasks where standing = 'open' order by id") == [
        (first, desk.lead(ANNA), 2), (second, desk.lead(BEN), 0),
    ]  # fmt: skip


def test_what_the_facts_ask_for_no_more_is_not_parted(desk):
    both_called(desk)
    number = merged(desk, ANNA, BEN)
    desk.come(machine("one"))
    undone(desk, number)
    assert work(desk) == [(BEN, "telemarketing")]


def test_what_is_done_with_is_not_parted(desk):
    both_called(desk)
    number = merged(desk, ANNA, BEN)
    desk.connection.execute("update tasks set standing = 'closed', closed_at = 1 where standing = 'open'")
    undone(desk, number)
    assert work(desk) == []


def test_merged_again_they_are_one_again(desk):
    both_called(desk)
    undone(desk, merged(desk, ANNA, BEN))
    desk.now += 1
    again = merged(desk, ANNA, BEN)
    assert work(desk) == [(BEN, "telemarketing")]
    undone(desk, again)
    assert work(desk) == [(ANNA, "telemarketing"), (BEN, "telemarketing")]
