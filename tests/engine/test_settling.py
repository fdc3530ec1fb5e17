"""An outcome that may be taken back: nothing is recorded or told until its moment has passed, and then it counts."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from couveuse.core.model import LeadClass
from couveuse.core.outcomes import Outcome, Told
from couveuse.core.times import DAY_US, HOUR_US, SECOND_US
from couveuse.engine import settling, tasking
from couveuse.engine.settling import settle_due, settle_soon, undo
from couveuse.engine.tasking import Done, Refused, Why
from couveuse.store import connections, settlings, tasks
from couveuse.store.alerts import notes_of
from couveuse.store.tasks import Task
from tests.engine.desk import Desk
from tests.engine.town import NOW, accepted

ANNA = "anna@example.com"
LATER = 12 * SECOND_US


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    with Desk(database) as desk:
        yield desk


def a_task(desk: Desk, event: str = "Document Downloaded", email: str = ANNA) -> Task:
    desk.come(accepted(event, NOW, email=email))
    return the_task(desk, desk.rows("select max(id) from tasks")[0][0])


def the_task(desk: Desk, number: int) -> Task:
    task = tasks.task(desk.connection, number)
    assert task is not None
    return task


def said(desk: Desk, task: Task, outcome: Outcome, by: str = "alice", **told: Any) -> Done:
    done = settle_soon(
        desk.connection, task.id, Told(outcome, **told), version=task.version, by=by, now=desk.now
    )  # fmt: skip
    assert isinstance(done, Done), done
    return done


def refused(answer: object) -> Why:
    assert isinstance(answer, Refused), answer
    return answer.why


def dids(desk: Desk, task: Task) -> list[str]:
    return [each.did for each in tasks.entries(desk.connection, task.id)]


def waiting(desk: Desk) -> int:
    """Facts that wait for the engine."""
    return int(desk.rows("select coalesce(sum(events), 0) from inbox")[0][0])


def test_it_works(desk: Desk) -> None:
    task = a_task(desk)
    done = said(desk, task, Outcome.PROJECT_DETECTED, note="Two pumps by June.")
    assert (done.task.standing, done.task.settles_at) == ("open", NOW + LATER)
    assert (waiting(desk), len(desk.tasks())) == (0, 1)
    desk.now += LATER
    desk.mind()
    after = the_task(desk, task.id)
    assert (after.standing, after.outcome, after.outcome_by) == ("closed", "project_detected", "alice")
    assert (after.settles_at, after.closed_at) == (None, NOW)
    assert waiting(desk) == 2
    ((child,),) = desk.rows("select id from tasks where parent_id = %s", task.id)
    assert notes_of(desk.connection, child) == ("Two pumps by June.",)


def test_what_is_recorded_is_of_the_instant_at_which_it_was_said(desk: Desk) -> None:
    said(desk, a_task(desk), Outcome.NO_ANSWER)
    desk.now += HOUR_US
    desk.mind()
    desk.work()
    asked = "select e.at from events e join event_names n on n.id = e.name_id where n.name = 'Call Made'"
    assert desk.rows(asked) == [(NOW,)]


def test_nothing_counts_before_its_moment(desk: Desk) -> None:
    task = a_task(desk)
    said(desk, task, Outcome.NO_BUDGET)
    desk.now += LATER - 1
    desk.mind()
    assert the_task(desk, task.id).standing == "open"
    desk.now += 1
    desk.mind()
    assert the_task(desk, task.id).standing == "closed"


def test_what_is_taken_back_never_was(desk: Desk) -> None:
    task = a_task(desk)
    said(desk, task, Outcome.NO_BUDGET)
    done = undo(desk.connection, task.id, by="alice", now=desk.now + SECOND_US)
    assert isinstance(done, Done)
    assert (done.task.standing, done.task.settles_at, done.task.holder(desk.now)) == ("open", None, "alice")
    desk.now += DAY_US
    desk.mind()
    assert (the_task(desk, task.id).standing, waiting(desk)) == ("open", 0)
    assert dids(desk, task)[:2] == ["opened", "taken_back"]


def test_it_may_be_said_again_after_it_was_taken_back(desk: Desk) -> None:
    task = a_task(desk)
    said(desk, task, Outcome.NO_BUDGET)
    undo(desk.connection, task.id, by="alice", now=desk.now)
    assert not said(desk, task, Outcome.NO_BUDGET).again
    desk.now += LATER
    desk.mind()
    assert the_task(desk, task.id).outcome == "no_budget"


def test_what_counts_already_is_taken_back_by_nobody(desk: Desk) -> None:
    task = a_task(desk)
    assert refused(undo(desk.connection, task.id, by="alice", now=desk.now)) is Why.OVER
    said(desk, task, Outcome.NO_BUDGET)
    desk.now += LATER
    desk.mind()
    assert refused(undo(desk.connection, task.id, by="alice", now=desk.now)) is Why.OVER
    assert refused(undo(desk.connection, 999, by="alice", now=desk.now)) is Why.NO_SUCH_TASK


def test_nobody_takes_back_what_another_one_said(desk: Desk) -> None:
    task = a_task(desk)
    said(desk, task, Outcome.NO_BUDGET)
    assert refused(undo(desk.connection, task.id, by="bob", now=desk.now)) is Why.HELD
    assert the_task(desk, task.id).settles_at is not None


def test_said_again_to_the_letter_it_waits_as_it_did(desk: Desk) -> None:
    task = a_task(desk)
    said(desk, task, Outcome.NO_BUDGET)
    desk.now += SECOND_US
    again = said(desk, task, Outcome.NO_BUDGET)
    assert (again.again, again.task.settles_at) == (True, NOW + LATER)
    desk.now += LATER
    desk.mind()
    assert said(desk, task, Outcome.NO_BUDGET).again


def test_nobody_does_anything_else_with_it_meanwhile(desk: Desk) -> None:
    task = a_task(desk)
    said(desk, task, Outcome.NO_BUDGET)
    connection, now, version = desk.connection, desk.now, task.version
    other = Told(Outcome.NO_ANSWER)
    for answer in (
        tasking.claim(connection, task.id, by="bob", now=now),
        tasking.assign(connection, task.id, "bob", version=version, by="bob", now=now),
        tasking.settle(connection, task.id, other, version=version, by="bob", now=now),
        tasking.put_off(connection, task.id, now + DAY_US, version=version, by="bob", now=now),
        settle_soon(connection, task.id, other, version=version, by="bob", now=now),
    ):
        assert refused(answer) is Why.SETTLING
    assert tasks.take_first(connection, [task.id], by="bob", until=now + 1, now=now) is None
    page = tasks.queue_page(
        connection, model_id=desk.model_id, teams=["telemarketing"], member=None, cursor=None, most=5, now=now
    )  # fmt: skip
    assert page.tasks == []


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (Told(Outcome.WON, amount=5.0), Why.NOT_OFFERED),
        (Told(Outcome.CALL_AGAIN), Why.INVALID),
        (Told(Outcome.NO_ANSWER, note="a\x00"), Why.INVALID),
    ],
)
def test_what_cannot_be_is_refused_at_once(desk: Desk, told: Told, why: Why) -> None:
    task = a_task(desk)
    answer = settle_soon(desk.connection, task.id, told, version=task.version, by="alice", now=desk.now)
    assert refused(answer) is why
    assert the_task(desk, task.id).settles_at is None


def test_who_saw_an_older_task_is_refused(desk: Desk) -> None:
    task = a_task(desk)
    answer = settle_soon(desk.connection, task.id, Told(Outcome.NO_ANSWER), version=7, by="alice", now=desk.now)
    assert refused(answer) is Why.CHANGED
    assert refused(settle_soon(desk.connection, 99, Told(Outcome.NO_ANSWER), version=0, by="alice", now=NOW)) \
        is Why.NO_SUCH_TASK  # fmt: skip


def test_all_that_was_said_is_kept_until_then(desk: Desk) -> None:
    task = a_task(desk)
    told = Told(Outcome.NOT_RELEVANT, lead_class=LeadClass.STUDENT, note="Mémoire de fin d’études")
    said(desk, task, Outcome.NOT_RELEVANT, lead_class=LeadClass.STUDENT, note=told.note)
    waits = settlings.of_task(desk.connection, task.id)
    assert waits is not None
    assert (waits.told, waits.by, waits.at) == (told, "alice", NOW)


def test_what_cannot_be_recorded_any_more_stays_written_down_with_its_note(desk: Desk) -> None:
    task = a_task(desk)
    said(desk, task, Outcome.NO_BUDGET, note="Next year.")
    desk.connection.execute("update tasks set standing = 'closed', closed_at = 1, outcome = 'won'")
    desk.now += LATER
    desk.mind()
    (entry,) = [each for each in tasks.entries(desk.connection, task.id) if each.did == "not_recorded"]
    assert (entry.by, entry.note) == ("alice", "Next year.")
    assert entry.about["outcome"] == "no_budget"
    assert waiting(desk) == 0
    assert desk.mind() == 0


def test_what_joins_the_task_meanwhile_is_no_reason_to_forget_what_was_said(desk: Desk) -> None:
    call, sale = a_task(desk), a_task(desk, "Quote Requested")
    said(desk, sale, Outcome.CALL_AGAIN, by="carol", call_at=NOW + DAY_US)
    joined = tasking.settle(
        desk.connection, call.id, Told(Outcome.PROJECT_DETECTED), version=0, by="alice", now=desk.now
    )  # fmt: skip
    assert isinstance(joined, Done)
    assert joined.follow_up is not None
    assert joined.follow_up.id == sale.id
    desk.now += LATER
    desk.mind()
    assert the_task(desk, sale.id).not_before == NOW + DAY_US
    assert "not_recorded" not in dids(desk, sale)


def test_it_is_taken_back_or_counts_and_never_both(desk: Desk) -> None:
    for number in range(4):
        task = a_task(desk, email=f"lead-{number}@example.com")
        before = waiting(desk)
        said(desk, task, Outcome.PROJECT_DETECTED)
        ready, undone = threading.Barrier(2), list[object]()

        def take_back(task_id: int, ready: threading.Barrier, undone: list[object]) -> None:
            with connections.connect(desk.url, "test", autocommit=True) as connection:
                ready.wait()
                undone.append(undo(connection, task_id, by="alice", now=NOW))

        thread = threading.Thread(target=take_back, args=(task.id, ready, undone))
        thread.start()
        ready.wait()
        settle_due(desk.connection, NOW + LATER)
        thread.join()
        is_undone = isinstance(undone[0], Done)
        assert waiting(desk) - before == (0 if is_undone else 2)
        assert the_task(desk, task.id).standing == ("open" if is_undone else "closed")


def test_of_an_erased_lead_nothing_counts(desk: Desk) -> None:
    task = a_task(desk)
    said(desk, task, Outcome.NO_BUDGET)
    desk.connection.execute("update tasks set lead_id = 999")
    desk.now += LATER
    desk.mind()
    assert "not_recorded" in dids(desk, task)


def test_a_hand_over_that_is_withdrawn_leaves_what_was_said_its_moment(desk: Desk) -> None:
    task = a_task(desk)
    said(desk, task, Outcome.NO_ANSWER)
    (number,) = desk.rows("select id from handovers")[0]
    tasks.withdraw_task(desk.connection, [number], "verdict", desk.now)
    desk.now += LATER
    desk.mind()
    after = the_task(desk, task.id)
    assert (after.standing, after.tries) == ("open", 1)
    assert after.flagged_because == "verdict"


def test_of_two_who_settle_what_is_due_one_does(desk: Desk) -> None:
    task = a_task(desk)
    said(desk, task, Outcome.PROJECT_DETECTED)
    ready = threading.Barrier(4)

    def work() -> None:
        with connections.connect(desk.url, "test", autocommit=True) as connection:
            ready.wait()
            settle_due(connection, NOW + LATER)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert waiting(desk) == 2
    assert [did for did in dids(desk, task) if did in ("closed", "not_recorded")] == ["closed"]


def test_the_minder_wakes_when_it_is_due(desk: Desk) -> None:
    said(desk, a_task(desk), Outcome.NO_ANSWER)
    desk.now += LATER - 2 * SECOND_US
    assert desk.minder.until_next(desk.connection) == 2
    assert settling.UNDO_US == 10 * SECOND_US
