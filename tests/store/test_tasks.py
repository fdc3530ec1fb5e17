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
        "insert into handovers (lead_id, episode_id, model_id, team, treatment, kind, cause, causes, at, made_at, score,"
        " band, why, dispatched_at, withdrawn_at) select 1, id, 1, 'sales', 'call', %s, 'x', '[]', 0, 0, 0, '', '[]', 1,"
        " %s from episodes returning id, episode_id",
        [kind, withdrawn_at],
    ).fetchone()
    assert row is not None and row[1] == 1
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
