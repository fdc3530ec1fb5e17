"""What time makes due: overdue tasks are raised, news is asked for, digests go; and nothing is looked for in vain."""

import threading

import pytest

from couveuse.core.outcomes import Outcome, Told
from couveuse.core.times import SECOND_US
from couveuse.engine import tasking
from couveuse.engine.minding import AGAIN_US, MOST_SECONDS, Minder
from tests.engine.desk import HOUR, TEAM, Counts, Desk, at
from tests.engine.test_dispatching import BEN, IRRELEVANT, anna, machine, of
from tests.engine.town import NOW


@pytest.fixture
def desk(database):
    with Desk(database) as desk:
        yield desk


def looks(desk):
    return desk.rows("select overdue_times, look_at from tasks order by id")


def mind_at(desk, now):
    desk.now = now
    return desk.mind()


def test_it_works(desk):
    desk.come(anna("Document Downloaded"))
    assert mind_at(desk, at(12.9, 1)) == 0
    assert mind_at(desk, at(13, 1)) == 1
    assert desk.alerts()[1:] == [("overdue:1:1", False)]
    assert [row[:2] for row in desk.intents()][1:] == [("overdue", {"member": "alice"})]
    assert desk.rows("select overdue_at, overdue_times from tasks") == [(at(13, 1), 1)]
    assert mind_at(desk, at(14.9, 1)) == 0


def test_it_is_raised_again_in_working_time_and_not_more_often_than_promised(desk):
    desk.come(anna("Document Downloaded"))
    mind_at(desk, at(17.5, 1))
    assert looks(desk) == [(1, at(10.5, 2))]
    mind_at(desk, at(10.5, 2))
    assert looks(desk) == [(2, None)]
    assert mind_at(desk, at(10.5, 9)) == 0
    assert [key for key, _ in desk.alerts()] == ["handed_over:1", "overdue:1:1", "overdue:1:2"]


def test_where_nobody_is_to_be_told_it_is_only_noted(desk):
    desk.come(anna("Quote Requested"))
    mind_at(desk, at(18, 2))
    assert looks(desk) == [(1, None)]
    assert [key for key, _ in desk.alerts()] == ["handed_over:1", "overdue:1:1"]
    assert "overdue" not in {row[0] for row in desk.intents()}


def test_what_is_put_off_is_not_overdue_before_its_time(desk):
    desk.come(anna("Document Downloaded"))
    desk.connection.execute("update tasks set not_before = %s", [at(9, 5)])
    mind_at(desk, at(13, 1))
    assert looks(desk) == [(0, at(9, 5))]
    mind_at(desk, at(9, 5))
    assert [key for key, _ in desk.alerts()][1:] == ["overdue:1:1"]


def test_a_promise_that_was_moved_is_looked_at_then(desk):
    desk.come(anna("Document Downloaded"))
    desk.connection.execute("update tasks set due_at = %s", [at(15, 1)])
    mind_at(desk, at(13, 1))
    assert looks(desk) == [(0, at(15, 1))]


def test_an_irrelevant_lead_is_overdue_to_nobody_until_that_is_lifted(database):
    with Desk(database, model=IRRELEVANT) as desk:
        desk.come(anna("Document Downloaded"))
        desk.come(anna("Traits Set", NOW + 1, traits={"job_title": "Spy"}))
        mind_at(desk, at(13, 1))
        assert looks(desk) == [(0, at(13, 1) + AGAIN_US)]
        desk.come(anna("Traits Set", NOW + 2, traits={"job_title": "Clerk"}))
        mind_at(desk, at(13, 1) + AGAIN_US)
        assert [key for key, _ in desk.alerts()][1:] == ["overdue:1:1"]


def test_closed_tasks_are_never_looked_at(desk):
    desk.come(anna("Document Downloaded"))
    desk.connection.execute("update tasks set standing = 'closed'")
    mind_at(desk, at(13, 1))
    assert (looks(desk), len(desk.alerts())) == ([(0, None)], 1)


def test_whoever_accepted_a_lead_is_asked_for_news_again_and_again(desk):
    desk.come(anna("Quote Requested"))
    desk.connection.execute("update tasks set standing = 'accepted', look_at = %s", [at(10, 30)])
    mind_at(desk, at(10, 30))
    mind_at(desk, at(10, 60))
    assert [key for key, _ in desk.alerts()][1:] == ["news_wanted:1:1", "news_wanted:1:2"]
    assert [row[1] for row in desk.intents() if row[0] == "news_wanted"] == [{"member": "carol"}] * 2
    assert [each.kind for each in desk.composed("news_wanted")] == ["news_wanted"] * 2
    assert looks(desk) == [(2, at(10, 90))]


def test_a_withdrawal_takes_back_what_was_raised_too(desk):
    desk.come(anna("Document Downloaded", message_id="one"))
    desk.apply(TEAM.replace("raise_to: [lead]", "raise_to: [board]"))
    mind_at(desk, at(13, 1))
    desk.connection.execute("update intents set standing = 'done' where kind = 'overdue'")
    desk.come(machine("one"))
    assert desk.alerts() == [("handed_over:1", True), ("overdue:1:1", True), ("withdrawn:1", False)]
    assert [row[1:] for row in desk.intents() if row[0] == "withdrawn"] == [
        ({"address": "board@example.org"}, "waiting")
    ]


def test_two_minders_raise_once(desk):
    desk.come(*(of(f"lead{number}@example.com", "Document Downloaded") for number in range(150)))
    desk.now = at(13, 1)

    def mind():
        from couveuse.store import connections

        with connections.connect(desk.url, "test", autocommit=True) as connection:
            Minder(desk.url, Counts(), lambda: desk.now).work(connection)

    threads = [threading.Thread(target=mind) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert desk.rows("select count(*), count(distinct task_id) from alerts where kind = 'overdue'") == [(150, 150)]


# ---- Digests ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def digested(desk):
    desk.apply(
        TEAM.replace("name: Alice Martin,", 'name: Alice Martin, digest: "08:30",').replace("[alice, bob]", "[alice]")
    )
    return desk


def test_a_digest_goes_once_with_all_its_alerts(digested):
    digested.come(anna("Document Downloaded"), of(BEN, "Document Downloaded"))
    assert mind_at(digested, at(8.4, 1)) == 0
    assert mind_at(digested, at(8.5, 1)) == 1
    assert digested.intents() == [("digest", {"member": "alice"}, "waiting")]
    assert digested.rows("select key from intents") == [(f"digest:alice:{at(8.5, 1)}",)]
    assert digested.rows("select count(*) from digest_items where intent_id = 1") == [(2,)]
    assert mind_at(digested, at(8.6, 1)) == 0


def test_a_digest_of_which_nothing_stands_does_not_go(digested):
    digested.come(anna("Document Downloaded", message_id="one"))
    digested.come(machine("one"))
    mind_at(digested, at(8.5, 1))
    assert digested.intents() == []
    assert digested.rows("select * from digest_items") == []


def test_whom_a_digest_told_is_told_of_the_withdrawal_at_once(digested):
    digested.come(anna("Document Downloaded", message_id="one"))
    mind_at(digested, at(8.5, 1))
    digested.send()
    digested.come(machine("one"))
    assert digested.intents()[1:] == [("withdrawn", {"member": "alice"}, "waiting")]


def test_what_comes_too_late_for_a_digest_waits_for_the_next(digested):
    digested.come(anna("Document Downloaded"))
    mind_at(digested, at(8.5, 1))
    digested.come(of(BEN, "Document Downloaded"))
    digested.connection.execute("update digest_items set due_at = %s where intent_id is null", [at(8.5, 1)])
    mind_at(digested, at(8.6, 1))
    assert digested.rows("select due_at from digest_items where intent_id is null") == [(at(8.5, 2),)]


def test_who_has_left_gets_no_digest(digested):
    digested.come(anna("Document Downloaded"))
    digested.apply(TEAM.replace("  - {id: alice, name: Alice Martin, email: alice@example.org, language: fr}\n", "")
                   .replace("[alice, bob]", "[bob]").replace("leads: [alice]", "leads: [bob]"))  # fmt: skip
    mind_at(digested, at(8.5, 1))
    assert digested.intents() == []
    assert digested.minder.until_next(digested.connection) == MOST_SECONDS


def test_a_digest_waits_for_a_working_day(digested):
    digested.apply(
        TEAM.replace("name: Alice Martin,", 'name: Alice Martin, digest: "08:30",').replace("mon-sun", "mon-thu")
    )
    digested.come(anna("Document Downloaded"))
    assert digested.rows("select due_at from digest_items") == [(at(8.5, 4),)]  # 28 May 2026 is a Thursday


# ---- When, and as a thread -------------------------------------------------------------------------------------------


def test_it_sleeps_until_the_next_thing_is_due(desk):
    assert desk.minder.until_next(desk.connection) == MOST_SECONDS
    desk.come(anna("Document Downloaded"))
    desk.now = at(13, 1) - 2 * SECOND_US
    assert desk.minder.until_next(desk.connection) == 2
    desk.now = at(13, 1) + HOUR
    assert desk.minder.until_next(desk.connection) == 0


def test_a_task_that_is_late_again_after_somebody_tried_is_told_again(desk):
    desk.come(anna("Document Downloaded"))
    mind_at(desk, at(13, 1))
    tasking.settle(desk.connection, 1, Told(Outcome.NO_ANSWER), version=0, by="alice", now=desk.now)
    mind_at(desk, at(17, 2))
    assert [key for key, _ in desk.alerts()][1:] == ["overdue:1:1", "overdue:1:v1:1"]
