"""The queue of long work: asked for, held by one session, settled once by whoever took it up last."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from couveuse.store import jobs
from couveuse.store.jobs import Standing
from tests.processes import until

NOW = 1_780_000_000_000_000


@pytest.fixture
def connection(database: str) -> Iterator[Connection[Any]]:
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


@pytest.fixture
def other(database: str) -> Iterator[Connection[Any]]:
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


def asked(connection: Connection[Any], kind: str = "count", **options: Any) -> int:
    return jobs.ask(connection, kind, {"number": 1}, "alice@example.com", NOW, **options)


def taken(connection: Connection[Any], number: int) -> jobs.Job:
    job = jobs.take(connection, number, NOW)
    assert job is not None
    return job


def standing(connection: Connection[Any], number: int) -> Standing:
    job = jobs.find(connection, number)
    assert job is not None
    return job.standing


def test_it_works(connection: Connection[Any]) -> None:
    number = asked(connection)
    job = taken(connection, number)
    assert (job.standing, job.by, job.about, job.began_at) == (
        Standing.RUNNING, "alice@example.com", {"number": 1}, NOW,
    )  # fmt: skip
    assert jobs.tell(connection, job, step="counting", done=3, total=10) is False
    found = jobs.find(connection, number)
    assert found is not None
    assert (found.step, found.done, found.total) == ("counting", 3, 10)
    assert jobs.settle(connection, job, Standing.DONE, now=NOW + 1, found={"counted": 10})
    found = jobs.latest(connection, "count")
    assert found is not None
    assert (found.standing, found.done, found.ended_at, found.found) == (Standing.DONE, 10, NOW + 1, {"counted": 10})
    assert found.standing.is_over


def test_what_nobody_asked_for_is_not_found(connection: Connection[Any]) -> None:
    assert jobs.find(connection, 1) is None
    assert jobs.latest(connection, "count") is None
    assert jobs.take(connection, 1, NOW) is None


def test_one_session_has_it_at_a_time(connection: Connection[Any], other: Connection[Any]) -> None:
    number = asked(connection)
    taken(connection, number)
    assert jobs.open_jobs(other, kinds=["count"], now=NOW, most=10) == [number]
    assert jobs.take(other, number, NOW) is None


def test_what_a_session_that_ended_has_left_is_taken_up_and_the_late_one_writes_nothing(
    database: str, connection: Connection[Any], other: Connection[Any]
) -> None:
    number = asked(connection)
    with psycopg.connect(database, autocommit=True) as dying:
        first = taken(dying, number)
    found: list[jobs.Job | None] = []
    until(lambda: found.append(jobs.take(other, number, NOW)) or found[-1])  # the server finds out a moment later
    second = found[-1]
    assert second is not None
    assert (second.takes, second.tries) == (2, 2)
    assert jobs.tell(connection, first, step="", done=1, total=1) is None
    assert not jobs.settle(connection, first, Standing.DONE, now=NOW)
    assert jobs.settle(other, second, Standing.DONE, now=NOW)
    assert not jobs.settle(other, second, Standing.FAILED, now=NOW)
    assert standing(connection, number) == Standing.DONE


def test_of_one_key_there_is_one_that_waits_or_runs(connection: Connection[Any]) -> None:
    number = asked(connection, key="all")
    assert asked(connection, key="all") == number
    assert asked(connection, key="some") != number
    assert asked(connection) != asked(connection)
    jobs.settle(connection, taken(connection, number), Standing.DONE, now=NOW)
    jobs.let_go(connection, number)
    later = asked(connection, key="all")
    assert later > number
    found = jobs.latest(connection, "count", key="all")
    assert found is not None
    assert found.id == later


def test_what_is_low_comes_last_and_what_is_not_due_waits(connection: Connection[Any]) -> None:
    low, first, second = asked(connection, is_low=True), asked(connection), asked(connection)
    asked(connection, not_before=NOW + 1)
    asked(connection, kind="another")
    assert jobs.open_jobs(connection, kinds=["count"], now=NOW, most=10) == [first, second, low]


def test_what_waits_is_given_up_at_once_and_what_runs_when_it_next_tells(connection: Connection[Any]) -> None:
    waiting, running = asked(connection), asked(connection)
    assert jobs.give_up(connection, waiting, by="bob@example.com", now=NOW) == Standing.GIVEN_UP
    assert jobs.give_up(connection, waiting, by="bob@example.com", now=NOW) is None
    job = taken(connection, running)
    assert jobs.give_up(connection, running, by="bob@example.com", now=NOW) == Standing.RUNNING
    assert jobs.tell(connection, job, step="", done=1, total=2) is True
    found = jobs.find(connection, waiting)
    assert found is not None
    assert (found.give_up_by, found.ended_at) == ("bob@example.com", NOW)


def test_what_failed_waits_once_more_unless_another_of_its_key_does(connection: Connection[Any]) -> None:
    number = asked(connection, key="all")
    assert not jobs.again(connection, number)
    jobs.settle(connection, taken(connection, number), Standing.FAILED, now=NOW, said="no room: free some")
    jobs.let_go(connection, number)
    asked(connection, key="all")
    assert not jobs.again(connection, number)
    jobs.settle(connection, taken(connection, number + 1), Standing.FAILED, now=NOW)
    assert jobs.again(connection, number)
    found = jobs.find(connection, number)
    assert found is not None
    assert (found.standing, found.tries, found.said, found.takes) == (Standing.WAITING, 0, "", 1)


def test_a_process_that_is_stopped_counts_for_no_try(connection: Connection[Any]) -> None:
    number = asked(connection)
    jobs.put_back(connection, taken(connection, number), counts=False)
    again = taken(connection, number)
    assert (again.takes, again.tries) == (2, 1)
    jobs.put_back(connection, again, not_before=NOW + 5)
    jobs.let_go(connection, number)
    assert jobs.open_jobs(connection, kinds=["count"], now=NOW + 4, most=10) == []
    assert jobs.open_jobs(connection, kinds=["count"], now=NOW + 5, most=10) == [number]


def test_a_page_holds_the_newest_first(connection: Connection[Any]) -> None:
    numbers = [asked(connection), asked(connection, kind="another"), asked(connection)]
    assert [job.id for job in jobs.page(connection, before=2**62, most=2)] == numbers[:0:-1]
    assert [job.id for job in jobs.page(connection, before=numbers[2], most=9, kinds=["count"])] == [numbers[0]]
