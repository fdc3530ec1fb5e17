"""Tasks in the store: one open a lead, team and episode; queues without irrelevant leads; locks; withdrawals."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from couveuse.store import tasks
from couveuse.store.tasks import Fate, NewTask, Opened, Place
from tests.engine.town import NOW

HOUR = 3_600_000_000


@pytest.fixture
def store(database: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create table lead_states_1 partition of lead_states for values in (1)")
        yield connection


def a_task(lead_id: int = 1, **changes: Any) -> NewTask:
    given = NewTask(
        lead_id=lead_id, episode_id=1, handover_id=None, parent_id=None, team="sales", treatment="call", member=None,
        assigned_because="", due_at=NOW + 8 * HOUR, not_before=None, starts_at=None, rate=0.5, value=1000.0, score=20.0,
        look_at=NOW + 8 * HOUR,
    )  # fmt: skip
    return replace(given, **changes)


def opened(store: psycopg.Connection[Any], *given: NewTask) -> list[int]:
    return [each.task_id for each in tasks.open_tasks(store, given, NOW)]


def queue(store: psycopg.Connection[Any], **changes: Any) -> list[int]:
    asked = {"model_id": 1, "teams": ["sales"], "member": None, "cursor": None, "most": 50, "now": NOW} | changes
    return [each.id for each in tasks.queue_page(store, **asked).tasks]


def a_lead(store: psycopg.Connection[Any], lead_id: int, *, temperature: int = 1) -> None:
    store.execute(
        "insert into lead_states values (1, %s, 20, 20, 0, null, null, 20, 0, 1, null, %s, 0, null, null, null, '')",
        [lead_id, temperature],
    )


def a_handover(store: psycopg.Connection[Any], kind: str = "rule", withdrawn_at: int | None = None) -> int:
    store.execute("insert into episodes (lead_id, number, opened_at) values (1, 1, 0) on conflict do nothing")
    row = store.execute(
        "insert into handovers (lead_id, episode_id, model_id, team, treatment, kind, cause, causes, at, made_at, "
        "score, band, why, dispatched_at, withdrawn_at) "
        "select 1, id, 1, 'sales', 'call', %s, 'x', '[]', 0, 0, 0, '', '[]', 1, %s from episodes "
        "returning id, episode_id",
        [kind, withdrawn_at],
    ).fetchone()
    assert row is not None
    assert row[1] == 1
    return int(row[0])


def dids(store: psycopg.Connection[Any], task_id: int) -> list[str]:
    return [each.did for each in tasks.entries(store, task_id)]


def test_it_works(store: psycopg.Connection[Any]) -> None:
    first = tasks.open_tasks(store, [a_task(about={"rule": "load"}), a_task(2, member="alice")], NOW)
    assert [each.new for each in first] == [True, True]
    made = tasks.task(store, first[0].task_id)
    assert made is not None
    assert (made.standing, made.expected, made.opened_at, made.is_open) == ("open", 500.0, NOW, True)
    assert tasks.entries(store, made.id)[0].about == {"rule": "load"}
    assert queue(store) == [each.task_id for each in first]


def test_nothing_asked_opens_nothing(store: psycopg.Connection[Any]) -> None:
    assert tasks.open_tasks(store, [], NOW) == []


def test_what_is_open_already_is_joined(store: psycopg.Connection[Any]) -> None:
    (number,) = opened(store, a_task(due_at=NOW + 5 * HOUR))
    again = a_task(due_at=NOW + 6 * HOUR, rate=0.9, value=2000.0, score=44.0)
    assert tasks.open_tasks(store, [again], NOW) == [Opened(number, new=False)]
    made = tasks.task(store, number)
    assert made is not None
    assert (made.due_at, made.expected, made.score) == (NOW + 5 * HOUR, 1800.0, 44.0)
    assert dids(store, number) == ["opened", "joined"]


def test_of_two_for_one_key_at_once_the_second_joins(store: psycopg.Connection[Any]) -> None:
    made = tasks.open_tasks(store, [a_task(), a_task(due_at=NOW + HOUR, rate=0.9), a_task(2)], NOW)
    assert [each.new for each in made] == [True, False, True]
    first = tasks.task(store, made[0].task_id)
    assert first is not None
    assert (made[1].task_id, first.due_at, first.rate) == (first.id, NOW + HOUR, 0.9)


def test_a_hand_over_that_had_its_task_opens_no_second_one(store: psycopg.Connection[Any]) -> None:
    number = a_handover(store)
    (task_id,) = opened(store, a_task(handover_id=number))
    store.execute("update tasks set standing = 'closed'")
    assert tasks.open_tasks(store, [a_task(handover_id=number)], NOW) == [Opened(task_id, new=False)]
    assert opened(store, a_task(handover_id=a_handover(store, "band"))) != [task_id]


# ---- Queues ----------------------------------------------------------------------------------------------------------


def test_the_best_expected_value_comes_first(store: psycopg.Connection[Any]) -> None:
    low, high, same = opened(store, a_task(1), a_task(2, rate=0.9), a_task(3, rate=0.9))
    assert queue(store) == [high, same, low]


def test_pages_follow_each_other_without_a_gap_where_many_are_worth_the_same(store: psycopg.Connection[Any]) -> None:
    made = opened(store, *[a_task(lead_id, rate=0.5 if lead_id % 2 else 0.25) for lead_id in range(1, 12)])
    found: list[int] = []
    cursor: Place | None = None
    while True:
        page = tasks.queue_page(
            store, model_id=1, teams=["sales"], member=None, cursor=cursor, most=3, now=NOW
        )  # fmt: skip
        assert len(page.tasks) <= 3
        found += [each.id for each in page.tasks]
        cursor = page.next
        if cursor is None:
            break
    assert sorted(found) == made
    assert len(set(found)) == 11
    assert found[:6] == made[::2]


def test_only_the_teams_asked_for_are_shown(store: psycopg.Connection[Any]) -> None:
    ours, theirs = opened(store, a_task(1), a_task(2, team="telemarketing", rate=0.9))
    assert queue(store) == [ours]
    assert queue(store, teams=["sales", "telemarketing"]) == [theirs, ours]
    assert queue(store, teams=[]) == []


def test_a_member_sees_their_own_and_what_is_nobodys(store: psycopg.Connection[Any]) -> None:
    hers, his, free, other = opened(
        store, a_task(1, member="alice"), a_task(2, member="bob"), a_task(3, rate=0.9), a_task(4, team="telemarketing")
    )
    assert queue(store, teams=None, member="alice") == [hers]
    assert queue(store, member="alice", with_free=True) == [free, hers]
    assert {his, other}.isdisjoint(queue(store, member="alice", with_free=True))
    assert queue(store, teams=["telemarketing"], member="alice") == []


def test_irrelevant_leads_are_left_out_while_they_are(store: psycopg.Connection[Any]) -> None:
    a_lead(store, 1, temperature=3)
    a_lead(store, 2, temperature=2)
    aside, hot, unknown = opened(store, a_task(1, rate=0.9), a_task(2), a_task(3))
    assert queue(store) == [hot, unknown]
    store.execute("update lead_states set temperature = 1")
    assert queue(store) == [aside, hot, unknown]


def test_without_an_acting_model_nobody_is_irrelevant(store: psycopg.Connection[Any]) -> None:
    a_lead(store, 1, temperature=3)
    assert opened(store, a_task(1)) == queue(store, model_id=None)


def test_of_a_merged_lead_the_one_that_holds_its_facts_counts(store: psycopg.Connection[Any]) -> None:
    store.execute(
        "insert into identities (digest, sort, key) select gen_random_uuid(), 0, n::text from generate_series(1, 3) n"
    )
    store.execute("insert into leads (root_id, created_at) select n, 0 from generate_series(1, 3) n")
    store.execute("insert into merges (lead_id, into_id, at, by) values (1, 2, 0, 'alice')")
    store.execute("update leads set joined_id = 3 where id = 2")
    a_lead(store, 3, temperature=1)
    (number,) = opened(store, a_task(1))
    page = tasks.queue_page(store, model_id=1, teams=["sales"], member=None, cursor=None, most=9, now=NOW)
    assert [(each.id, each.lead_id, each.shown_id) for each in page.tasks] == [(number, 1, 3)]
    assert [each.id for each in tasks.tasks_of_lead(store, 3)] == [number]
    store.execute("update lead_states set temperature = 3")
    assert queue(store) == []
    (after,) = opened(store, a_task(9))
    assert queue(store, most=1) == [after]


def test_what_is_put_off_comes_back_in_its_time(store: psycopg.Connection[Any]) -> None:
    (number,) = opened(store, a_task(not_before=NOW + HOUR))
    assert queue(store) == []
    assert [each.id for each in tasks.later_tasks(store, ["sales"], now=NOW, most=5)] == [number]
    assert queue(store, now=NOW + HOUR) == [number]


def test_a_page_ends_where_many_in_front_are_irrelevant(
    store: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "FIRST_LOOK", 3)
    monkeypatch.setattr(tasks, "NEXT_LOOK", 4)
    monkeypatch.setattr(tasks, "MOST_LOOKED", 7)
    for lead_id in range(1, 9):
        a_lead(store, lead_id, temperature=3)
    made = opened(store, *[a_task(lead_id) for lead_id in range(1, 11)])
    asked: dict[str, Any] = {"model_id": 1, "teams": ["sales"], "member": None, "most": 2, "now": NOW}
    page = tasks.queue_page(store, cursor=None, **asked)
    assert page.tasks == []
    assert page.next is not None
    page = tasks.queue_page(store, cursor=page.next, **asked)
    assert [each.id for each in page.tasks] == made[8:]


def test_accepted_and_closed_tasks_have_lists_of_their_own(store: psycopg.Connection[Any]) -> None:
    first, second, third = opened(store, a_task(1), a_task(2), a_task(3))
    store.execute("update tasks set standing = 'accepted' where id = %s", [first])
    store.execute("update tasks set standing = 'closed', closed_at = %s + id where id <> %s", [NOW, first])
    assert queue(store) == []
    assert [each.id for each in tasks.accepted_tasks(store, ["sales"], most=5)] == [first]
    closed = tasks.closed_tasks(store, ["sales"], most=1)
    assert [each.id for each in closed] == [third]
    assert closed[0].closed_at is not None
    more = tasks.closed_tasks(store, ["sales"], most=5, after=(closed[0].closed_at, third))
    assert [each.id for each in more] == [second]


# ---- Locks, loads, turns ---------------------------------------------------------------------------------------------


def test_one_person_at_a_time_has_a_task_on_screen(store: psycopg.Connection[Any]) -> None:
    (number,) = opened(store, a_task())
    assert tasks.lock_task(store, number, by="alice", until=NOW + HOUR, now=NOW)
    assert not tasks.lock_task(store, number, by="bob", until=NOW + HOUR, now=NOW + 1)
    assert tasks.lock_task(store, number, by="alice", until=NOW + 2 * HOUR, now=NOW + 1)
    assert not tasks.unlock_task(store, number, by="bob")
    assert tasks.lock_task(store, number, by="bob", until=NOW + 3 * HOUR, now=NOW + 2 * HOUR)
    assert tasks.unlock_task(store, number, by="bob")
    store.execute("update tasks set standing = 'closed'")
    assert not tasks.lock_task(store, number, by="bob", until=NOW + HOUR, now=NOW)


def test_the_holder_is_named_until_the_lock_ends(store: psycopg.Connection[Any]) -> None:
    (number,) = opened(store, a_task())
    tasks.lock_task(store, number, by="alice", until=NOW + HOUR, now=NOW)
    held = tasks.task(store, number)
    assert held is not None
    assert (held.holder(NOW), held.holder(NOW + HOUR)) == ("alice", None)


def test_a_load_is_what_a_member_has_open_in_all_teams(store: psycopg.Connection[Any]) -> None:
    store.execute("insert into teams (id) values ('sales')")
    store.execute("insert into members (id, name, email) select n, n, n from unnest('{alice,bob,carol}'::text[]) n")
    store.execute("insert into memberships values ('sales', 'alice', 1), ('sales', 'bob', 2)")
    opened(
        store, a_task(1, member="alice"), a_task(2, member="alice", team="other"), a_task(3, member="carol"), a_task(4)
    )
    assert tasks.loads(store, "sales") == {"alice": 2}


def test_turns_are_the_last_assignments_without_those_by_hand(store: psycopg.Connection[Any]) -> None:
    opened(
        store, a_task(1, member="alice"), a_task(2, member="bob"), a_task(3), a_task(4, member="alice"),
        a_task(5, member="bob", assigned_because="by_hand"), a_task(6, member="bob", team="other"),
    )  # fmt: skip
    assert tasks.turns(store, "sales") == ["alice", "bob", "alice"]


# ---- Withdrawals -----------------------------------------------------------------------------------------------------


def test_the_task_of_a_withdrawn_hand_over_is_withdrawn(store: psycopg.Connection[Any]) -> None:
    number = a_handover(store, withdrawn_at=NOW)
    (task_id,) = opened(store, a_task(handover_id=number))
    assert tasks.withdraw_task(store, [number], "verdict", NOW) == [Fate(task_id, number, False, False)]
    gone = tasks.task(store, task_id)
    assert gone is not None
    assert (gone.standing, gone.closed_at, gone.look_at) == ("withdrawn", NOW, None)
    assert dids(store, task_id) == ["opened", "withdrawn"]
    assert queue(store) == []


@pytest.mark.parametrize(
    "claimed", ["tries = 1", "standing = 'accepted'", f"locked_by = 'a', locked_until = {NOW + 1}"]
)
def test_one_that_somebody_has_begun_with_is_flagged(store: psycopg.Connection[Any], claimed: str) -> None:
    number = a_handover(store, withdrawn_at=NOW)
    (task_id,) = opened(store, a_task(handover_id=number))
    store.execute(f"update tasks set {claimed}")  # type: ignore[arg-type]  # of the test's
    assert tasks.withdraw_task(store, [number], "verdict", NOW) == [Fate(task_id, number, True, False)]
    flagged = tasks.task(store, task_id)
    assert flagged is not None
    assert (flagged.is_open, flagged.flagged_at, flagged.flagged_because) == (True, NOW, "verdict")
    assert dids(store, task_id) == ["opened", "flagged"]


def test_one_that_another_hand_over_asks_for_stays(store: psycopg.Connection[Any]) -> None:
    first, second = a_handover(store, "rule", withdrawn_at=NOW), a_handover(store, "band")
    (task_id, _) = opened(store, a_task(handover_id=first), a_task(handover_id=second))
    assert tasks.withdraw_task(store, [first], "verdict", NOW) == [Fate(task_id, first, False, True)]
    assert queue(store) == [task_id]
    store.execute("update handovers set withdrawn_at = %s", [NOW])
    assert tasks.withdraw_task(store, [second], "verdict", NOW) == [Fate(task_id, second, False, False)]
    assert queue(store) == []


def test_one_that_a_persons_outcome_opened_stays(store: psycopg.Connection[Any]) -> None:
    number = a_handover(store, withdrawn_at=NOW)
    (parent,) = opened(store, a_task(team="telemarketing"))
    (task_id,) = opened(store, a_task(parent_id=parent))
    opened(store, a_task(handover_id=number))
    assert tasks.withdraw_task(store, [number], "verdict", NOW) == [Fate(task_id, number, False, True)]
    assert queue(store) == [task_id]
