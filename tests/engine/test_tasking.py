"""What people do with tasks: each action once, with its facts and what it opens, and seen by the engine afterwards."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from couveuse.core.model import LeadClass
from couveuse.core.outcomes import Outcome, Told
from couveuse.core.times import DAY_US, HOUR_US
from couveuse.engine import tasking
from couveuse.engine.batches import Folder
from couveuse.engine.follow_ups import Meeting
from couveuse.engine.live import LiveModels
from couveuse.engine.merging import merge
from couveuse.engine.tasking import Again, Done, Refused, Why
from couveuse.store import connections, tasks
from couveuse.store.alerts import notes_of
from couveuse.store.tasks import Task
from tests.engine.desk import TEAM, Desk, at
from tests.engine.town import MODEL, NOW, accepted

ANNA = "anna@example.com"
PROJECT = MODEL.replace(
    "fit:",
    "  - {id: project, event: Project Detected, points: 7, stage: decision, route: {team: sales, treatment: propose}}\n"
    "fit:",
)
RECYCLED = MODEL + "recycle_to: 3\ncycle: {ends_on: [Opportunity Won, Opportunity Lost]}\n"


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    with Desk(database) as desk:
        yield desk


def fact(event: str, when: int = NOW, email: str = ANNA, **words: Any) -> Any:
    return accepted(event, when, email=email, **words)


def a_call(desk: Desk, email: str = ANNA) -> Task:
    """A task of those who call: alice's, or bob's."""
    desk.come(fact("Document Downloaded", email=email))
    return the_task(desk)


def a_sale(desk: Desk) -> Task:
    """A task of those who sell: carol's."""
    desk.come(fact("Quote Requested"))
    return the_task(desk)


def the_task(desk: Desk, number: int | None = None) -> Task:
    number = number or desk.rows("select max(id) from tasks")[0][0]
    task = tasks.task(desk.connection, number)
    assert task is not None
    return task


def settled(desk: Desk, task: Task, outcome: Outcome, by: str = "alice", **told: Any) -> Done:
    done = tasking.settle(
        desk.connection, task.id, Told(outcome, **told), version=task.version, by=by, now=desk.now
    )  # fmt: skip
    assert isinstance(done, Done), done
    return done


def refused(answer: object) -> Why:
    assert isinstance(answer, Refused), answer
    return answer.why


def recorded(desk: Desk) -> list[str]:
    """The events that people's outcomes have recorded, once they are folded."""
    desk.work()
    return [
        name for (name,) in desk.rows(
            "select n.name from events e join event_names n on n.id = e.name_id join sources s on s.id = e.source_id "
            "where s.name = 'couveuse' order by e.at, n.name"
        )
    ]  # fmt: skip


def episodes(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.rows("select closed_by from episodes order by id")


def lead_class(desk: Desk) -> str | None:
    return desk.rows("select class from lead_states")[0][0]


def dids(desk: Desk, task: Task) -> list[str]:
    return [each.did for each in tasks.entries(desk.connection, task.id)]


def test_it_works(desk: Desk) -> None:
    task = a_call(desk)
    assert tasking.note(desk.connection, task.id, "Budget voted.", by="alice", now=desk.now) == Done(task)
    done = settled(desk, task, Outcome.PROJECT_DETECTED, note="Two pumps by June.")
    assert (done.task.standing, done.task.outcome, done.task.outcome_by) == ("closed", "project_detected", "alice")
    assert done.facts == 2
    assert done.follow_up is not None
    assert (done.follow_up.team, done.follow_up.treatment) == ("sales", "make-appointment")
    assert done.follow_up.member == "carol"
    assert done.follow_up.due_at == at(11, 1)
    assert recorded(desk) == ["Call Made", "Project Detected"]
    assert dids(desk, task) == ["opened", "noted", "closed"]
    assert notes_of(desk.connection, done.follow_up.id) == ("Budget voted.", "Two pumps by June.")


# ---- On screen, and whose it is --------------------------------------------------------------------------------------


def test_a_second_person_is_told_who_has_it_on_screen(desk: Desk) -> None:
    task = a_call(desk)
    assert isinstance(tasking.claim(desk.connection, task.id, by="alice", now=desk.now), Done)
    answer = tasking.claim(desk.connection, task.id, by="bob", now=desk.now)
    assert isinstance(answer, Refused)
    assert (answer.why, answer.holder) == (Why.HELD, "alice")
    told = Told(Outcome.NO_ANSWER)
    assert refused(tasking.settle(desk.connection, task.id, told, version=0, by="bob", now=desk.now)) is Why.HELD
    assert isinstance(tasking.claim(desk.connection, task.id, by="alice", now=desk.now), Done)
    assert dids(desk, task) == ["opened", "claimed"]
    assert refused(tasking.release(desk.connection, task.id, by="bob", now=desk.now)) is Why.HELD
    for _ in range(2):
        assert isinstance(tasking.release(desk.connection, task.id, by="alice", now=desk.now), Done)
    assert dids(desk, task) == ["opened", "claimed", "released"]
    assert refused(tasking.release(desk.connection, 999, by="alice", now=desk.now)) is Why.NO_SUCH_TASK
    assert isinstance(tasking.claim(desk.connection, task.id, by="bob", now=desk.now), Done)


def test_what_is_left_on_screen_is_free_after_a_while(desk: Desk) -> None:
    task = a_call(desk)
    tasking.claim(desk.connection, task.id, by="alice", now=desk.now)
    later = desk.now + tasking.ON_SCREEN_US
    assert isinstance(tasking.claim(desk.connection, task.id, by="bob", now=later), Done)


def test_a_task_is_given_by_hand_and_its_new_member_hears_of_it(desk: Desk) -> None:
    task = a_call(desk)
    done = tasking.assign(desk.connection, task.id, "bob", version=0, by="alice", now=desk.now)
    assert isinstance(done, Done)
    assert (done.task.member, done.task.assigned_because, done.task.version) == ("bob", "by_hand", 1)
    assert desk.alerts()[-1] == (f"assigned:{task.id}:1", False)
    assert desk.intents()[-1][1] == {"member": "bob"}
    assert [each.member for each in desk.composed()[-1:]] == ["Bob Durand"]
    taken = tasking.assign(desk.connection, task.id, "alice", version=1, by="alice", now=desk.now)
    assert isinstance(taken, Done)
    assert len(desk.alerts()) == 2
    given_up = tasking.assign(desk.connection, task.id, None, version=2, by="alice", now=desk.now)
    assert isinstance(given_up, Done)
    assert given_up.task.member is None


def test_nobody_unknown_is_given_a_task(desk: Desk) -> None:
    task = a_call(desk)
    assert refused(tasking.assign(desk.connection, task.id, "zoe", version=0, by="alice", now=0)) is Why.INVALID
    assert refused(tasking.assign(desk.connection, 99, "bob", version=0, by="alice", now=0)) is Why.NO_SUCH_TASK


def test_a_note_has_something_to_say(desk: Desk) -> None:
    task = a_call(desk)
    for text in ("", "  ", "x" * 10_001, "a\x00b"):
        assert refused(tasking.note(desk.connection, task.id, text, by="alice", now=desk.now)) is Why.INVALID


def test_a_note_of_an_accepted_lead_is_news(desk: Desk) -> None:
    done = settled(desk, a_sale(desk), Outcome.ACCEPTED, by="carol")
    assert done.task.look_at == NOW + 30 * DAY_US
    desk.now += 10 * DAY_US
    noted = tasking.note(desk.connection, done.task.id, "They compare.", by="carol", now=desk.now)
    assert isinstance(noted, Done)
    assert the_task(desk).look_at == noted.task.look_at == NOW + 40 * DAY_US


# ---- Once ------------------------------------------------------------------------------------------------------------


def test_a_request_that_comes_again_changes_nothing_and_is_answered_by_what_came_of_it(desk: Desk) -> None:
    task = a_call(desk)
    first = settled(desk, task, Outcome.NO_ANSWER)
    again = settled(desk, task, Outcome.NO_ANSWER)
    assert again == replace(first, again=True)
    assert the_task(desk).tries == 1
    done = settled(desk, first.task, Outcome.PROJECT_DETECTED, amount=500.0, note="Two pumps.")
    assert settled(desk, first.task, Outcome.PROJECT_DETECTED, amount=500.0, note="Two pumps.") == replace(
        done, again=True
    )
    assert recorded(desk) == ["Call Made", "Call Made", "Project Detected"]
    assert len(desk.tasks()) == 2


def test_a_request_is_the_same_to_the_letter_or_another_one(desk: Desk) -> None:
    task = a_call(desk)
    settled(desk, task, Outcome.PROJECT_DETECTED, amount=500.0)

    def answer(by: str = "alice", **told: Any) -> Why:
        said = Told(Outcome.PROJECT_DETECTED, **told)
        return refused(tasking.settle(desk.connection, task.id, said, version=task.version, by=by, now=desk.now))

    assert answer(amount=600.0) is answer(amount=500.0, note="more") is answer(by="bob", amount=500.0) is Why.OVER


def test_what_was_to_come_is_answered_after_it_is_over(desk: Desk) -> None:
    task, when = a_call(desk), NOW + DAY_US
    done = settled(desk, task, Outcome.CALL_AGAIN, call_at=when)
    desk.now = when + HOUR_US
    assert settled(desk, task, Outcome.CALL_AGAIN, call_at=when) == replace(done, again=True)


def test_the_same_request_while_another_one_has_the_task(desk: Desk) -> None:
    task = a_call(desk)
    settled(desk, task, Outcome.NO_ANSWER)
    tasking.claim(desk.connection, task.id, by="bob", now=desk.now)
    assert settled(desk, task, Outcome.NO_ANSWER).again


def test_a_task_that_was_given_is_given_once(desk: Desk) -> None:
    task = a_call(desk)

    def give(to: str) -> Done | Refused:
        return tasking.assign(desk.connection, task.id, to, version=task.version, by="token", now=desk.now)

    first, second = give("bob"), give("bob")
    assert isinstance(first, Done)
    assert second == replace(first, again=True)
    assert refused(give("alice")) is Why.CHANGED
    assert dids(desk, task) == ["opened", "assigned"]


def test_what_is_done_with_is_not_done_again(desk: Desk) -> None:
    done = settled(desk, a_call(desk), Outcome.NO_BUDGET)
    told = Told(Outcome.PROJECT_DETECTED)
    again = tasking.settle(desk.connection, done.task.id, told, version=done.task.version, by="bob", now=desk.now)
    assert isinstance(again, Refused)
    assert (again.why, "alice" in again.reason) == (Why.OVER, True)
    assert refused(tasking.claim(desk.connection, done.task.id, by="bob", now=desk.now)) is Why.OVER


def test_of_many_at_once_one_is_heard(desk: Desk) -> None:
    task = a_call(desk)
    told = [Told(Outcome.PROJECT_DETECTED), Told(Outcome.NO_BUDGET), Told(Outcome.NO_ANSWER)] * 3
    barrier, answers = threading.Barrier(len(told)), list[Done | Refused]()

    def settle(each: Told) -> None:
        with connections.connect(desk.url, "test", autocommit=True) as connection:
            barrier.wait(timeout=120)
            answers.append(
                tasking.settle(connection, task.id, each, version=task.version, by=f"p{id(each)}", now=desk.now)
            )

    threads = [threading.Thread(target=settle, args=(each,)) for each in told]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    done = [each for each in answers if isinstance(each, Done) and not each.again]
    assert (len(answers), len(done)) == (9, 1)
    assert {each.why for each in answers if isinstance(each, Refused)} <= {Why.CHANGED, Why.OVER}
    assert len(recorded(desk)) == done[0].facts
    assert len(desk.tasks()) == 1 + (done[0].follow_up is not None)


def test_outcomes_meet_a_dispatcher_and_an_engine_at_work(desk: Desk) -> None:
    """Each has the locks of the others in one order: nobody is thrown out for a deadlock."""
    emails = [f"p{number}@example.com" for number in range(12)]
    desk.come(*[fact("Document Downloaded", email=email) for email in emails])
    waiting = [task for (task,) in desk.rows("select id from tasks order by id")]
    failed: list[Exception] = []
    stopping = threading.Event()

    def guard(work: Any) -> None:
        try:
            work()
        except (psycopg.Error, AssertionError) as error:
            failed.append(error)

    def dispatch() -> None:
        with connections.connect(desk.url, "test", autocommit=True) as connection:
            while not stopping.is_set():
                desk.dispatcher.work(connection)

    def fold() -> None:
        with Desk.again(desk.url, desk.model_id) as other:
            while not stopping.is_set():
                other.work()

    def settle(mine: list[int]) -> None:
        with connections.connect(desk.url, "test", autocommit=True) as connection:
            for number in mine:
                told = Told(Outcome.PROJECT_DETECTED)
                assert isinstance(tasking.settle(connection, number, told, version=0, by="x", now=desk.now), Done)

    people = [
        threading.Thread(target=guard, args=(lambda mine=waiting[start::2]: settle(mine),)) for start in (0, 1)
    ]  # fmt: skip
    others = [threading.Thread(target=guard, args=(work,)) for work in (dispatch, fold)]
    for thread in (*people, *others):
        thread.start()
    for thread in people:
        thread.join(timeout=60)
    stopping.set()
    for thread in others:
        thread.join(timeout=60)
    assert failed == []
    assert recorded(desk).count("Project Detected") == 12
    assert len(desk.tasks()) == 24


# ---- Outcomes of calls -----------------------------------------------------------------------------------------------


def test_nobody_answers_and_it_comes_again_after_half_a_working_day(desk: Desk) -> None:
    task = a_call(desk)
    desk.now = at(15, 1)
    done = settled(desk, task, Outcome.NO_ANSWER)
    assert (done.task.standing, done.task.tries, done.task.not_before) == ("open", 1, at(10, 2))
    assert done.task.due_at == done.task.look_at == at(14, 2)
    assert dids(desk, task) == ["opened", "tried"]


def test_after_the_teams_tries_a_lead_is_unreachable_and_its_hand_off_ends(desk: Desk) -> None:
    desk.apply(TEAM.replace("alert: [member]\n", "alert: [member]\n    tries: 2\n"))
    first = settled(desk, a_call(desk), Outcome.NO_ANSWER)
    desk.now += DAY_US
    last = settled(desk, first.task, Outcome.NO_ANSWER)
    assert (last.task.standing, last.task.outcome, last.task.outcome_reason) == ("closed", "no_answer", "unreachable")
    assert recorded(desk) == ["Call Made", "Call Made", "Lead Rejected"]
    assert episodes(desk) == [("Lead Rejected",)]


def test_a_call_is_put_off_to_when_the_prospect_wants_it(desk: Desk) -> None:
    task = a_call(desk)
    done = settled(desk, task, Outcome.CALL_AGAIN, call_at=at(10, 5))
    assert (done.task.not_before, done.task.due_at, done.task.tries) == (at(10, 5), at(14, 5), 0)
    assert recorded(desk) == ["Call Made"]


def test_whoever_called_a_lead_of_nobodys_has_it_from_then_on(desk: Desk) -> None:
    desk.apply(TEAM.replace("assignment: round_robin", "assignment: nobody"))
    task = a_call(desk)
    assert task.member is None
    assert settled(desk, task, Outcome.NO_ANSWER, by="bob").task.member == "bob"


def test_no_budget_ends_the_hand_off(desk: Desk) -> None:
    done = settled(desk, a_call(desk), Outcome.NO_BUDGET)
    assert done.task.standing == "closed"
    assert recorded(desk) == ["Call Made", "Lead Rejected"]
    assert episodes(desk) == [("Lead Rejected",)]
    desk.come(fact("Document Downloaded", NOW + DAY_US))
    assert len(desk.tasks()) == 1


def test_a_project_opens_a_task_where_the_model_sends_it_and_the_hand_over_joins(database: str) -> None:
    with Desk(database, model=PROJECT) as desk:
        task = a_call(desk)
        done = settled(desk, task, Outcome.PROJECT_DETECTED, amount=9_000.0)
        assert done.follow_up is not None
        assert done.follow_up.treatment == "propose"
        assert done.follow_up.value == 9_000
        assert desk.alerts()[-1] == (f"opened:{done.follow_up.id}", False)
        assert desk.composed()[-1].member == "Carol Roux"
        told = len(desk.intents())
        desk.work()
        desk.dispatch()
        assert desk.score(ANNA) == 12
        assert [team for team, *_ in desk.handovers(ANNA)] == ["telemarketing", "sales"]
        assert desk.tasks() == [("telemarketing", "closed", "alice"), ("sales", "open", "carol")]
        assert dids(desk, done.follow_up) == ["opened", "joined"]
        assert len(desk.intents()) == told


def test_a_project_goes_on_with_what_sales_have_already(desk: Desk) -> None:
    desk.come(fact("Document Downloaded"), fact("Quote Requested", NOW + 1))
    call, sale = (the_task(desk, number) for (number,) in desk.rows("select id from tasks order by team desc"))
    assert (call.team, sale.team) == ("telemarketing", "sales")
    done = settled(desk, call, Outcome.PROJECT_DETECTED)
    assert done.follow_up is not None
    assert (done.follow_up.id, done.follow_up.parent_id) == (sale.id, call.id)
    assert len(desk.tasks()) == 2


def test_a_project_of_a_lead_whose_hand_off_had_ended_begins_a_new_one(desk: Desk) -> None:
    task = a_call(desk)
    desk.take(fact("Lead Rejected", NOW + 1, reason="no project"))
    desk.now += HOUR_US
    assert episodes(desk) == [("Lead Rejected",)]
    done = settled(desk, task, Outcome.PROJECT_DETECTED)
    assert done.follow_up is not None
    assert episodes(desk) == [("Lead Rejected",), (None,)]
    assert done.follow_up.episode_id != task.episode_id
    desk.work()
    desk.dispatch()
    assert desk.tasks()[-1] == ("sales", "open", "carol")


def test_who_is_not_relevant_is_set_aside(desk: Desk) -> None:
    done = settled(desk, a_call(desk), Outcome.NOT_RELEVANT, lead_class=LeadClass.STUDENT)
    assert (done.task.standing, done.task.outcome_reason) == ("closed", "student")
    assert recorded(desk) == ["Call Made", "Lead Rejected", "Traits Set"]
    assert (lead_class(desk), episodes(desk)) == ("student", [("Lead Rejected",)])
    desk.come(fact("Quote Requested", NOW + DAY_US))
    assert len(desk.tasks()) == 1


@pytest.mark.parametrize("is_folded", [True, False])
def test_who_is_relevant_again_comes_back_with_the_task_and_its_notes(desk: Desk, is_folded: bool) -> None:
    task = a_call(desk)
    settled(desk, task, Outcome.NOT_RELEVANT, lead_class=LeadClass.COMPETITOR, note="Sells pumps.")
    desk.now += HOUR_US
    if is_folded:
        desk.work()
        desk.dispatch()
    again = tasking.relevant_again(desk.connection, task.lead_id, by="bob", now=desk.now)
    assert isinstance(again, Again)
    assert again.task is not None
    assert (again.task.team, again.task.treatment, again.task.parent_id) == ("telemarketing", "detect-project", task.id)
    desk.work()
    desk.dispatch()
    assert lead_class(desk) is None
    assert desk.tasks()[-1][:2] == ("telemarketing", "open")
    page = tasks.queue_page(
        desk.connection, model_id=desk.model_id, teams=["telemarketing"], member=None, cursor=None, most=9, now=desk.now
    )
    assert [each.id for each in page.tasks] == [again.task.id]
    assert notes_of(desk.connection, again.task.id) == ("Sells pumps.",)
    assert refused(tasking.relevant_again(desk.connection, task.lead_id, by="bob", now=desk.now)) is Why.NOT_OFFERED


def test_a_lifted_class_brings_open_tasks_back_into_the_queue_whole(desk: Desk) -> None:
    task = a_call(desk)
    asked: dict[str, Any] = {"model_id": desk.model_id, "teams": ["telemarketing"], "member": None, "cursor": None}
    desk.take(accepted("Traits Set", NOW + 1, email=ANNA, traits={"lead_class": "student"}))
    assert tasks.queue_page(desk.connection, most=9, now=desk.now, **asked).tasks == []
    desk.take(accepted("Traits Set", NOW + 2, email=ANNA, traits={"lead_class": None}))
    assert tasks.queue_page(desk.connection, most=9, now=desk.now, **asked).tasks == [task]


def test_a_merged_leads_task_is_acted_on_as_its_survivors(desk: Desk) -> None:
    ben = "ben@example.com"
    desk.come(fact("Page Viewed", email=ben))
    task = a_call(desk)
    anna, other = desk.lead(ANNA), desk.lead(ben)
    assert anna is not None
    assert other is not None
    merge(desk.connection, Folder(desk.url), LiveModels(), anna, other, by="a", now=NOW)
    done = settled(desk, the_task(desk, task.id), Outcome.PROJECT_DETECTED)
    assert done.follow_up is not None
    assert done.follow_up.lead_id == other
    assert recorded(desk) == ["Call Made", "Project Detected"]
    told = desk.rows(
        "select i.key from events e join identities i on i.id = e.identity_id "
        "join event_names n on n.id = e.name_id where n.name = 'Project Detected'"
    )
    assert told == [(ben,)]


def test_an_outcome_is_there_with_all_that_it_opens_or_not_at_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    task = a_call(desk)

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("couveuse.engine.follow_ups.announce", fail)
    with pytest.raises(ZeroDivisionError):
        settled(desk, task, Outcome.PROJECT_DETECTED)
    assert the_task(desk) == task
    assert recorded(desk) == []
    assert dids(desk, task) == ["opened"]


def test_a_task_offers_the_outcomes_of_its_desk(desk: Desk) -> None:
    call, sale = a_call(desk), a_sale(desk)
    of_calls = [row.outcome for row in tasking.offered(desk.connection, call)]
    assert of_calls[:2] == [Outcome.PROJECT_DETECTED, Outcome.APPOINTMENT_MADE]
    of_sales = [row.outcome for row in tasking.offered(desk.connection, sale)]
    assert Outcome.ACCEPTED in of_sales
    done = settled(desk, sale, Outcome.ACCEPTED, by="carol")
    assert [row.outcome for row in tasking.offered(desk.connection, done.task)] == [
        outcome for outcome in of_sales if outcome is not Outcome.ACCEPTED
    ]
    done = settled(desk, done.task, Outcome.LOST, by="carol", reason="no budget")
    assert tasking.offered(desk.connection, done.task) == []


# ---- Appointments ----------------------------------------------------------------------------------------------------


def an_appointment(desk: Desk, **told: Any) -> Task:
    given: dict[str, Any] = {"starts_at": at(10, 5), "minutes": 45, "place": "Lille"} | told
    done = settled(desk, a_call(desk), Outcome.APPOINTMENT_MADE, note="Ask for the director.", **given)
    assert done.follow_up is not None
    return done.follow_up


def test_an_appointment_is_a_sales_task_at_its_time_with_an_invitation(desk: Desk) -> None:
    task = an_appointment(desk)
    assert (task.team, task.member, task.treatment) == ("sales", "carol", "hold-appointment")
    assert (task.starts_at, task.not_before) == (at(10, 5), at(10, 5))
    assert task.due_at == at(9.75, 6)
    assert recorded(desk) == ["Call Made", "Meeting Booked"]
    assert desk.alerts()[-1] == (f"appointment:{task.id}:0", False)
    assert desk.intents()[-1] == ("appointment", {"member": "carol"}, "waiting")
    (notice,) = desk.composed("appointment")
    assert notice.notes == ("Ask for the director.",)
    meeting = notice.appointment
    assert (meeting.uid, meeting.sequence) == (f"task-{task.id}@couveuse.example.com", 0)
    assert (meeting.starts_at, meeting.ends_at, meeting.place) == (at(10, 5), at(10.75, 5), "Lille")
    assert not meeting.is_called_off


def test_a_moved_appointment_is_told_again_to_whoever_was_invited(desk: Desk) -> None:
    task = an_appointment(desk)
    desk.send()
    given = tasking.assign(desk.connection, task.id, "dan", version=task.version, by="dan", now=desk.now)
    assert isinstance(given, Done)
    moved = tasking.move_appointment(
        desk.connection, task.id, Meeting(at(14, 6), 30, "Paris"), version=given.task.version, by="dan", now=desk.now
    )
    assert isinstance(moved, Done)
    assert (moved.task.starts_at, moved.task.not_before, moved.task.sequence) == (at(14, 6), at(14, 6), 1)
    assert [row[1] for row in desk.intents() if row[2] == "waiting"] == [{"member": "carol"}, {"member": "dan"}]
    assert desk.alerts()[-2:] == [(f"appointment:{task.id}:0", True), (f"appointment:{task.id}:1", False)]
    assert {each.appointment.sequence for each in desk.composed("appointment")} == {1}


def test_an_appointment_that_is_moved_before_anybody_heard_is_told_once(desk: Desk) -> None:
    task = an_appointment(desk)
    moved = tasking.move_appointment(
        desk.connection, task.id, Meeting(at(14, 6)), version=task.version, by="alice", now=desk.now
    )
    assert isinstance(moved, Done)
    assert [row[2] for row in desk.intents() if row[0] == "appointment"] == ["withdrawn", "waiting"]


def test_an_appointment_that_is_called_off_is_taken_out_of_the_calendar(desk: Desk) -> None:
    task = an_appointment(desk)
    desk.send()
    off = tasking.call_off_appointment(desk.connection, task.id, version=task.version, by="carol", now=desk.now)
    assert isinstance(off, Done)
    assert (off.task.starts_at, off.task.not_before, off.task.standing) == (None, None, "open")
    (notice,) = desk.composed("appointment")
    assert (notice.appointment.sequence, notice.appointment.is_called_off) == (1, True)
    again = tasking.call_off_appointment(desk.connection, task.id, version=off.task.version, by="carol", now=desk.now)
    assert refused(again) is Why.NOT_OFFERED


def test_a_task_without_an_appointment_has_none_to_move(desk: Desk) -> None:
    task = a_sale(desk)
    answer = tasking.move_appointment(
        desk.connection, task.id, Meeting(at(14, 6)), version=0, by="carol", now=desk.now
    )  # fmt: skip
    assert refused(answer) is Why.NOT_OFFERED
    answer = tasking.move_appointment(desk.connection, task.id, Meeting(NOW - 1), version=0, by="carol", now=desk.now)
    assert refused(answer) is Why.INVALID


# ---- Outcomes of sales -----------------------------------------------------------------------------------------------


def test_sales_accept_and_win(desk: Desk) -> None:
    accepted_ = settled(desk, a_sale(desk), Outcome.ACCEPTED, by="carol")
    assert (accepted_.task.standing, accepted_.task.look_at) == ("accepted", NOW + 30 * DAY_US)
    again = tasking.settle(
        desk.connection, accepted_.task.id, Told(Outcome.ACCEPTED), version=1, by="carol", now=desk.now
    )  # fmt: skip
    assert refused(again) is Why.OVER
    desk.now += 5 * DAY_US
    won = settled(
        desk, accepted_.task, Outcome.WON, by="carol", amount=1_000.0, on=desk.now - DAY_US, opportunity_id="O1"
    )
    assert (won.task.standing, won.task.outcome) == ("closed", "won")
    assert recorded(desk) == ["Lead Accepted", "Opportunity Won"]
    assert episodes(desk) == [("Opportunity Won",)]


def test_a_lead_that_came_too_early_goes_back_to_be_nurtured(database: str) -> None:
    with Desk(database, model=RECYCLED) as desk:
        task = a_sale(desk)
        assert desk.score(ANNA) == 20
        desk.now += HOUR_US
        done = settled(desk, task, Outcome.REJECTED, by="carol", reason="Trop tôt")
        assert (done.task.standing, done.task.outcome_reason) == ("closed", "Trop tôt")
        assert recorded(desk) == ["Lead Rejected"]
        assert desk.score(ANNA) == 3


def test_what_was_lost_ends_the_cycle(database: str) -> None:
    with Desk(database, model=RECYCLED) as desk:
        task = a_sale(desk)
        desk.now += HOUR_US
        settled(desk, task, Outcome.LOST, by="carol", reason="competitor chosen")
        assert recorded(desk) == ["Opportunity Lost"]
        assert desk.score(ANNA) == 0
        assert episodes(desk) == [("Opportunity Lost",)]


def test_a_quote_of_one_closes_what_is_left_of_the_hand_off(desk: Desk) -> None:
    desk.come(fact("Document Downloaded"), fact("Quote Requested", NOW + 1))
    sale = the_task(desk, desk.rows("select id from tasks where team = 'sales'")[0][0])
    settled(desk, sale, Outcome.WON, by="carol", amount=5.0)
    desk.dispatch()
    assert {standing for _, standing, _ in desk.tasks()} == {"closed"}


# ---- What is refused -------------------------------------------------------------------------------------------------


def test_an_outcome_of_the_other_desk_is_not_offered(desk: Desk) -> None:
    call = a_call(desk)
    answer = tasking.settle(
        desk.connection, call.id, Told(Outcome.WON, amount=1.0), version=0, by="alice", now=desk.now
    )  # fmt: skip
    assert refused(answer) is Why.NOT_OFFERED
    sale = a_sale(desk)
    told = Told(Outcome.PROJECT_DETECTED)
    assert refused(tasking.settle(desk.connection, sale.id, told, version=0, by="c", now=desk.now)) is Why.NOT_OFFERED


def test_what_is_told_wrongly_is_refused_before_anything_is_changed(desk: Desk) -> None:
    answer = tasking.settle(
        desk.connection, a_call(desk).id, Told(Outcome.CALL_AGAIN), version=0, by="alice", now=desk.now
    )  # fmt: skip
    assert isinstance(answer, Refused)
    assert (answer.why, answer.field) == (Why.INVALID, "call_at")


def test_a_task_that_is_not_there(desk: Desk) -> None:
    told = Told(Outcome.NO_ANSWER)
    assert refused(tasking.settle(desk.connection, 9, told, version=0, by="alice", now=desk.now)) is Why.NO_SUCH_TASK
    assert refused(tasking.claim(desk.connection, 9, by="alice", now=desk.now)) is Why.NO_SUCH_TASK
    assert refused(tasking.note(desk.connection, 9, "x", by="alice", now=desk.now)) is Why.NO_SUCH_TASK
    assert refused(tasking.relevant_again(desk.connection, 9, by="alice", now=desk.now)) is Why.ERASED
