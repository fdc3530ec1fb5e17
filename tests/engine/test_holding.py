"""A lead that is held: nothing of it reaches anybody until a day or until it is lifted, and then everything does."""

from collections.abc import Iterator
from typing import Any

import pytest

from couveuse.core.times import DAY_US, HOUR_US
from couveuse.engine import tasking
from couveuse.engine.alerting import Later
from couveuse.engine.batches import Folder
from couveuse.engine.holding import BadHold, hold, lift
from couveuse.engine.live import LiveModels
from couveuse.engine.merging import merge, unmerge
from couveuse.engine.tasking import Done, Refused, Why
from couveuse.store import holds, tasks
from couveuse.store.tasks import Task
from tests.engine.desk import Desk, at
from tests.engine.town import NOW, accepted

ANNA, BEN = "anna@example.com", "ben@example.com"


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    with Desk(database) as desk:
        yield desk


def fact(event: str, when: int = NOW, email: str = ANNA, **words: Any) -> Any:
    return accepted(event, when, email=email, **words)


def held(desk: Desk, until: int | None = None, email: str = ANNA, because: str = "") -> holds.Hold:
    found = hold(desk.connection, desk.lead(email) or 0, until, because=because, by="alice", now=desk.now)
    assert found is not None
    return found


def lifted(desk: Desk, email: str = ANNA) -> bool:
    found = lift(desk.connection, desk.lead(email) or 0, by="alice", now=desk.now)
    assert found is not None
    return found.was_held


def queue(desk: Desk) -> list[int]:
    page = tasks.queue_page(
        desk.connection, model_id=desk.model_id, teams=["telemarketing", "sales"], member=None, cursor=None, most=50,
        now=desk.now,
    )  # fmt: skip
    return [task.id for task in page.tasks]


def the_task(desk: Desk, number: int = 1) -> Task:
    task = tasks.task(desk.connection, number)
    assert task is not None
    return task


# ---- Hand-overs ------------------------------------------------------------------------------------------------------


def test_it_works(desk: Desk) -> None:
    desk.take(fact("Page Viewed"))
    held(desk, because="They are moving")
    desk.come(fact("Document Downloaded", NOW + 1))
    assert desk.tasks() == []
    assert desk.alerts() == []
    assert lifted(desk)
    desk.dispatch()
    assert desk.tasks() == [("telemarketing", "open", "alice")]
    assert desk.alerts() == [("handed_over:1", False)]


def test_a_hold_ends_at_its_day_and_what_was_set_aside_is_due_from_then_on(desk: Desk) -> None:
    desk.take(fact("Page Viewed"))
    held(desk, at(10, 7))
    desk.come(fact("Document Downloaded", NOW + 1))
    assert desk.rows("select set_aside_at is not null, dispatched_at from handovers") == [(True, None)]
    desk.now = at(10, 7) - 1
    assert desk.dispatch() == 0
    desk.now = at(10, 7)
    desk.mind()
    desk.dispatch()
    assert desk.rows("select due_at from tasks") == [(at(14, 7),)]
    assert desk.rows("select ended_at, ended_by from holds") == [(at(10, 7), "couveuse")]


def test_scores_go_on_counting(desk: Desk) -> None:
    desk.take(fact("Page Viewed"))
    held(desk)
    desk.take(fact("Document Downloaded"))
    assert desk.score(ANNA) == 6


def test_an_episode_that_ends_meanwhile_leaves_nothing_to_do(desk: Desk) -> None:
    desk.take(fact("Page Viewed"))
    held(desk)
    desk.come(fact("Document Downloaded", NOW + 1), fact("Opportunity Lost", NOW + 2))
    lifted(desk)
    desk.dispatch()
    assert desk.tasks() == []


# ---- Tasks -----------------------------------------------------------------------------------------------------------


def test_tasks_leave_the_queue_and_come_back(desk: Desk) -> None:
    desk.come(fact("Document Downloaded"), fact("Document Downloaded", email=BEN))
    assert queue(desk) == [1, 2]
    held(desk)
    assert queue(desk) == [2]
    lifted(desk)
    assert queue(desk) == [1, 2]


def test_a_held_task_is_back_in_the_queue_the_moment_its_day_comes(desk: Desk) -> None:
    desk.come(fact("Document Downloaded"))
    held(desk, NOW + DAY_US)
    desk.now = NOW + DAY_US
    assert queue(desk) == [1]


def test_nobody_is_told_that_a_held_task_is_overdue_and_it_is_due_anew_afterwards(desk: Desk) -> None:
    desk.come(fact("Document Downloaded"))
    desk.send()
    held(desk)
    desk.now = at(9, 5)
    desk.mind()
    assert desk.alerts() == [("handed_over:1", False)]
    lifted(desk)
    assert the_task(desk).due_at == at(13, 5)
    desk.mind()
    assert desk.alerts() == [("handed_over:1", False)]
    desk.now = at(13, 5)
    desk.mind()
    assert desk.alerts() == [("handed_over:1", False), ("overdue:1:1", False)]


def test_what_was_late_before_stays_as_late(desk: Desk) -> None:
    desk.come(fact("Document Downloaded"))
    due = the_task(desk).due_at
    desk.now = due + HOUR_US
    held(desk)
    desk.now += DAY_US
    lifted(desk)
    assert the_task(desk).due_at == due


# ---- Alerts ----------------------------------------------------------------------------------------------------------


def test_an_alert_that_has_not_left_waits_and_leaves_afterwards(desk: Desk) -> None:
    desk.come(fact("Document Downloaded"))
    held(desk, NOW + DAY_US)
    (waiting,) = desk.composed()
    assert isinstance(waiting, Later)
    assert NOW < waiting.at <= NOW + DAY_US
    lifted(desk)
    (notice,) = desk.composed()
    assert not isinstance(notice, Later)
    assert desk.intents() == [("handed_over", {"member": "alice"}, "waiting")]


# ---- Merges and erasures ---------------------------------------------------------------------------------------------


def merged(desk: Desk) -> int:
    folder, models = Folder(desk.url), LiveModels()
    return merge(desk.connection, folder, models, desk.lead(BEN) or 0, desk.lead(ANNA) or 0, by="a", now=desk.now)


def test_of_two_leads_that_become_one_the_longer_hold_stands(desk: Desk) -> None:
    desk.take(fact("Page Viewed"), fact("Page Viewed", email=BEN))
    held(desk, NOW + DAY_US)
    held(desk, NOW + 2 * DAY_US, BEN)
    merged(desk)
    anna = desk.lead(ANNA) or 0
    assert holds.standing_holds(desk.connection, [anna], NOW)[anna].until == NOW + 2 * DAY_US


def test_a_hold_goes_along_with_a_merge_and_a_lift_lifts_where_it_came_from(desk: Desk) -> None:
    desk.take(fact("Page Viewed"), fact("Page Viewed", email=BEN))
    ben = desk.lead(BEN) or 0
    held(desk, email=BEN)
    number = merged(desk)
    desk.come(fact("Document Downloaded", NOW + 1))
    assert desk.tasks() == []
    assert lifted(desk)
    desk.dispatch()
    assert len(desk.tasks()) == 1
    unmerge(desk.connection, Folder(desk.url), LiveModels(), number, by="a", now=desk.now)
    assert holds.standing_holds(desk.connection, [ben], NOW) == {}


def test_a_merge_undone_leaves_the_hold_with_whom_it_was(desk: Desk) -> None:
    desk.take(fact("Page Viewed"), fact("Page Viewed", email=BEN))
    ben = desk.lead(BEN) or 0
    held(desk, email=BEN)
    unmerge(desk.connection, Folder(desk.url), LiveModels(), merged(desk), by="a", now=desk.now)
    assert ben in holds.standing_holds(desk.connection, [ben], NOW)


# ---- What is refused, and what is said twice -------------------------------------------------------------------------


@pytest.mark.parametrize(("until", "because"), [(NOW, ""), (NOW - 1, ""), (NOW + 800 * DAY_US, ""), (None, "x" * 501),
                                                (None, "a\x00b")])  # fmt: skip
def test_a_day_or_a_reason_that_will_not_do(desk: Desk, until: int | None, because: str) -> None:
    desk.take(fact("Page Viewed"))
    with pytest.raises(BadHold):
        hold(desk.connection, desk.lead(ANNA) or 0, until, because=because, by="alice", now=NOW)


def test_there_is_no_such_lead(desk: Desk) -> None:
    assert hold(desk.connection, 99, None, because="", by="alice", now=NOW) is None
    assert lift(desk.connection, 99, by="alice", now=NOW) is None


def test_a_new_word_stands_for_the_one_before_and_both_are_kept(desk: Desk) -> None:
    desk.take(fact("Page Viewed"))
    held(desk, NOW + DAY_US)
    desk.now += 1
    held(desk, None, because="longer")
    assert desk.rows("select until, because, ended_by from holds order by id") == [
        (NOW + DAY_US, "", "alice"), (None, "longer", None),
    ]  # fmt: skip
    assert desk.rows("select by, did from audit where did like '%%hold%%' or did like '%%held%%' order by id") == [
        ("alice", "held a lead"), ("alice", "held a lead"),
    ]  # fmt: skip


def test_lifting_twice_is_no_error(desk: Desk) -> None:
    desk.take(fact("Page Viewed"))
    held(desk)
    assert lifted(desk)
    assert not lifted(desk)


# ---- A task put off --------------------------------------------------------------------------------------------------


def off(desk: Desk, until: int, version: int = 0, text: str = "") -> Done | Refused:
    return tasking.put_off(desk.connection, 1, until, version=version, by="alice", now=desk.now, text=text)


def test_a_task_put_off_comes_again_and_no_try_is_counted(desk: Desk) -> None:
    desk.come(fact("Document Downloaded"))
    done = off(desk, at(9, 3), text="After the fair")
    assert isinstance(done, Done)
    assert (done.task.tries, done.task.not_before, done.task.due_at) == (0, at(9, 3), at(13, 3))
    assert queue(desk) == []
    desk.now = at(9, 3)
    assert queue(desk) == [1]
    assert desk.rows("select did, note from task_entries order by id desc limit 1") == [("put_off", "After the fair")]
    assert desk.rows("select count(*) from inbox") == [(0,)]


def test_it_may_be_said_again_but_not_over_what_somebody_else_did(desk: Desk) -> None:
    desk.come(fact("Document Downloaded"))
    off(desk, at(9, 3))
    again = off(desk, at(9, 3))
    assert isinstance(again, Done)
    assert again.again
    other = off(desk, at(9, 4))
    assert isinstance(other, Refused)
    assert other.why is Why.CHANGED


@pytest.mark.parametrize("until", [NOW, NOW + 800 * DAY_US])
def test_a_task_is_put_off_to_a_day_to_come(desk: Desk, until: int) -> None:
    desk.come(fact("Document Downloaded"))
    refused = off(desk, until)
    assert isinstance(refused, Refused)
    assert refused.field == "until"


def test_a_held_task_is_late_in_no_list(desk: Desk) -> None:
    desk.come(fact("Document Downloaded"), fact("Document Downloaded", email=BEN))
    desk.now = at(18, 7)
    held(desk)

    def late() -> list[int]:
        return [task.id for task in tasks.overdue_tasks(desk.connection, ["telemarketing"], now=desk.now, most=9)]

    assert late() == [2]
    lifted(desk)
    desk.now += 8 * DAY_US
    assert late() == [1, 2] or late() == [2, 1]
